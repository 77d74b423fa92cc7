/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/options.h"

#include "base/text.h"
#include "spec/settings.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_BYTES_MAX (1U << 20)

void options_init(Options *o)
{
        *o = (Options){.timeout_usec = UINT64_MAX, .attach = OPTION_STDIO_NONE};
}

void options_done(Options *o)
{
        for (int i = 0; i < 3; i++)
                (void)close_fd(o->attach[i]);
        free(o->user);
        free(o->working_directory);
        free(o->input);
        strv_free(o->environment);
        strv_free(o->command);
        options_init(o);
}

/* A terminal that has hung up gives an error of its own, and may be somebody's again. */
static bool is_terminal(int fd)
{
        return isatty(fd) || (errno != ENOTTY && errno != EINVAL);
}

static int check_descriptor(uint32_t number, int fd, Fault *reterr)
{
        const char *what;
        struct stat st;
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (flags & O_PATH)
                what = "only a path, which can be neither read nor written";
        else if (S_ISDIR(st.st_mode))
                what = "a directory";
        else if (S_ISCHR(st.st_mode) && is_terminal(fd))
                what = "a terminal, which a machine must not get hold of";
        else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISREG(st.st_mode) ||
                 S_ISCHR(st.st_mode))
                return 0;
        else
                what = "of a kind that a machine must not get hold of";
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "descriptor %u is %s; pass a pipe, a socket or a regular file", number,
                         what);
}

int options_read_fds(sd_bus_message *m, int ret[static 3], Fault *reterr)
{
        uint32_t number;
        int fd, r;

        r = sd_bus_message_enter_container(m, 'a', "{uh}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{uh}", &number, &fd)) > 0) {
                if (number > 2 || ret[number] >= 0)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "descriptors are for 0, 1 and 2, each once; not for %u",
                                         number);
                r = check_descriptor(number, fd, reterr);
                if (r < 0)
                        return r;
                ret[number] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                if (ret[number] < 0)
                        return -errno;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_timeout(sd_bus_message *m, const char *type, uint64_t *ret)
{
        const char *text;

        if (streq(type, "t"))
                return sd_bus_message_read(m, "v", "t", ret);
        int r = sd_bus_message_read(m, "v", "s", &text);
        return r < 0 ? r : parse_usec(text, ret);
}

static int read_string(sd_bus_message *m, char **ret)
{
        const char *text;
        int r = sd_bus_message_read(m, "v", "s", &text);

        if (r < 0)
                return r;
        free(*ret);
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static int read_bytes(sd_bus_message *m, const char *type, Options *o, Fault *reterr)
{
        const void *data;
        const char *text;
        size_t n;

        int r = sd_bus_message_enter_container(m, 'v', type);
        if (r >= 0 && streq(type, "s")) {
                r = sd_bus_message_read(m, "s", &text);
                data = r < 0 ? NULL : text;
                n = r < 0 ? 0 : strlen(text);
        } else if (r >= 0)
                r = sd_bus_message_read_array(m, 'y', &data, &n);
        if (r < 0)
                return r;
        if (n > INPUT_BYTES_MAX) /* it is kept while the caller waits for authorization */
                return fault_set(reterr, FAULT_INVALID_OPTION, E2BIG,
                                 "option 'Input' has %zu bytes, at most %u are taken", n,
                                 INPUT_BYTES_MAX);
        free(o->input);
        o->input = malloc(n + 1);
        if (!o->input)
                return -ENOMEM;
        memcpy(o->input, data, n);
        o->n_input = n;
        return sd_bus_message_exit_container(m);
}

int options_read_strv(sd_bus_message *m, char ***ret, Fault *reterr)
{
        _cleanup_strv_free_ char **words = calloc(OPTION_WORDS_MAX + 1, sizeof(char *));
        const char *word;
        size_t n = 0;
        int r;

        if (!words)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &word)) > 0) {
                if (n == OPTION_WORDS_MAX)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "a list may have at most %d words", OPTION_WORDS_MAX);
                words[n] = strdup(word);
                if (!words[n++])
                        return -ENOMEM;
        }
        r = r < 0 ? r : sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        strv_free(*ret);
        *ret = TAKE_PTR(words);
        return 0;
}

