/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/nspawn.h"

#include "base/capability.h"
#include "base/text.h"
#include "spec/ini.h"
#include "spec/nspawn-keys.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <stdarg.h>
#include <string.h>

#define NOTES_MAX 256U
#define SHOWN_MAX 200U
#define UNTRUSTED                                                                                  \
        "only files in /etc/systemd/nspawn, /run/systemd/nspawn, or named by you, may ask for that"

/* ---- what all of the translation needs ---- */

int nspawn_note(Nspawn *n, const char *format, ...)
{
        _cleanup_free_ char *sentence = NULL, *shown = NULL;
        va_list ap;

        if (strv_length(n->notes) >= NOTES_MAX)
                return -EINVAL;
        va_start(ap, format);
        int r = vasprintf(&sentence, format, ap);
        va_end(ap);
        if (r < 0) {
                sentence = NULL;
                return -ENOMEM;
        }
        shown = text_for_display(sentence, SHOWN_MAX * 2);
        return shown ? strv_push(&n->notes, shown) : -ENOMEM;
}

static int note_refused(Nspawn *n, const char *shown, const Fault *f)
{
        return nspawn_note(n, "%s is left out: %s", shown, f->message ?: "not valid");
}

int nspawn_set(Nspawn *n, const char *key, const char *value, const char *shown)
{
        const SettingValue v = {SETTING_STRING, .string = value};
        _cleanup_fault_ Fault fault = {0};
        int r = settings_set(n->settings, key, &v, &fault);

        return r == -EINVAL ? note_refused(n, shown, &fault) : r;
}

int nspawn_push(Nspawn *n, const char *key, const char *element, const char *shown)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_fault_ Fault fault = {0};
        int r = settings_get(n->settings, setting_key_find(key), &list);

        if (r >= 0)
                r = strv_push(&list, element);
        if (r < 0)
                return r;
        const SettingValue v = {SETTING_STRV, .strv = list};
        r = settings_set(n->settings, key, &v, &fault);
        return r == -EINVAL ? note_refused(n, shown, &fault) : r;
}

/* ---- [Exec] ---- */

static int set_list(Nspawn *n, const char *key, char *const *words, const char *shown)
{
        _cleanup_fault_ Fault fault = {0};
        const SettingValue v = {SETTING_STRV, .strv = words};
        int r = settings_set(n->settings, key, &v, &fault);

        return r == -EINVAL ? note_refused(n, shown, &fault) : r;
}

static int put_parameters(Nspawn *n)
{
        _cleanup_free_ char *line = words_join(n->parameters);

        if (!line)
                return -ENOMEM;
        if (n->boot == 0 || n->process_two > 0)
                return set_list(n, "Command", n->parameters, "Parameters=");
        if (n->boot > 0)
                return nspawn_note(n,
                                   "Parameters=%s has no counterpart: init is started without "
                                   "arguments",
                                   line);
        return nspawn_note(n,
                           "Parameters=%s is left out: without Boot= or ProcessTwo=, "
                           "systemd-nspawn@.service leaves it out, too",
                           line);
}

/* nspawn gives whoever says Boot=no and nothing else a shell. */
static int put_shell(Nspawn *n)
{
        int r = nspawn_set(n, "Command", "/bin/sh", "Boot=no");

        return r < 0 ? r : nspawn_set(n, "Terminal", "yes", "Boot=no");
}

/* An init is root's and starts in /. */
static int drop_for_init(Nspawn *n, const char *key, char **field)
{
        int r = *field ? nspawn_note(n,
                                     "%s=%s has no counterpart in a machine that boots: its init "
                                     "runs as root in /",
                                     key, *field)
                       : 0;

        free(*field);
        *field = NULL;
        return r;
}

static int put_program(Nspawn *n)
{
        bool boots = n->process_two <= 0 && n->boot != 0;
        int r = n->parameters ? put_parameters(n) : boots ? 0 : put_shell(n);

        if (r >= 0 && n->process_two > 0)
                r = nspawn_note(n,
                                "ProcessTwo=yes has no counterpart: the command is PID 1 itself, "
                                "and has to wait for orphans");
        if (r < 0)
                return r;
        n->settings->boot = boots;
        if (n->notify_ready >= 0)
                n->settings->ready_when.kind = n->notify_ready ? READY_NOTIFY : READY_STARTED;
        if (!boots)
                return 0;
        r = drop_for_init(n, "User", &n->settings->user);
        return r < 0 ? r : drop_for_init(n, "WorkingDirectory", &n->settings->working_directory);
}

static int put_environment(Nspawn *n)
{
        int r = 0;

        STRV_FOREACH (word, n->environment) {
                _cleanup_free_ char *variable = NULL;

                if (asprintf(&variable, "Environment=%s", *word) < 0)
                        return -ENOMEM;
                r = nspawn_push(n, "Environment", *word, variable);
                if (r < 0)
                        break;
        }
        return r;
}

static int put_capability(Nspawn *n, const char *key, const char *word, uint64_t *set)
{
        int cap = capability_from_name(word);

        if (cap >= 0) {
                *set |= UINT64_C(1) << cap;
                return 0;
        }
        if (!streq(word, "all"))
                return nspawn_note(n, "%s=%s is left out: there is no such capability", key, word);
        *set = CAPABILITIES_ALL;
        return 0;
}

