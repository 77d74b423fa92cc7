/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The a{sv} that ends every changing method: known keys of the right type, or an error that names
 * them. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#define OPTION_WORDS_MAX 1024
#define OPTION_STDIO_NONE                                                                          \
        {                                                                                          \
                -EBADF, -EBADF, -EBADF                                                             \
        }

/* Everything that any method takes as an option. */
typedef struct Options {
        uint64_t timeout_usec; /* UINT64_MAX: not given */
        bool force, insecure, images, volumes, deep, keep_identity, no_pause, persist, runtime,
                dry_run, replace, archive, rename, follow_links, home;
        int attach[3]; /* owned; -EBADF: not given */
        int auth_file; /* likewise */
        char *user, *working_directory;
        char *name, *platform, *username, *password, *token, *type, *format, *compression;
        char *author, *message, *hostname;
        char *stop_signal;
        char **environment, **command, **entrypoint, **label, **volume, **exposed_port;
        uint32_t owner; /* UINT32_MAX: not given */
        void *input;
        size_t n_input;
        uint16_t rows, columns;
} Options;

typedef enum OptionKey {
        OPTION_TIMEOUT = 1 << 0,
        OPTION_FORCE = 1 << 1,
        OPTION_ATTACH = 1 << 2,
        OPTION_USER = 1 << 3,
        OPTION_ENVIRONMENT = 1 << 4,
        OPTION_WORKING_DIRECTORY = 1 << 5,
        OPTION_INPUT = 1 << 6,
        OPTION_COMMAND = 1 << 7,
        OPTION_SIZE = 1 << 8, /* Rows and Columns */
        OPTION_TOKEN = 1 << 9,
        OPTION_NAME = 1 << 10,
        OPTION_PLATFORM = 1 << 11,
        OPTION_REGISTRY = 1 << 12, /* AuthFile, Username, Password, Insecure */
        OPTION_TYPE = 1 << 13,
        OPTION_FORMAT = 1 << 14,
        OPTION_COMPRESSION = 1 << 15,
        OPTION_COMMIT = 1 << 16,   /* what only Commit() has */
        OPTION_IDENTITY = 1 << 17, /* KeepIdentity, Hostname */
        OPTION_PRUNE = 1 << 18,    /* Images, Volumes */
        OPTION_DEEP = 1 << 19,
        OPTION_OWNER = 1 << 20,
        OPTION_PERSIST = 1 << 21,
        OPTION_RUNTIME = 1 << 22,
        OPTION_DRY_RUN = 1 << 23,
        OPTION_REPLACE = 1 << 24,
        OPTION_COPY_TO = 1 << 25,   /* Archive, Rename */
        OPTION_COPY_FROM = 1 << 26, /* FollowLinks */
        OPTION_HOME = 1 << 27,
} OptionKey;

/** options_init() - nothing given */
void options_init(Options *o);
/** options_done() - free what was read */
void options_done(Options *o);

/** options_read() - read the options of a call
 * @known set of OptionKey; any other is refused by its name
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; negative errno. */
int options_read(sd_bus_message *m, unsigned known, Options *o, Fault *reterr);

/** options_read_strv() - read an "as" of at most OPTION_WORDS_MAX words
 * sd_bus_message_read_strv(3) takes seconds over 100,000 words.
 * @ret new vector (not NULL), caller frees
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; negative errno. */
int options_read_strv(sd_bus_message *m, char ***ret, Fault *reterr);

/** options_check_program() - may a program be started with these options?
 * @argv NULL: the option Command
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION as for the settings of these names. */
int options_check_program(const Options *o, char *const *argv, Fault *reterr);

/** options_read_stream() - read an "h": a file of the caller's, to read from or to write to
 * @write   it must be open for writing; else for reading
 * @ret     owned duplicate
 * A directory is taken for reading; a terminal never.
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; negative errno. */
int options_read_stream(sd_bus_message *m, bool write, int *ret, Fault *reterr);

/** options_read_fds() - read an a{uh}: the caller's 0, 1 and 2
 * @ret owned duplicates
 * A directory or a terminal is refused: the guest must not get at the host's through it.
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; negative errno. */
int options_read_fds(sd_bus_message *m, int ret[static 3], Fault *reterr);
