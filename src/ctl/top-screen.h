/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole terminal for something that changes, until a key or a signal ends it; then the terminal
 * is as it was before, whatever happened. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct TopScreen {
        void *userdata;
        /* get what is to be shown. Return: EXIT_OK; another exit status to end with, having been
         * reported; -1: that was all. */
        int (*sample)(void *userdata);
        /* print it to standard output. Return: an exit status */
        int (*draw)(void *userdata, unsigned n_rows);
        /* Return: 0 to end; 1 to draw again. */
        int (*key)(void *userdata, char key);
} TopScreen;

/** top_screen_is_possible() - are there a keyboard and a screen? */
bool top_screen_is_possible(void);

/** top_screen_run() - show it every @interval_usec
 * Return: exit status; 128 + N if signal N ended it. */
int top_screen_run(const TopScreen *s, uint64_t interval_usec);
