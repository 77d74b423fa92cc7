/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prune and volume prune. */
#include "base/names.h"
#include "base/size-text.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static int call_prune(const Ctl *c, sd_bus_message **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE, "Prune", &m,
                                reterr);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && args_has(&c->args, "all"))
                r = client_append_option_bool(m, "Images", true);
        if (r >= 0 && args_has(&c->args, "volumes"))
                r = client_append_option_bool(m, "Volumes", true);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_fault(NULL, r, reterr)
                     : client_call(&c->client, m, CLIENT_FOREVER, ret, reterr);
}

static int print_removed(const Ctl *c, char *const *removed, const uint64_t *bytes)
{
        char size[SIZE_TEXT_MAX];
        size_t n = strv_length(removed);

        if (c->json != JSON_OFF) {
                _cleanup_json_ json_t *all = json_pack("{s[]}", "Removed");

                STRV_FOREACH (name, removed)
                        (void)json_array_append_new(json_object_get(all, "Removed"),
                                                    json_string(*name));
                if (bytes)
                        (void)json_object_set_new(all, "Bytes", json_integer((json_int_t)*bytes));
                json_print(c, all);
                return EXIT_OK;
        }
        STRV_FOREACH (name, removed) {
                print_clean(stdout, *name);
                (void)putchar('\n');
        }
        if (bytes && *bytes > 0) /* of images and volumes nobody has counted it */
                report_note(c, "%zu removed, with %s of layers.", n, size_text(*bytes, size));
        else
                report_note(c, "%zu removed.", n);
        return EXIT_OK;
}

int verb_prune(Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_free_ char **removed = NULL;
        _cleanup_free_ char *question = NULL;
        _cleanup_fault_ Fault fault = {0};
        uint64_t bytes;

        if (asprintf(&question, "Remove layers that no image needs%s%s?",
                     args_has(&c->args, "all") ? ", images that no machine uses" : "",
                     args_has(&c->args, "volumes") ? ", volumes that no machine uses, with all "
                                                     "that is in them"
                                                   : "") < 0) {
                question = NULL;
                return EXIT_FAILED;
        }
        if (!ask_yes(c, question))
                return EXIT_FAILED;
        int r = call_prune(c, &reply, &fault);
        if (r >= 0)
                r = sd_bus_message_read_strv(reply, &removed);
        if (r >= 0)
                r = sd_bus_message_read(reply, "t", &bytes);
        if (r >= 0)
                return print_removed(c, removed, &bytes);
        (void)client_fault(NULL, r, &fault);
        return report_fault(c, NULL, &fault);
}

int verb_volume_prune(Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_strv_free_ char **removed = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (!ask_yes(c, "Remove volumes that no machine uses, with all that is in them?"))
                return EXIT_FAILED;
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                "PruneVolumes", &m, &fault);
        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, &fault);
        if (r >= 0)
                r = sd_bus_message_read_strv(reply, &removed);
        if (r >= 0)
                return print_removed(c, removed, NULL);
        (void)client_fault(NULL, r, &fault);
        return report_fault(c, NULL, &fault);
}
