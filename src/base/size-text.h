/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes as people read them. */
#pragma once

#include <stdint.h>

#define SIZE_TEXT_MAX 16

/** size_text() - "512B", "58.0M", "1.2G": powers of 1024
 * Return: @buf. */
const char *size_text(uint64_t bytes, char buf[static SIZE_TEXT_MAX]);
