/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the values of the vocabulary are read, checked and written. Private to spec. libc only. */
#pragma once

#include "spec/vocabulary.h"

#define SETTING_VALUE_SIZE_MAX 16 /* of what lies in the struct itself */

/* Limits of lists: an argument or environment that execve(2) would refuse fails at the start of a
 * machine, so it is refused where somebody can still be told. */
#define SETTING_WORDS_MAX       1024U
#define SETTING_WORD_SIZE_MAX   (128U << 10) /* the kernel's MAX_ARG_STRLEN */
#define SETTING_WORDS_SIZE_MAX  (1U << 20)
#define SETTING_STRING_SIZE_MAX 4096U

typedef struct SettingType {
        const char *allowed; /* ends "KEY='x' is not valid: " */

        /* char * and char ** fields: may @s be (one element of) the value? @ret_why: set where
         * ->allowed does not tell */
        bool (*check)(const char *s, const char **ret_why);
        /* likewise: what of several ways to write it is kept. Return: 0; -ENOMEM. */
        int (*canonical)(const char *s, char **ret);
        bool is_list;
        bool one_a_line; /* a list is written with one element a line */
        bool is_raw;     /* likewise, and without quotes and escapes, as systemd takes it */
        bool whole_line; /* of those: blanks separate nothing, a line is an element */
        /* a word that says that nothing is in the list: it takes the place of what was there, and
         * what is added later takes its own */
        const char *none;

        /* other fields */
        size_t size;
        bool adds; /* to what is in @field, like a list */
        /* Return: 0; -EINVAL. */
        int (*parse)(const char *s, void *field);
        /* @ret: newly allocated, or NULL for "not given". Return: 0; -ENOMEM. */
        int (*format)(const void *field, char **ret);
} SettingType;

extern const SettingType setting_text, setting_profile, setting_image, setting_root_directory,
        setting_path, setting_user, setting_hostname, setting_command, setting_environment,
        setting_label, setting_bind, setting_volume, setting_tmpfs, setting_network,
        setting_publish, setting_egress, setting_subnet, setting_link_name, setting_units,
        setting_uri, setting_condition;
extern const SettingType setting_id, setting_uid, setting_timestamp, setting_bool,
        setting_optional_bool, setting_signal, setting_usec, setting_bytes, setting_writable_layer,
        setting_writable_medium, setting_restart, setting_count, setting_health_action,
        setting_bandwidth, setting_mtu, setting_ready_when, setting_capabilities,
        setting_capabilities_or_all;
extern const SettingType setting_memory_max, setting_memory, setting_tasks_max, setting_cpu_quota,
        setting_cpu_weight, setting_io_weight, setting_cpus, setting_device_weight,
        setting_device_bytes, setting_device_count, setting_rlimit_bytes, setting_rlimit_number,
        setting_rlimit_time;

/** setting_format_number() - a value in decimal digits; for SettingType.format */
int setting_format_number(uint64_t v, char **ret);
/** setting_format_bytes() - the same with K, M, G or T where that is exact */
int setting_format_bytes(uint64_t v, char **ret);

/** setting_assign() - parse a value in the file's syntax
 * @text    not empty; from anybody
 * @append  a list keeps what it has
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; -ENOMEM. @s is unchanged on failure. */
int setting_assign(const Vocabulary *v, void *s, const SettingKey *key, const char *text,
                   bool append, Fault *reterr);

/** setting_assign_words() - the same for a list whose words are apart already
 * @words may be empty */
int setting_assign_words(void *s, const SettingKey *key, char *const *words, bool append,
                         Fault *reterr);

/** setting_is_none() - is the word that says so all there is in the list? @words: NULL is none */
bool setting_is_none(const SettingKey *key, char *const *words);

/** setting_lines() - the values of a key's lines in a file, that come to what @s says
 * @ret caller frees; empty: nothing is set
 * Return: 1 it differs from the default, 0 it is the default; -ENOMEM. */
int setting_lines(const Vocabulary *v, const void *s, const SettingKey *key, char ***ret);

/** setting_reset() - back to the default */
void setting_reset(const Vocabulary *v, void *s, const SettingKey *key);

/** setting_unknown() - the sentence for a key that does not exist
 * Return: -EINVAL. */
int setting_unknown(const Vocabulary *v, const char *name, Fault *reterr);
