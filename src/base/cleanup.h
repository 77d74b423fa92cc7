/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scope-exit kit: every owning local carries one of these. Leave a scope with TAKE_PTR/TAKE_FD.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _noreturn_     __attribute__((noreturn))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MIN2(a, b)    ((a) < (b) ? (a) : (b))

#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                typeof(p) *_pp = &(p);                                                             \
                typeof(p) _v = *_pp;                                                               \
                *_pp = NULL;                                                                       \
                _v;                                                                                \
        })
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int *_pfd = &(fd);                                                                 \
                int _v = *_pfd;                                                                    \
                *_pfd = -EBADF;                                                                    \
                _v;                                                                                \
        })

static inline void freep(void *p)
{
        free(*(void **)p);
}

/** close_fd() - close a descriptor if there is one, keeping errno
 * Return: always -EBADF, so that a variable can be reset in one line. */
static inline int close_fd(int fd)
{
        if (fd >= 0) {
                int saved = errno;

                (void)close(fd); /* an error here says nothing that the caller could act on */
                errno = saved;
        }
        return -EBADF;
}

static inline void closep(int *fd)
{
        *fd = close_fd(*fd);
}

static inline void fclosep(FILE **f)
{
        if (*f)
                (void)fclose(*f);
}

static inline void closedirp(DIR **d)
{
        if (*d)
                (void)closedir(*d);
}

#define _cleanup_free_     _cleanup_(freep)
#define _cleanup_close_    _cleanup_(closep)
#define _cleanup_fclose_   _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)
