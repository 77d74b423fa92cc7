/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files read and written whole. */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/** write_all() - write every byte, through short writes and EINTR
 * Return: 0; negative errno. */
int write_all(int fd, const void *data, size_t n);

/** read_file_at() - a regular file of at most @max bytes
 * @dirfd,@name as for openat(2); opened without following links, never blocking on a FIFO
 * @ret         newly allocated, NUL-terminated, caller frees
 * @ret_n       bytes without the NUL; may be NULL
 * Return: 0; -EFBIG too large; -EBADFD not a regular file; else from open(2), read(2). */
int read_file_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_n);

/** directory_is_empty() - has it no entry but "." and ".."?
 * @dirfd any descriptor of it, O_PATH too; its position does not change
 * Return: 1 it is empty; 0 it is not; negative errno. */
int directory_is_empty(int dirfd);

/** write_file_atomic_at() - replace a file so that a crash leaves the old or the new one, never a
 * part Written to a temporary name, synced, renamed, directory synced. Return: 0; negative errno,
 * with the temporary file removed. */
int write_file_atomic_at(int dirfd, const char *name, const void *data, size_t n, mode_t mode);

/** write_string_at() - write a string to an existing kernel file (cgroup, proc) in one write(2) */
int write_string_at(int dirfd, const char *name, const char *s);

/** sealed_memfd() - an anonymous read-only copy of some bytes
 * Return: descriptor with all seals set, O_CLOEXEC; negative errno. */
int sealed_memfd(const char *name, const void *data, size_t n);

/** now_usec() - @clock in µs */
uint64_t now_usec(clockid_t clock);
