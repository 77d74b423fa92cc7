/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* import-nspawn: a machine of systemd-nspawn's as one of lodge's. What it does otherwise is said;
 * nothing of systemd-nspawn's is changed. */
#include "base/names.h"
#include "base/text.h"
#include "ctl/nspawn-source.h"
#include "ctl/report.h"
#include "ctl/verbs.h"
#include "spec/nspawn.h"

#include <string.h>

static int append_settings(sd_bus_message *m, const Settings *s)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++) {
                _cleanup_strv_free_ char **words = NULL;

                if (key->internal || streq(key->name, "Image"))
                        continue;
                r = settings_get(s, key, &words);
                if (r <= 0)
                        continue;
                r = key->kind == SETTING_STRV ? client_append_option_strv(m, key->name, words)
                                              : client_append_option_string(m, key->name, words[0]);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int create(Ctl *c, const char *name, const Settings *s, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_open(!c->no_ask_password, &c->client, reterr);

        if (r >= 0)
                r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                    "CreateMachine", &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", name, s->image);
        if (r >= 0)
                r = append_settings(m, s);
        return r < 0 ? client_fault(NULL, r, reterr)
                     : client_call(&c->client, m, CLIENT_FOREVER, NULL, reterr);
}

static int complete(const NspawnSource *source, Settings *s, Fault *reterr)
{
        static const uint8_t none[16];
        const SettingValue image = {SETTING_STRING, .string = source->image},
                           id = {SETTING_STRING, .string = source->machine_id};
        int r = settings_set(s, "Image", &image, reterr);

        if (r >= 0 && source->machine_id && memcmp(s->machine_id, none, sizeof(none)) == 0)
                r = settings_set(s, "MachineID", &id, reterr);
        return r < 0 ? r : settings_validate(s, reterr);
}

static void report_notes(const Ctl *c, const NspawnSource *source, const NspawnImport *import)
{
        STRV_FOREACH (note, import->notes)
                report_note(c, "%s: %s", source->path, *note);
        if (source->owner != 0)
                report_note(
                        c,
                        LODGE_MACHINED_IMAGES
                        "/%s belongs to user %u, as systemd-nspawn has changed it for a machine "
                        "with user ids of its own; lodge wants root's: systemd-nspawn "
                        "--private-users=0 --private-users-ownership=chown -D " LODGE_MACHINED_IMAGES
                        "/%s /bin/true",
                        source->image, source->owner, source->image);
        if (source->drop_ins)
                report_note(c,
                            "%s is left out: see what of it " LODGE_UNIT_PREFIX
                            "%s.service needs, too",
                            source->drop_ins, source->image);
}

static int make_machine(Ctl *c, const NspawnSource *source, const char *name, const Settings *s)
{
        _cleanup_fault_ Fault fault = {0};

        if (create(c, name, s, &fault) < 0)
                return report_fault(c, name, &fault);
        if (c->no_legend)
                return EXIT_OK;
        if (source->enabled)
                report_note(
                        c,
                        "Created '%s'. To start it at boot in place of systemd-nspawn's: systemctl "
                        "disable --now systemd-nspawn@%s && lodgectl enable --now %s",
                        name, source->image, name);
        else
                report_note(c, "Created '%s'. Start it with: lodgectl start %s", name, name);
        return EXIT_OK;
}

/* Nothing of lodged's: no hint of its names. */
static int report_unreadable(const Ctl *c, const char *word, const Fault *f)
{
        report_error("cannot %s '%s': %s", c->verb->action, word, f->message ?: "out of memory");
        if (f->code == FAULT_NO_SUCH_IMAGE)
                report_hint("machinectl list-images");
        return exit_status_of(c->verb, f);
}

int verb_import_nspawn(Ctl *c)
{
        _cleanup_nspawn_source_ NspawnSource source = {0};
        _cleanup_nspawn_import_ NspawnImport import = {0};
        _cleanup_fault_ Fault fault = {0};
        _cleanup_free_ char *definition = NULL;
        const char *word = c->args.words[0];
        int r = nspawn_source_read(word, &source, &fault);

        if (r >= 0)
                r = nspawn_import(source.path ?: word, source.text, source.n, source.trusted,
                                  &import, &fault);
        if (r >= 0)
                r = complete(&source, &import.settings, &fault);
        if (r < 0)
                return report_unreadable(c, word, &fault);
        report_notes(c, &source, &import);
        if (!args_has(&c->args, "dry-run"))
                return make_machine(c, &source, c->args.words[1] ?: source.image, &import.settings);
        definition = settings_format(&import.settings);
        if (!definition)
                return report_unreadable(c, word, &fault);
        (void)fputs(definition, stdout);
        return EXIT_OK;
}
