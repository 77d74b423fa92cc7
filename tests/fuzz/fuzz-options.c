/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The a{sv} of a method: the input is lines of "TYPE KEY=VALUE" that become an entry each, of
 * whatever type, however often. */
#include "base/text.h"
#include "bus/options.h"
#include "fuzz/fuzz.h"

#include <sys/socket.h>

static sd_bus *bus;

/* Messages want a bus that has been started; nobody answers on this one. */
static void make_bus(void)
{
        int fds[2];

        PROMISE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        PROMISE(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        PROMISE(sd_bus_start(bus) >= 0);
}

static int append_value(sd_bus_message *m, char type, const char *value)
{
        size_t n = strlen(value);

        switch (type) {
        case 's': return sd_bus_message_append(m, "v", "s", value);
        case 't': return sd_bus_message_append(m, "v", "t", (uint64_t)strtoull(value, NULL, 0));
        case 'q': return sd_bus_message_append(m, "v", "q", (int)(uint16_t)atoi(value));
        case 'b': return sd_bus_message_append(m, "v", "b", n & 1);
        case 'a': return sd_bus_message_append(m, "v", "as", 3, value, "", value + n / 2);
        case 'v': return sd_bus_message_append(m, "v", "v", "v", "s", value);
        case 'd': return sd_bus_message_append(m, "v", "(ddas)", 1.0, -0.0, 0);
        case 'h': return sd_bus_message_append(m, "v", "a{uh}", 1, (unsigned)n % 4, 2);
        case 'y':
                (void)sd_bus_message_open_container(m, 'v', "ay");
                (void)sd_bus_message_append_array(m, 'y', value, n);
                return sd_bus_message_close_container(m);
        default: return sd_bus_message_append(m, "v", "i", type);
        }
}

/* Return: false if D-Bus itself does not take it: no UTF-8. */
static bool append_line(sd_bus_message *m, char *line)
{
        char *key = strchr(line, ' '), *value = key ? strchr(key, '=') : NULL;

        if (!key || !value)
                return true;
        *value++ = '\0';
        return sd_bus_message_open_container(m, 'e', "sv") >= 0 &&
               sd_bus_message_append(m, "s", key + 1) >= 0 &&
               append_value(m, line[0], value) >= 0 && sd_bus_message_close_container(m) >= 0;
}

static void try_options(sd_bus_message *m, unsigned known)
{
        _cleanup_fault_ Fault f = {0};
        Options o;

        options_init(&o);
        PROMISE(sd_bus_message_rewind(m, true) >= 0);
        int r = options_read(m, known, &o, &f);
        if (r >= 0)
                r = options_check_program(&o, NULL, &f);
        if (r < 0)
                PROMISE(f.code != FAULT_NONE || r == -ENOMEM);
        PROMISE(known || r < 0 || (!o.user && !o.input && !o.environment && !o.command));
        options_done(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = strndup((const char *)data, n);
        sd_bus_message *m = NULL;
        bool fits = true;

        if (!bus)
                make_bus();
        PROMISE(text && sd_bus_message_new_method_call(bus, &m, NULL, "/a", "a.b", "Method") >= 0);
        PROMISE(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (char *line, *rest = text; fits && (line = strsep(&rest, "\n"));)
                fits = append_line(m, line);
        if (fits) {
                PROMISE(sd_bus_message_close_container(m) >= 0);
                PROMISE(sd_bus_message_seal(m, 1, 0) >= 0);
                try_options(m, ~0U);
                try_options(m, OPTION_TIMEOUT | OPTION_FORCE);
                try_options(m, 0);
        }
        sd_bus_message_unref(m);
        return 0;
}