static int read_strv(sd_bus_message *m, char ***ret, Fault *reterr)
{
        int r = sd_bus_message_enter_container(m, 'v', "as");

        r = r < 0 ? r : options_read_strv(m, ret, reterr);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_attach(sd_bus_message *m, Options *o, Fault *reterr)
{
        int r = sd_bus_message_enter_container(m, 'v', "a{uh}");

        r = r < 0 ? r : options_read_fds(m, o->attach, reterr);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, OptionKey key, const char *name, const char *type,
                      Options *o, Fault *reterr)
{
        int b, r;

        switch (key) {
        case OPTION_TIMEOUT: return read_timeout(m, type, &o->timeout_usec);
        case OPTION_FORCE:
                r = sd_bus_message_read(m, "v", "b", &b);
                o->force = r >= 0 && b;
                return r;
        case OPTION_ATTACH: return read_attach(m, o, reterr);
        case OPTION_USER: return read_string(m, &o->user);
        case OPTION_WORKING_DIRECTORY: return read_string(m, &o->working_directory);
        case OPTION_ENVIRONMENT: return read_strv(m, &o->environment, reterr);
        case OPTION_COMMAND: return read_strv(m, &o->command, reterr);
        case OPTION_INPUT: return read_bytes(m, type, o, reterr);
        case OPTION_SIZE:
                return sd_bus_message_read(m, "v", "q",
                                           streq(name, "Rows") ? &o->rows : &o->columns);
        }
        return -EINVAL;
}

static const struct {
        const char *name;
        OptionKey key;
        const char *types; /* separated by '|' */
} known_options[] = {
        {"TimeoutSec", OPTION_TIMEOUT, "s|t"},
        {"Force", OPTION_FORCE, "b"},
        {"Attach", OPTION_ATTACH, "a{uh}"},
        {"User", OPTION_USER, "s"},
        {"Environment", OPTION_ENVIRONMENT, "as"},
        {"WorkingDirectory", OPTION_WORKING_DIRECTORY, "s"},
        {"Input", OPTION_INPUT, "ay|s"},
        {"Command", OPTION_COMMAND, "as"},
        {"Rows", OPTION_SIZE, "q"},
        {"Columns", OPTION_SIZE, "q"},
};

static bool type_fits(const char *types, const char *type)
{
        size_t n = strlen(type);

        for (const char *t = types; t; t = strchr(t, '|') ? strchr(t, '|') + 1 : NULL)
                if (strcspn(t, "|") == n && strncmp(t, type, n) == 0)
                        return true;
        return false;
}

static int read_option(sd_bus_message *m, const char *name, unsigned known, unsigned *seen,
                       Options *o, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(name, 64);
        const char *type;
        size_t i = 0;

        while (i < ELEMENTSOF(known_options) &&
               !(known & known_options[i].key && streq(known_options[i].name, name)))
                i++;
        if (i == ELEMENTSOF(known_options))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "option '%s' is not known here", shown ?: "");
        if (*seen & 1U << i)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "option '%s' is given twice",
                                 name);
        *seen |= 1U << i;
        int r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
                return r;
        if (!type_fits(known_options[i].types, type))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "option '%s' is of type %s, not %s", name, known_options[i].types,
                                 type);
        r = read_value(m, known_options[i].key, name, type, o, reterr);
        return r < 0 ? fault_set(reterr, FAULT_INVALID_OPTION, r,
                                 "the value of option '%s' is malformed", name)
                     : 0;
}

/* What a program is started with is held to the same rules as the definition of a machine. */
static int check_as_setting(Settings *s, const char *key, const char *string, char *const *strv,
                            Fault *reterr)
{
        SettingValue v = {
                .kind = string ? SETTING_STRING : SETTING_STRV,
                .string = string,
                .strv = strv,
        };

        return string || strv ? settings_set(s, key, &v, reterr) : 0;
}

int options_check_program(const Options *o, char *const *argv, Fault *reterr)
{
        _cleanup_settings_ Settings s;

        settings_init(&s);
        int r = check_as_setting(&s, "Command", NULL, argv ?: o->command, reterr);
        r = r < 0 ? r : check_as_setting(&s, "Environment", NULL, o->environment, reterr);
        r = r < 0 ? r : check_as_setting(&s, "User", o->user, NULL, reterr);
        return r < 0 ? r
                     : check_as_setting(&s, "WorkingDirectory", o->working_directory, NULL, reterr);
}

int options_read(sd_bus_message *m, unsigned known, Options *o, Fault *reterr)
{
        unsigned seen = 0;
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                r = r < 0 ? r : read_option(m, name, known, &seen, o, reterr);
                r = r < 0 ? r : sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
