/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/settings-options.h"

#include "base/text.h"
#include "ctl/environment.h"
#include "spec/network-settings.h"
#include "spec/settings.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define SETTINGS_MAX 128U
#define NAME_MAX_    40U

/* What the words of create and run say already. */
static bool is_word(const SettingKey *key)
{
        return streq(key->name, "Image") || streq(key->name, "Command");
}

/* Conditions are many, and for files: an option each would hide the others. */
static bool is_condition(const SettingKey *key)
{
        return strncmp(key->name, "Condition", 9) == 0 || strncmp(key->name, "Assert", 6) == 0;
}

static bool is_option(const SettingKey *key)
{
        return !key->internal && !is_word(key) && !is_condition(key);
}

/* May be given several times, and all count. */
static bool is_list(const SettingKey *key)
{
        size_t n = strlen(key->name);

        return key->kind == SETTING_STRV || (n >= 10 && streq(key->name + n - 10, "Capability"));
}

static char letter_of(const char *key)
{
        static const struct {
                const char *key;
                char letter;
        } letters[] = {
                {"Boot", 'b'},   {"Environment", 'E'}, {"RootDirectory", 'D'},
                {"User", 'u'},   {"Terminal", 't'},    {"WorkingDirectory", 'w'},
                {"Volume", 'v'}, {"Publish", 'p'},     {"PublishExposed", 'P'},
        };

        for (size_t i = 0; i < ELEMENTSOF(letters); i++)
                if (streq(letters[i].key, key))
                        return letters[i].letter;
        return 0;
}

/* "StopTimeoutSec" is "stop-timeout-sec", "CPUQuota" is "cpu-quota". */
static void option_name(const char *key, char ret[static NAME_MAX_])
{
        size_t n = 0;

        for (const char *p = key; *p && n < NAME_MAX_ - 2; p++) {
                /* "CPUs" is one word */
                bool plural = p[1] == 's' && !islower(p[2]);
                bool begins =
                        p > key && isupper(*p) && (islower(p[-1]) || (islower(p[1]) && !plural));

                if (begins)
                        ret[n++] = '-';
                ret[n++] = (char)tolower(*p);
        }
        ret[n] = '\0';
}

static const char *value_name_of(const SettingKey *key)
{
        static const struct {
                const char *key, *value;
        } names[] = {
                {"Entrypoint", "COMMAND"},
                {"Bind", "SOURCE:TARGET"},
                {"Volume", "NAME:TARGET"},
                {"Tmpfs", "TARGET"},
                {"WritableLayerSize", "BYTES"},
                {"Network", "NETWORK"},
                {"Publish", "[HOST:]PORT"},
                {"Bandwidth", "in=RATE,out=RATE"},
                {"Egress", "TO"},
                {"Workspace", "TARGET"},
                {"Profile", "NAME"},
                {"Subnet", "ADDRESS/BITS"},
                {"Bridge", "INTERFACE"},
                {"MTU", "BYTES"},
                {"Description", "TEXT"},
                {"Restart", "WHEN"},
                {"Healthcheck", "COMMAND"},
                {"HealthcheckRetries", "NUMBER"},
                {"HealthAction", "ACTION"},
                {"RestartSteps", "NUMBER"},
                {"StartLimitBurst", "NUMBER"},
                {"Documentation", "URI"},
                {"MemoryMax", "BYTES"},
                {"MemoryHigh", "BYTES"},
                {"MemorySwapMax", "BYTES"},
                {"MemoryLow", "BYTES"},
                {"MemoryMin", "BYTES"},
                {"CPUQuota", "PERCENT"},
                {"CPUWeight", "NUMBER"},
                {"AllowedCPUs", "CPUS"},
                {"TasksMax", "NUMBER"},
                {"IOWeight", "NUMBER"},
                {"IODeviceWeight", "DEVICE NUMBER"},
                {"IOReadBandwidthMax", "DEVICE BYTES"},
                {"IOWriteBandwidthMax", "DEVICE BYTES"},
                {"IOReadIOPSMax", "DEVICE NUMBER"},
                {"IOWriteIOPSMax", "DEVICE NUMBER"},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].key, key->name))
                        return names[i].value;
        if (key->kind == SETTING_STRV &&
            (streq(key->section, "Unit") || streq(key->section, "Install")))
                return "UNIT";
        switch (key->kind) {
        case SETTING_USEC: return "TIME";
        case SETTING_STRV: return "NAME=VALUE";
        default: return "VALUE";
        }
}

