/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a copy. */
#pragma once

#include "base/fault.h"

#include <stdint.h>

/* What was done, and what was not. */
typedef struct CopyResult {
        uint64_t n_entries;
        uint64_t n_left_out;   /* devices and sockets */
        uint64_t n_attributes; /* that the file system, or the caller, may not have */
        uint64_t n_changed;    /* files that went, or had another size, while they were read */
} CopyResult;

/** copy_result_text() - what was not copied, as a sentence
 * Return: newly allocated, caller frees; NULL if there is nothing to tell, or on OOM. */
char *copy_result_text(const CopyResult *r);

/** copy_fault() - "'PATH' ..."
 * @path   of a stranger: is made fit to show
 * @format what is wrong with it
 * Return: -@error. */
int copy_fault(Fault *reterr, int error, const char *path, const char *format, ...) _printf_(4, 5);
