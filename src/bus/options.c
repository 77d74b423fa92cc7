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
        *o = (Options){
                .timeout_usec = UINT64_MAX,
                .attach = OPTION_STDIO_NONE,
                .auth_file = -EBADF,
                .owner = UINT32_MAX,
        };
}

/* Which are simply a string, a list or a switch. */
static const struct {
        const char *name;
        OptionKey key;
        const char *type;
        size_t offset;
} plain_options[] = {
        {"Force", OPTION_FORCE, "b", offsetof(Options, force)},
        {"User", OPTION_USER, "s", offsetof(Options, user)},
        {"Environment", OPTION_ENVIRONMENT, "as", offsetof(Options, environment)},
        {"WorkingDirectory", OPTION_WORKING_DIRECTORY, "s", offsetof(Options, working_directory)},
        {"Command", OPTION_COMMAND, "as", offsetof(Options, command)},
        {"Rows", OPTION_SIZE, "q", offsetof(Options, rows)},
        {"Columns", OPTION_SIZE, "q", offsetof(Options, columns)},
        {"Token", OPTION_TOKEN, "s", offsetof(Options, token)},
        {"Name", OPTION_NAME, "s", offsetof(Options, name)},
        {"Platform", OPTION_PLATFORM, "s", offsetof(Options, platform)},
        {"Username", OPTION_REGISTRY, "s", offsetof(Options, username)},
        {"Password", OPTION_REGISTRY, "s", offsetof(Options, password)},
        {"Insecure", OPTION_REGISTRY, "b", offsetof(Options, insecure)},
        {"Type", OPTION_TYPE, "s", offsetof(Options, type)},
        {"Format", OPTION_FORMAT, "s", offsetof(Options, format)},
        {"Compression", OPTION_COMPRESSION, "s", offsetof(Options, compression)},
        {"Author", OPTION_COMMIT, "s", offsetof(Options, author)},
        {"Message", OPTION_COMMIT, "s", offsetof(Options, message)},
        {"NoPause", OPTION_COMMIT, "b", offsetof(Options, no_pause)},
        {"Entrypoint", OPTION_COMMIT, "as", offsetof(Options, entrypoint)},
        {"Label", OPTION_COMMIT, "as", offsetof(Options, label)},
        {"Volume", OPTION_COMMIT, "as", offsetof(Options, volume)},
        {"ExposedPort", OPTION_COMMIT, "as", offsetof(Options, exposed_port)},
        {"StopSignal", OPTION_COMMIT, "s", offsetof(Options, stop_signal)},
        {"KeepIdentity", OPTION_IDENTITY, "b", offsetof(Options, keep_identity)},
        {"Hostname", OPTION_IDENTITY, "s", offsetof(Options, hostname)},
        {"Images", OPTION_PRUNE, "b", offsetof(Options, images)},
        {"Volumes", OPTION_PRUNE, "b", offsetof(Options, volumes)},
        {"Deep", OPTION_DEEP, "b", offsetof(Options, deep)},
        {"Owner", OPTION_OWNER, "u", offsetof(Options, owner)},
        {"Persist", OPTION_PERSIST, "b", offsetof(Options, persist)},
        {"Runtime", OPTION_RUNTIME, "b", offsetof(Options, runtime)},
        {"DryRun", OPTION_DRY_RUN, "b", offsetof(Options, dry_run)},
        {"Replace", OPTION_REPLACE, "b", offsetof(Options, replace)},
        {"Archive", OPTION_COPY_TO, "b", offsetof(Options, archive)},
        {"Rename", OPTION_COPY_TO, "b", offsetof(Options, rename)},
        {"Home", OPTION_HOME, "b", offsetof(Options, home)},
        {"FollowLinks", OPTION_COPY_FROM, "b", offsetof(Options, follow_links)},
};

/* Which are read by a function of their own; the types are separated by '|'. */
static const struct {
        const char *name;
        OptionKey key;
        const char *type;
} other_options[] = {
        {"TimeoutSec", OPTION_TIMEOUT, "s|t"},
        {"Attach", OPTION_ATTACH, "a{uh}"},
        {"Input", OPTION_INPUT, "ay|s"},
        {"AuthFile", OPTION_REGISTRY, "h"},
};

#define N_OPTIONS (ELEMENTSOF(plain_options) + ELEMENTSOF(other_options))

static void *field_of(Options *o, size_t i)
{
        return (char *)o + plain_options[i].offset;
}