typedef struct OptionSpace {
        Option table[SETTINGS_MAX + 1];
        char names[SETTINGS_MAX][NAME_MAX_];
} OptionSpace;

static const Option *make_options(const SettingKey *keys, OptionSpace *space)
{
        Option *table = space->table;
        char(*names)[NAME_MAX_] = space->names;
        size_t n = 0;

        if (table[0].name)
                return table;
        for (const SettingKey *key = keys; key->name && n < SETTINGS_MAX; key++) {
                if (!is_option(key))
                        continue;
                option_name(key->name, names[n]);
                table[n] = (Option){
                        .name = names[n],
                        .letter = letter_of(key->name),
                        .kind = key->kind == SETTING_BOOL ? OPTION_BOOL : OPTION_VALUE,
                        .value_name = value_name_of(key),
                        .help = key->help,
                        .setting = key->name,
                };
                n++;
        }
        return table;
}

const Option *settings_options(void)
{
        static OptionSpace space;

        return make_options(setting_keys(), &space);
}

const Option *network_options(void)
{
        static OptionSpace space;

        return make_options(network_settings_keys(), &space);
}

/* The daemon's working directory is not ours. */
static int append_path(sd_bus_message *m, const char *key, const char *path, Fault *reterr)
{
        _cleanup_free_ char *absolute = realpath(path, NULL);

        if (!absolute)
                return fault_set(reterr, FAULT_INVALID_OPTION, errno, "the directory %s: %s", path,
                                 strerror(errno));
        return client_append_option_string(m, key, absolute);
}

/* "/srv/../etc" */
static bool has_dots(const char *path)
{
        for (const char *p = path; (p = strstr(p, "/.")); p++)
                if (p[2 + (p[2] == '.')] == '/' || p[2 + (p[2] == '.')] == '\0')
                        return true;
        return false;
}

/* Nor is what "--bind=.:/work" means. */
static int push_bind(char ***values, const char *value, Fault *reterr)
{
        size_t n = strcspn(value, ":");
        _cleanup_free_ char *source = strndup(value, n), *absolute = NULL, *entry = NULL;

        if (!source)
                return -ENOMEM;
        if (n == 0 || (source[0] == '/' && !has_dots(source)))
                return strv_push(values, value);
        absolute = realpath(source, NULL);
        if (!absolute)
                return fault_set(reterr, FAULT_INVALID_OPTION, errno, "--bind: %s: %s%s", source,
                                 strerror(errno),
                                 source[0] == '~' ? "; the shell has left '~' as it is, "
                                                    "write \"$HOME\""
                                                  : "");
        if (asprintf(&entry, "%s%s", absolute, value + n) < 0)
                return -ENOMEM;
        return strv_push(values, entry);
}

static int push_value(const SettingKey *key, char ***values, const char *value, Fault *reterr)
{
        if (streq(key->name, "Environment"))
                return environment_push(values, value, reterr);
        if (streq(key->name, "Bind"))
                return push_bind(values, value, reterr);
        return strv_push(values, value);
}

/* "-v /srv:/data", "-v .:/work" and "-v sub/dir:/work" are binds, as podman has it; a volume has a
 * name, or a target alone. */
static bool is_bind(const char *value)
{
        size_t n = strcspn(value, ":");

        return value[n] == ':' && value[n + 1] == '/' &&
               (*value == '.' || *value == '~' || memchr(value, '/', n));
}

static const char *setting_of(const Given *g)
{
        return streq(g->option->setting, "Volume") && is_bind(g->value) ? "Bind"
                                                                        : g->option->setting;
}

