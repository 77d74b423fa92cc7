/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods about definitions read, ask of core and reply. */
#include "base/names.h"
#include "base/text.h"
#include "bus/call.h"
#include "core/definition-change.h"
#include "core/definition-effective.h"
#include "core/machine-define.h"

#include <string.h>

/* ---- settings ---- */

static int set_machine(void *target, const char *key, const SettingValue *v, Fault *reterr)
{
        Call *c = target;
        int r = settings_set(&c->settings, key, v, reterr);

        return r < 0 ? r : strv_push(&c->keys, key);
}

/* Whoever names a profile asks for what is in it. */
static int read_profiles(Call *c)
{
        if (!c->settings.profiles)
                return 0;
        int r = definition_profiles(c->bus->manager->root, c->settings.profiles, &c->implied);
        c->has_implied = r >= 0;
        return r;
}

int bus_read_machine_settings(Call *c, Fault *reterr)
{
        settings_init(&c->settings);
        c->has_settings = true;
        c->keys = calloc(1, sizeof(char *));
        if (!c->keys)
                return -ENOMEM;
        int r = call_read_settings(c, set_machine, c, reterr);
        return r < 0 ? r : read_profiles(c);
}

int bus_run_set_properties(Call *c, Fault *reterr)
{
        const DefinitionChange change = {
                .keys = c->keys,
                .values = &c->settings,
                .runtime = c->options.runtime,
        };
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        r = r < 0 ? r : machine_set_properties(m, &change, c->options.dry_run, &c->lines, reterr);
        return r < 0 ? r : call_done(c);
}

/* ---- files ---- */

static int check_files(const Call *c, Fault *reterr)
{
        for (size_t i = 0; i < c->layers.n; i++) {
                const Layer *l = &c->layers.list[i];

                if (l->path && (strlen(l->text) != l->n_text || !utf8_is_well_formed(l->text)))
                        return fault_set(reterr, FAULT_FAILED, EILSEQ,
                                         "%s is not UTF-8 text: look at it on its host", l->path);
        }
        return 0;
}

int bus_run_get_definition(Call *c, Fault *reterr)
{
        _cleanup_findings_ Findings findings = {0};
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        if (r < 0)
                return r;
        r = layers_read(m->manager->root, m->name, NULL, &c->layers, &findings);
        if (r == -ENOENT)
                return definition_gone_fault(m->name, reterr);
        if (r >= 0 && !layers_file(&c->layers)) /* it is there, but cannot be read */
                r = findings_fault(&findings, reterr);
        r = r < 0 ? r : check_files(c, reterr);
        return r < 0 ? r : call_done(c);
}

int bus_reply_definition(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_append(reply, "s", layers_file(&c->layers)->text);

        r = r < 0 ? r : sd_bus_message_open_container(reply, 'a', "(ss)");
        for (size_t i = 0; r >= 0 && i < c->layers.n; i++)
                if (c->layers.list[i].path)
                        r = sd_bus_message_append(reply, "(ss)", c->layers.list[i].path,
                                                  c->layers.list[i].text);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_run_get_effective(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        r = r < 0 ? r : definition_effective(m, &c->origins, reterr);
        return r < 0 ? r : call_done(c);
}

int bus_reply_effective(Call *c, const Answer *a, sd_bus_message *reply)
{
        static char *none[] = {NULL};
        int r = sd_bus_message_open_container(reply, 'a', "(sasss)");

        for (size_t i = 0; r >= 0 && i < c->origins.n; i++) {
                const Origin *o = &c->origins.list[i];

                r = sd_bus_message_open_container(reply, 'r', "sasss");
                r = r < 0 ? r : sd_bus_message_append(reply, "s", o->key->name);
                r = r < 0 ? r : sd_bus_message_append_strv(reply, o->values ?: none);
                r = r < 0 ? r : sd_bus_message_append(reply, "ss", o->key->section, o->place);
                r = r < 0 ? r : sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- SetDefinition() ---- */

/* What it comes to decides what it takes. */
static int read_definition(Call *c, Fault *reterr)
{
        const Manager *manager = c->bus->manager;
        _cleanup_free_ char *file = g_strconcat(c->machine, LODGE_DEFINITION_SUFFIX, NULL);
        Machine *m = manager_find(c->bus->manager, c->machine);
        int r = call_read_text(c, reterr);

        r = r < 0 ? r
                  : definition_text_settings(manager->root, file, c->text, &c->settings, reterr);
        c->has_settings = r >= 0;
        if (r >= 0 && m)
                machine_id(m, c->machine_id);
        return r;
}

static int run_set_definition(Call *c, Fault *reterr)
{
        static const uint8_t none[sizeof(c->machine_id)];
        const DefinitionText text = {
                .text = c->text,
                .owner = c->uid,
                .replace = c->options.replace,
                .dry_run = c->options.dry_run,
        };
        bool is_new = memcmp(c->machine_id, none, sizeof(none)) == 0;
        Machine *m;
        int r = is_new ? manager_check_new(c->bus->manager, c->machine, reterr)
                       : call_get_machine(c, &m, reterr);

        r = r < 0 ? r
                  : manager_set_definition(c->bus->manager, c->machine, &text, &c->lines, reterr);
        return r < 0 ? r : call_done(c);
}

static int reply_defined(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = bus_reply_machine_path(c, a, reply);

        return r < 0 ? r : call_reply_lines(c, a, reply);
}

const Method bus_set_definition_method = {
        "SetDefinition", "manage",           "define",      OPTION_REPLACE | OPTION_DRY_RUN,
        read_definition, run_set_definition, reply_defined, NULL,
};
