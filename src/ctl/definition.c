/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/definition.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "spec/layers.h"
#include "spec/words.h"

#include <fcntl.h>
#include <string.h>

#define MACHINE_SUFFIX ".machine"
#define PROFILE_SUFFIX ".profile"

/* ---- files ---- */

int definition_load(const Ctl *c, const char *path, char **ret, size_t *ret_n)
{
        _cleanup_free_ char *real = realpath(path, NULL);
        int r = real ? read_file_at(AT_FDCWD, real, SETTINGS_FILE_MAX, ret, ret_n) : -errno;

        if (r >= 0)
                return EXIT_OK;
        report_error("cannot %s '%s': %s", c->verb->action, path,
                     r == -EBADFD  ? "it is not a file"
                     : r == -EFBIG ? "it is too large for a definition"
                                   : strerror(-r));
        return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
}

/* The file name of @path without @suffix; NULL: it has another one. */
static char *name_before(const char *path, const char *suffix)
{
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        size_t n = strlen(base), n_suffix = strlen(suffix);

        if (n <= n_suffix || !streq(base + n - n_suffix, suffix))
                return NULL;
        return strndup(base, n - n_suffix);
}

char *definition_name(const char *path)
{
        return name_before(path, MACHINE_SUFFIX);
}

/* A profile makes no machine: it is read before one that has nothing but an image. @ret is the
 * caller's to free in any case. */
static int read_profile(const char *path, const char *name, const char *text, size_t n, Layers *ret)
{
        static const char machine[] = "[Machine]\nImage=any\n";

        ret->list = calloc(2, sizeof(Layer));
        if (!ret->list)
                return -ENOMEM;
        ret->n = 2;
        ret->list[0] = (Layer){LAYER_PROFILE, strdup(name), strdup(path), calloc(1, n + 1), n};
        ret->list[1] = (Layer){LAYER_FILE, strdup(name), strdup(path), strdup(machine),
                               sizeof(machine) - 1};
        for (size_t i = 0; i < 2; i++)
                if (!ret->list[i].name || !ret->list[i].path || !ret->list[i].text)
                        return -ENOMEM;
        memcpy(ret->list[0].text, text, n);
        return 0;
}

static int read_layers(const char *path, const char *text, size_t n, Layers *ret,
                       Findings *findings)
{
        const LayerText file = {path, text, n};
        _cleanup_free_ char *profile = name_before(path, PROFILE_SUFFIX),
                            *name = definition_name(path);
        _cleanup_fault_ Fault bad_name = {0};

        if (profile)
                return read_profile(path, profile, text, n, ret);
        int r = name ? machine_name_check(name, &bad_name) : 0;
        if (r == -EINVAL) {
                r = findings_add(
                        findings,
                        &(Finding){.level = FINDING_ERROR,
                                   .path = (char *)path,
                                   .message = bad_name.message,
                                   .hint = (char *)"the file is to be called NAME.machine"});
                name[0] = '\0';
        }
        return r < 0 ? r : layers_read("", name && *name ? name : NULL, &file, ret, findings);
}

int definition_check(const char *path, const char *text, size_t n, Settings *ret,
                     Findings *findings)
{
        _cleanup_layers_ Layers layers = {0};
        Settings settings;
        int r = read_layers(path, text, n, &layers, findings);

        r = r < 0 ? r : layers_parse(&layers, &settings, NULL, findings);
        if (r < 0)
                return r;
        if (ret)
                *ret = settings;
        else
                settings_done(&settings);
        return 0;
}

void definition_print_findings(FILE *f, const Findings *findings)
{
        for (size_t i = 0; i < findings->n; i++) {
                const Finding *one = &findings->list[i];

                print_clean(f, one->path ?: "");
                if (one->line > 0)
                        (void)fprintf(f, ":%u:%u", one->line, one->column);
                (void)fputs(one->level == FINDING_ERROR ? ": error: " : ": warning: ", f);
                print_clean(f, one->message ?: "");
                if (one->hint) {
                        (void)fputs("; ", f);
                        print_clean(f, one->hint);
                }
                (void)fputc('\n', f);
        }
}

/* ---- lodged ---- */

static int files_from_message(sd_bus_message *m, json_t **ret)
{
        _cleanup_json_ json_t *pairs = NULL, *files = json_array();
        json_t *pair;
        size_t i;
        int r = json_from_message(m, &pairs);

        json_array_foreach(pairs, i, pair)
        {
                if (r < 0)
                        break;
                r = json_array_append_new(files,
                                          json_pack("{sOsO}", "Path", json_array_get(pair, 0),
                                                    "Text", json_array_get(pair, 1)));
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(files);
        return 0;
}

int definition_get(const Ctl *c, const char *name, char **ret_text, json_t **ret_files,
                   Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *text;
        int r = client_machine_call_new(&c->client, "GetDefinition", name, &m, reterr);

        if (r < 0)
                return r;
        r = append_no_options(c, m);
        if (r >= 0) {
                r = client_call(&c->client, m, 0, &reply, reterr);
                if (r < 0)
                        return r;
                r = sd_bus_message_read(reply, "s", &text);
        }
        if (r >= 0 && ret_files)
                r = files_from_message(reply, ret_files);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret_text = strdup(text);
        return *ret_text ? 0 : -ENOMEM;
}

int definition_put(const Ctl *c, const char *name, const char *text, bool dry_run,
                   char ***ret_waiting, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                "SetDefinition", &m, reterr);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", name, text);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = client_append_option_bool(m, "Replace", true);
        if (r >= 0 && dry_run)
                r = client_append_option_bool(m, "DryRun", true);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_skip(reply, "o");
        r = r < 0 ? r : sd_bus_message_read_strv(reply, ret_waiting);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

void definition_note_waiting(const Ctl *c, const char *name, char *const *waiting)
{
        _cleanup_free_ char *line = waiting && *waiting ? words_join(waiting) : NULL;

        if (line)
                report_note(
                        c, "%s at the next start of '%s': %s; to have it now: lodgectl restart %s",
                        args_has(&c->args, "dry-run") ? "Would count" : "Counts", name, line, name);
}
