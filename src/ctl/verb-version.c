/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* Both are told apart: lodged may be older than what is installed, until it is restarted. */
static int get_properties(Ctl *c, json_t **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r = client_open(!c->no_ask_password, &c->client, reterr);

        if (r >= 0)
                r = client_call_new(&c->client, LODGE_OBJECT_PATH,
                                    "org.freedesktop.DBus.Properties", "GetAll", &m, reterr);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", LODGE_MANAGER_INTERFACE);
        if (r >= 0)
                r = client_call(&c->client, m, 0, &reply, reterr);
        if (r >= 0)
                r = json_from_message(reply, ret);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

int verb_version(Ctl *c)
{
        _cleanup_json_ json_t *lodged = NULL, *all = NULL;
        _cleanup_fault_ Fault fault = {0};
        json_t *feature;
        size_t i;
        int r = get_properties(c, &lodged, &fault);

        if (c->json != JSON_OFF) {
                all = json_pack("{sssO?}", "Client", LODGE_VERSION, "Daemon", lodged);
                json_print(c, all);
                return r < 0 ? report_fault(c, NULL, &fault) : EXIT_OK;
        }
        (void)printf("lodgectl %s\n", LODGE_VERSION);
        if (r < 0)
                return report_fault(c, NULL, &fault);
        (void)fputs("lodged ", stdout);
        print_clean(stdout, json_string_value(json_object_get(lodged, "Version")) ?: "?");
        (void)fputs("\nfeatures:", stdout);
        json_array_foreach(json_object_get(lodged, "Features"), i, feature)
        {
                (void)putchar(' ');
                print_clean(stdout, json_string_value(feature) ?: "?");
        }
        (void)putchar('\n');
        return EXIT_OK;
}
