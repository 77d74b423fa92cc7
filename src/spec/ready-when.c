/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/ready-when.h"

#include "base/text.h"

#include <string.h>

static const char *const words[] = {
        [READY_STARTED] = "started",
        [READY_NOTIFY] = "notify",
        [READY_HEALTHY] = "healthy",
};

static int parse_port(const char *s, ReadyWhen *ret)
{
        const char *slash = strchr(s, '/');
        char digits[8] = "";
        uint64_t port;

        if (slash && !streq(slash, "/tcp") && !streq(slash, "/udp"))
                return -EINVAL;
        size_t n = strcspn(s, "/");
        if (n >= sizeof(digits))
                return -EINVAL;
        memcpy(digits, s, n);
        if (parse_u64(digits, UINT16_MAX, &port) < 0 || port == 0)
                return -EINVAL;
        *ret = (ReadyWhen){slash && streq(slash, "/udp") ? READY_UDP : READY_TCP, (uint32_t)port};
        return 0;
}

int ready_when_parse(const char *s, ReadyWhen *ret)
{
        static const char port[] = "port:";

        for (ReadyKind kind = READY_STARTED; kind < ELEMENTSOF(words); kind++)
                if (streq(s, words[kind])) {
                        *ret = (ReadyWhen){.kind = kind};
                        return 0;
                }
        return strncmp(s, port, strlen(port)) == 0 ? parse_port(s + strlen(port), ret) : -EINVAL;
}

int ready_when_format(const ReadyWhen *r, char **ret)
{
        *ret = NULL;
        if (r->kind == READY_NOT_GIVEN)
                return 0;
        if (r->kind < ELEMENTSOF(words)) {
                *ret = strdup(words[r->kind]);
                return *ret ? 0 : -ENOMEM;
        }
        return asprintf(ret, "port:%u/%s", r->port, r->kind == READY_UDP ? "udp" : "tcp") < 0
                       ? -ENOMEM
                       : 0;
}