static int put_capabilities(Nspawn *n)
{
        int r = 0;

        STRV_FOREACH (word, n->capabilities) {
                r = put_capability(n, "Capability", *word, &n->settings->capabilities_add);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (word, n->drop_capabilities) {
                r = put_capability(n, "DropCapability", *word, &n->settings->capabilities_drop);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- the root ---- */

static int note_volatile(Nspawn *n, const char *mode)
{
        if (streq(mode, "overlay"))
                return 0;
        if (streq(mode, "state"))
                return nspawn_note(n, "Volatile=state comes out otherwise: all that the machine "
                                      "writes is dropped at stop, but /var begins as the image's");
        if (parse_bool(mode) > 0)
                return nspawn_note(n,
                                   "Volatile=%s comes out otherwise: all that the machine writes "
                                   "is dropped at stop, but it begins as the whole image",
                                   mode);
        return nspawn_note(n, "Volatile=%s is left out: it takes yes, no, state or overlay", mode);
}

static bool drops_writes(const Nspawn *n)
{
        bool is_volatile =
                n->volatile_ && (streq(n->volatile_, "overlay") || streq(n->volatile_, "state") ||
                                 parse_bool(n->volatile_) > 0);

        return n->ephemeral > 0 || n->read_only > 0 || is_volatile;
}

/* nspawn's machines write to their image. */
static int put_root(Nspawn *n)
{
        int r = 0;

        n->settings->writable_layer = drops_writes(n) ? WRITABLE_LAYER_STOP : WRITABLE_LAYER_KEEP;
        if (n->read_only > 0)
                r = nspawn_note(n, "ReadOnly=yes comes out otherwise: the image is never written "
                                   "to; the machine can write, and that is dropped at stop");
        if (r >= 0 && n->volatile_ && parse_bool(n->volatile_) != 0)
                r = note_volatile(n, n->volatile_);
        return r;
}

/* ---- the file ---- */

static bool knows_section(void *userdata, const char *section)
{
        return true; /* asked key by key */
}

static int note_unknown(Nspawn *n, const char *section, const char *name)
{
        for (const NspawnKey *key = nspawn_keys(); key->name; key++)
                if (streq(key->name, name))
                        return nspawn_note(n, "%s= in [%s] is left out: it belongs in [%s]", name,
                                           section, key->section);
        return nspawn_note(n, "%s= in [%s] is left out: systemd-nspawn has no such setting", name,
                           section);
}

static int assign(void *userdata, const char *section, const char *name, const char *value,
                  Fault *reterr)
{
        Nspawn *n = userdata;
        const NspawnKey *key = nspawn_keys();
        int r;

        while (key->name && !(streq(key->name, name) && streq(key->section, section)))
                key++;
        if (!key->name)
                r = note_unknown(n, section, name);
        else if (key->privileged && !n->trusted)
                r = nspawn_note(n, "%s=%s is left out: " UNTRUSTED, name, value);
        else
                r = key->take(n, key, value);
        return r == -EINVAL ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                        "by now there is too much that cannot be taken over")
                            : r;
}

static int translate(Nspawn *n)
{
        int r = put_program(n);

        r = r < 0 ? r : put_environment(n);
        r = r < 0 ? r : put_capabilities(n);
        r = r < 0 ? r : put_root(n);
        r = r < 0 ? r : nspawn_mounts(n);
        return r < 0 ? r : nspawn_network(n);
}

static void nspawn_done(Nspawn *n)
{
        char **const lists[] = {
                n->parameters, n->environment,     n->capabilities, n->drop_capabilities,
                n->binds,      n->read_only_binds, n->tmpfs,        n->interfaces,
                n->macvlans,   n->ipvlans,         n->extra_links,  n->ports};

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                strv_free(lists[i]);
        free(n->volatile_);
        free(n->bridge);
        free(n->zone);
        free(n->namespace_path);
}

int nspawn_import(const char *name, const char *text, size_t n, bool trusted, NspawnImport *ret,
                  Fault *reterr)
{
        static const IniReader reader = {knows_section, assign, NSPAWN_FILE_MAX};
        Settings settings;
        Nspawn nspawn = {.name = name,
                         .trusted = trusted,
                         .settings = &settings,
                         .boot = -1,
                         .process_two = -1,
                         .ephemeral = -1,
                         .read_only = -1,
                         .notify_ready = -1,
                         .private = -1,
                         .virtual_ethernet = -1};

        settings_init(&settings);
        int r = text ? ini_parse(name, text, n, &reader, &nspawn, reterr) : 0;
        if (r >= 0)
                r = translate(&nspawn);
        nspawn_done(&nspawn);
        *ret = (NspawnImport){settings, nspawn.notes};
        if (r >= 0)
                return 0;
        nspawn_import_done(ret);
        return r == -EINVAL
                       ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                   "%s: there is too much in it that cannot be taken over", name)
                       : r;
}

void nspawn_import_done(NspawnImport *import)
{
        settings_done(&import->settings);
        import->notes = strv_free(import->notes);
}
