/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/check.h"

#include "base/names.h"
#include "base/text.h"
#include "net/check-internal.h"
#include "net/tables.h"

#include <stdarg.h>

void findings_add(Findings *f, const char *command, const char *format, ...)
{
        g_autofree char *sentence = NULL, *line = NULL;
        va_list ap;

        va_start(ap, format);
        sentence = g_strdup_vprintf(format, ap);
        va_end(ap);
        line = command ? g_strdup_printf("%s\t%s", sentence, command) : g_steal_pointer(&sentence);
        int r = strv_push(&f->lines, line);
        if (f->error >= 0)
                f->error = r;
}

int check_run(Engine *e, char ***ret)
{
        Findings f = {0};

        if (g_hash_table_size(engine_networks(e)) > 0 && tables_exist() == 0)
                findings_add(&f, "systemctl restart " LODGE_NET_UNIT,
                             "lodge's nftables tables are missing: ports are not published, and "
                             "nothing leaves this host or is kept apart");
        check_sysctls(e, &f);
        check_chains(e, &f);
        check_bridges(e, &f);
        if (f.error < 0) {
                strv_free(f.lines);
                return f.error;
        }
        *ret = f.lines;
        return 0;
}
