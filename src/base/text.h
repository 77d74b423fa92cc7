/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings: string vectors, strict numbers, and text of strangers made fit to show. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool streq(const char *a, const char *b)
{
        return a == b || (a && b && __builtin_strcmp(a, b) == 0);
}

#define STRV_FOREACH(s, v) for (char **s = (char **)(v); s && *s; s++)

/** strv_free() - free a NULL-terminated vector and its strings
 * Return: always NULL. */
char **strv_free(char **v);
/** strv_length() - number of strings; 0 for NULL */
size_t strv_length(char *const *v);
/** strv_copy() - deep copy
 * Return: new vector (never NULL for a non-NULL @v unless OOM), caller frees. */
char **strv_copy(char *const *v);
/** strv_push() - append a copy of @s
 * Return: 0, -ENOMEM; *@v is unchanged on failure. */
int strv_push(char ***v, const char *s);
/** strv_limit() - shorten the vector to what takes at most @max bytes, the pointers included
 * A string that is cut ends with "..." and stays valid UTF-8 if it was; what follows is dropped. */
void strv_limit(char ***v, size_t max);
/** strv_contains() - is it one of them? */
bool strv_contains(char *const *v, const char *s);
/** strv_equal() - the same strings in the same order? NULL equals an empty vector */
bool strv_equal(char *const *a, char *const *b);

static inline void strv_freep(char ***v)
{
        strv_free(*v);
}
#define _cleanup_strv_free_ _cleanup_(strv_freep)

/** parse_u64() - a whole string of decimal digits
 * Strict: no sign, space, prefix, suffix or overflow.
 * Return: 0; -EINVAL; -ERANGE if above @max. */
int parse_u64(const char *s, uint64_t max, uint64_t *ret);

/** parse_bool() - yes/no, true/false, on/off, 1/0 as systemd takes them
 * Return: 0, 1; -EINVAL. */
int parse_bool(const char *s);

/** parse_usec() - a time span: "90", "90s", "1min 30s", "500ms", "infinity"; a bare number is
 * seconds
 * @ret µs; UINT64_MAX for "infinity"
 * Return: 0; -EINVAL; -ERANGE. Source: systemd.time(7), units usec..h. */
int parse_usec(const char *s, uint64_t *ret);

/** parse_bytes() - a size: "1048576", "1024K", "1M"; K, M, G and T are powers of 1024
 * Return: 0; -EINVAL; -ERANGE. */
int parse_bytes(const char *s, uint64_t *ret);

/** parse_signal() - "SIGTERM", "TERM", "15", "SIGRTMIN+3", "RTMIN+3"
 * Return: the number; -EINVAL. */
int parse_signal(const char *s);

/** signal_name() - "SIGTERM", "SIGRTMIN+3"
 * @buf at least 16 bytes
 * Return: @buf, or a static string; a number's digits where there is no name. */
const char *signal_name(int sig, char buf[static 16]);

/** text_for_display() - foreign bytes as one printable UTF-8 line
 * Control characters, bytes that are not UTF-8 and the bidirectional overrides become '?'; the
 * result is cut to @max bytes, with "..." in place of the rest. Return: newly allocated, caller
 * frees; NULL on OOM. */
char *text_for_display(const char *s, size_t max);

/** utf8_is_well_formed() - whole string valid UTF-8 as sd-bus takes it, control characters
 * included? Noncharacters like U+FFFE are refused here and below. */
bool utf8_is_well_formed(const char *s);

/** utf8_is_valid() - whole string valid UTF-8 without control characters other than \n and \t? */
bool utf8_is_valid(const char *s);
