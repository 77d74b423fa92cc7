/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network-names.h"

#include "base/names.h"
#include "base/text.h"

#include <glib.h>
#include <string.h>

#define NAME_LENGTH_MAX  (NETWORK_LINK_NAME_MAX - 1)
#define NAME_HEAD_LENGTH 7 /* that is left of a name that is shortened */

static void digest(const void *a, size_t n_a, const char *b, const char *c, uint8_t ret[static 32])
{
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
        gsize n = 32;

        g_checksum_update(sum, a, (gssize)n_a);
        g_checksum_update(sum, (const guchar *)b, (gssize)strlen(b) + 1);
        g_checksum_update(sum, (const guchar *)c, (gssize)strlen(c) + 1);
        g_checksum_get_digest(sum, ret, &n);
        g_checksum_free(sum);
}

uint64_t network_hash(const char *text)
{
        uint8_t sum[32];
        uint64_t n = 0;

        digest("", 0, text, "", sum);
        for (size_t i = 0; i < sizeof(n); i++)
                n = n << 8 | sum[i];
        return n;
}

static char *full_link_name(const char *machine, unsigned number)
{
        return number ? g_strdup_printf("ve-%s-%u", machine, number)
                      : g_strconcat("ve-", machine, NULL);
}

/* The kernel takes 15 bytes. */
static void fit(const char *full, unsigned attempt, char ret[static NETWORK_LINK_NAME_MAX])
{
        _cleanup_free_ char *seed = g_strdup_printf("%s %u", full, attempt);
        const char *name = strchr(full, '-') + 1;

        if (attempt == 0 && strlen(full) <= NAME_LENGTH_MAX)
                (void)g_strlcpy(ret, full, NETWORK_LINK_NAME_MAX);
        else
                (void)g_snprintf(ret, NETWORK_LINK_NAME_MAX, "%.3s%.*s-%04x", full,
                                 NAME_HEAD_LENGTH, name, (unsigned)(network_hash(seed) & 0xffff));
}

void network_bridge_name(const char *network, unsigned attempt,
                         char ret[static NETWORK_LINK_NAME_MAX])
{
        _cleanup_free_ char *full = g_strconcat("lb-", network, NULL);

        if (attempt == 0 && streq(network, LODGE_NETWORK_DEFAULT))
                (void)g_strlcpy(ret, "lodge0", NETWORK_LINK_NAME_MAX);
        else
                fit(full, attempt, ret);
}

void network_link_name(const char *machine, unsigned number, unsigned attempt,
                       char ret[static NETWORK_LINK_NAME_MAX])
{
        _cleanup_free_ char *full = full_link_name(machine, number);

        fit(full, attempt, ret);
}

char *network_link_altname(const char *machine, unsigned number, const char *name)
{
        _cleanup_free_ char *full = full_link_name(machine, number);

        return streq(full, name) ? NULL : TAKE_PTR(full);
}

uint64_t network_mac(const uint8_t seed[static 16], const char *network, const char *machine)
{
        uint64_t mac = 0x02; /* locally administered, of one interface */
        uint8_t sum[32];

        digest(seed, 16, network, machine ?: "", sum);
        for (size_t i = 0; i < 5; i++)
                mac = mac << 8 | sum[i];
        return mac;
}
