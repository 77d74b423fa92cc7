/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/hint.h"

#include "base/names.h"
#include "base/text.h"
#include "client/client-machine.h"
#include "ctl/images.h"
#include "ctl/nearest.h"
#include "ctl/report.h"

#include <string.h>

static void write_quoted(FILE *f, const char *word)
{
        if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_@%+=:,./-")]) {
                (void)fputs(word, f);
                return;
        }
        (void)fputc('\'', f);
        for (; *word; word++)
                if (*word == '\'')
                        (void)fputs("'\\''", f);
                else
                        (void)fputc(*word, f);
        (void)fputc('\'', f);
}

char *hint_command_line(const Ctl *c, const char *prefix, const char *old, const char *new)
{
        char *line = NULL;
        size_t n;
        FILE *f = open_memstream(&line, &n);

        if (!f)
                return NULL;
        (void)fprintf(f, "%slodgectl", prefix);
        STRV_FOREACH (word, c->argv + 1) {
                (void)fputc(' ', f);
                write_quoted(f, old && streq(*word, old) ? new : *word);
        }
        if (fclose(f) != 0) {
                free(line);
                return NULL;
        }
        return line;
}

static void hint_again(const Ctl *c, const char *prefix, const char *old, const char *new)
{
        _cleanup_free_ char *line = hint_command_line(c, prefix, old, new);

        if (line)
                report_hint("%s", line);
}

static void hint_machine(Ctl *c, const char *name)
{
        _cleanup_client_machines_ ClientMachines list = {0};
        Nearest nearest = nearest_to(name, strlen(name));

        if (client_list_machines(&c->client, (const char *const[]){"Name", NULL}, &list, NULL) < 0)
                return;
        for (size_t i = 0; i < list.n; i++)
                nearest_offer(&nearest, list.items[i].name);
        if (nearest.best)
                hint_again(c, "", name, nearest.best);
        else if (c->args.n_words == 1)
                report_hint("lodgectl list");
}

static void hint_image(Ctl *c)
{
        _cleanup_images_ Images images = {0};
        size_t position = streq(c->verb->name, "create") ? 1 : 0;
        const char *image = c->args.n_words > position ? c->args.words[position] : "";
        Nearest nearest = nearest_to(image, strlen(image));

        if (images_get(c, &images, NULL) < 0)
                return;
        for (size_t i = 0; i < images.n; i++)
                nearest_offer(&nearest, images.items[i].name);
        if (nearest.best && !streq(nearest.best, image))
                hint_again(c, "", image, nearest.best);
        else
                report_hint("lodgectl images");
}

static void hint_busy(const Ctl *c, const char *object)
{
        if (streq(c->verb->name, "rm"))
                report_hint("lodgectl rm --force %s", object);
        else
                report_hint("lodgectl status %s", object);
}

static bool runs_new_machine(const Ctl *c)
{
        return streq(c->verb->name, "run");
}

void hint_for_fault(Ctl *c, const char *object, const Fault *f)
{
        if (client_is_unreachable(f)) {
                report_hint("systemctl status %s.service",
                            client_bus(&c->client) ? "lodged" : "dbus");
                return;
        }
        switch (f->code) {
        case FAULT_NO_SUCH_MACHINE:
                if (object)
                        hint_machine(c, object);
                break;
        case FAULT_NO_SUCH_IMAGE: hint_image(c); break;
        case FAULT_START_FAILED:
                if (object)
                        report_hint("journalctl -u " LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX,
                                    object);
                break;
        case FAULT_NOT_RUNNING:
                if (object && !runs_new_machine(c))
                        report_hint("lodgectl start %s", object);
                break;
        case FAULT_EXISTS:
                if (object)
                        report_hint("lodgectl status %s", object);
                break;
        case FAULT_BUSY:
                if (object)
                        hint_busy(c, object);
                break;
        case FAULT_NOT_AUTHORIZED:
                if (geteuid() != 0)
                        hint_again(c, "sudo ", NULL, NULL);
                break;
        case FAULT_INVALID_OPTION: report_hint("lodgectl help %s", c->verb->name); break;
        case FAULT_TIMED_OUT:
                if (object)
                        report_hint("lodgectl status %s", object);
                break;
        default: break;
        }
}