int settings_mount_line(const char *word, char **ret, Fault *reterr)
{
        static const char *const keys[] = {"Bind=", "Volume=", "Tmpfs="};
        _cleanup_strv_free_ char **values = NULL;
        const char *key = is_bind(word) ? "Bind=" : "Volume=";

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (strncmp(word, keys[i], strlen(keys[i])) == 0) {
                        key = keys[i];
                        word += strlen(key);
                        break;
                }
        int r = streq(key, "Bind=") ? push_bind(&values, word, reterr) : strv_push(&values, word);
        if (r < 0)
                return r;
        return asprintf(ret, "%s%s", key, values[0]) < 0 ? -ENOMEM : 0;
}

static int collect_values(const Ctl *c, const SettingKey *key, const SettingsExtra *extra,
                          char ***ret, Fault *reterr)
{
        _cleanup_strv_free_ char **values = NULL;
        char *const *before = streq(key->name, "Environment") ? extra->environment
                              : streq(key->name, "Bind")      ? extra->binds
                                                              : NULL;
        int r = 0;

        STRV_FOREACH (s, before) {
                r = strv_push(&values, *s);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < c->args.n_given && r >= 0; i++) {
                const Given *g = &c->args.given[i];

                if (!g->option->setting || !streq(setting_of(g), key->name))
                        continue;
                r = push_value(key, &values, g->value, reterr);
        }
        *ret = TAKE_PTR(values);
        return r;
}

static char *join_words(char *const *words)
{
        char *line = NULL;
        size_t n;
        FILE *f = open_memstream(&line, &n);

        if (!f)
                return NULL;
        STRV_FOREACH (word, words)
                (void)fprintf(f, "%s%s", word == words ? "" : " ", *word);
        if (fclose(f) != 0) {
                free(line);
                return NULL;
        }
        return line;
}

/* Whose value on the command line is the whole of it, words quoted as in the file. */
static bool is_command(const SettingKey *key)
{
        return streq(key->name, "Entrypoint") || streq(key->name, "Healthcheck");
}

static int append_setting(const Ctl *c, sd_bus_message *m, const SettingKey *key,
                          const SettingsExtra *extra, Fault *reterr)
{
        _cleanup_strv_free_ char **values = NULL;
        int r = collect_values(c, key, extra, &values, reterr);
        size_t n = strv_length(values);

        if (r < 0)
                return r;
        if (n == 0) {
                for (const char *const *p = extra->pairs; p && *p; p += 2)
                        if (streq(p[0], key->name))
                                return client_append_option_string(m, p[0], p[1]);
                return 0;
        }
        if (is_command(key) && *values[n - 1])
                return client_append_option_string(m, key->name, values[n - 1]);
        if (key->kind == SETTING_STRV && (n > 1 || *values[0] || is_command(key)))
                return client_append_option_strv(m, key->name, values);
        if (streq(key->name, "RootDirectory"))
                return append_path(m, key->name, values[n - 1], reterr);
        if (!is_list(key))
                return client_append_option_string(m, key->name, values[n - 1]);
        _cleanup_free_ char *line = join_words(values);
        return line ? client_append_option_string(m, key->name, line) : -ENOMEM;
}

static int append_all(const Ctl *c, sd_bus_message *m, const SettingKey *keys,
                      const SettingsExtra *extra, Fault *reterr)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (const SettingKey *key = keys; r >= 0 && key->name; key++)
                if (is_option(key))
                        r = append_setting(c, m, key, extra, reterr);
        if (r >= 0 && extra->command && *extra->command)
                r = client_append_option_strv(m, "Command", extra->command);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

int settings_append(const Ctl *c, sd_bus_message *m, const SettingsExtra *extra, Fault *reterr)
{
        return append_all(c, m, setting_keys(), extra, reterr);
}

int network_settings_append(const Ctl *c, sd_bus_message *m, Fault *reterr)
{
        return append_all(c, m, network_settings_keys(), &(SettingsExtra){0}, reterr);
}
