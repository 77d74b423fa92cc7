/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rename: another name for a machine, or for an image if no machine is called so. */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/machines.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#define RETRIES 10U

static int call_rename(const Ctl *c, char ***ret_notes, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        char *const *words = c->args.words;
        int r = client_machine_call_new(&c->client, "Rename", words[0], &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "s", words[1]);
        if (r >= 0)
                r = append_no_options(c, m);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r >= 0)
                r = sd_bus_message_skip(reply, "o");
        if (r >= 0)
                r = sd_bus_message_read_strv(reply, ret_notes);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

static void print_notes(Ctl *c, char *const *notes)
{
        _cleanup_json_ json_t *list = json_array();

        STRV_FOREACH (note, notes)
                if (c->json == JSON_OFF)
                        report_note(c, "%s", *note);
                else
                        (void)json_array_append_new(list, json_string(*note));
        if (c->json == JSON_OFF)
                return;
        _cleanup_json_ json_t *all = json_pack("{sssO}", "Name", c->args.words[1], "Notes", list);
        json_print(c, all);
}

int verb_rename(Ctl *c)
{
        const char *from = c->args.words[0], *to = c->args.words[1];

        if (kind_is_image_only(c, from))
                return verb_image_rename(c);
        for (unsigned i = 0;; i++) {
                _cleanup_strv_free_ char **notes = NULL;
                _cleanup_fault_ Fault fault = {0};

                if (call_rename(c, &notes, &fault) >= 0) {
                        print_notes(c, notes);
                        return EXIT_OK;
                }
                if (!client_is_lost(&fault) || i == RETRIES)
                        return report_fault(c, from, &fault);
                if (machines_are_renamed(c, from, to)) {
                        report_note(c,
                                    "lodged was restarted meanwhile: what else goes by the name "
                                    "'%s' was not looked for",
                                    from);
                        print_notes(c, NULL);
                        return EXIT_OK;
                }
        }
}