void options_done(Options *o)
{
        for (int i = 0; i < 3; i++)
                (void)close_fd(o->attach[i]);
        (void)close_fd(o->auth_file);
        free(o->input);
        for (size_t i = 0; i < ELEMENTSOF(plain_options); i++)
                if (streq(plain_options[i].type, "s"))
                        free(*(char **)field_of(o, i));
                else if (streq(plain_options[i].type, "as"))
                        strv_free(*(char ***)field_of(o, i));
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

int options_read_stream(sd_bus_message *m, bool write, int *ret, Fault *reterr)
{
        int fd, r = sd_bus_message_read(m, "h", &fd);
        struct stat st;

        if (r < 0)
                return r;
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fstat(fd, &st) < 0)
                return -errno;
        int unwanted = write ? O_RDONLY : O_WRONLY;
        bool is_directory = S_ISDIR(st.st_mode) && !write;
        if (!is_directory && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) &&
            !S_ISSOCK(st.st_mode) && !S_ISBLK(st.st_mode))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the descriptor is neither a file%s nor a pipe",
                                 write ? "" : ", a directory");
        if (flags & O_PATH || (flags & O_ACCMODE) == unwanted)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the descriptor is not open for %s",
                                 write ? "writing" : "reading");
        (void)close_fd(*ret);
        *ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return *ret < 0 ? -errno : 0;
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

static int read_auth_file(sd_bus_message *m, Options *o, Fault *reterr)
{
        int r = sd_bus_message_enter_container(m, 'v', "h");

        r = r < 0 ? r : options_read_stream(m, false, &o->auth_file, reterr);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_plain(sd_bus_message *m, size_t i, Options *o, Fault *reterr)
{
        const char *type = plain_options[i].type;
        void *field = field_of(o, i);
        int b = 0;

        if (streq(type, "s"))
                return read_string(m, field);
        if (streq(type, "as"))
                return read_strv(m, field, reterr);
        if (!streq(type, "b"))
                return sd_bus_message_read(m, "v", type, field);
        int r = sd_bus_message_read(m, "v", "b", &b);
        *(bool *)field = r >= 0 && b;
        return r;
}

static int read_value(sd_bus_message *m, size_t i, const char *type, Options *o, Fault *reterr)
{
        if (i < ELEMENTSOF(plain_options))
                return read_plain(m, i, o, reterr);
        switch (other_options[i - ELEMENTSOF(plain_options)].key) {
        case OPTION_TIMEOUT: return read_timeout(m, type, &o->timeout_usec);
        case OPTION_ATTACH: return read_attach(m, o, reterr);
        case OPTION_INPUT: return read_bytes(m, type, o, reterr);
        case OPTION_REGISTRY: return read_auth_file(m, o, reterr);
        default: return -EINVAL;
        }
}

/* The number of an option, of both tables; N_OPTIONS: not known here. */
static size_t find_option(const char *name, unsigned known, const char **ret_types)
{
        size_t i, n = ELEMENTSOF(plain_options);

        for (i = 0; i < n; i++)
                if (known & plain_options[i].key && streq(plain_options[i].name, name)) {
                        *ret_types = plain_options[i].type;
                        return i;
                }
        for (i = 0; i < ELEMENTSOF(other_options); i++)
                if (known & other_options[i].key && streq(other_options[i].name, name)) {
                        *ret_types = other_options[i].type;
                        return n + i;
                }
        return N_OPTIONS;
}

static bool type_fits(const char *types, const char *type)
{
        size_t n = strlen(type);

        for (const char *t = types; t; t = strchr(t, '|') ? strchr(t, '|') + 1 : NULL)
                if (strcspn(t, "|") == n && strncmp(t, type, n) == 0)
                        return true;
        return false;
}

static int read_option(sd_bus_message *m, const char *name, unsigned known, uint64_t *seen,
                       Options *o, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(name, 64);
        const char *type, *types = NULL;
        size_t i = find_option(name, known, &types);

        if (i == N_OPTIONS)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "option '%s' is not known here", shown ?: "");
        if (*seen & UINT64_C(1) << i)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "option '%s' is given twice",
                                 name);
        *seen |= UINT64_C(1) << i;
        int r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
                return r;
        if (!type_fits(types, type))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "option '%s' is of type %s, not %s", name, types, type);
        r = read_value(m, i, type, o, reterr);
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
        uint64_t seen = 0;
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
