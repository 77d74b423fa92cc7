/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/terminal.h"

#include "base/cleanup.h"

#include <sys/ioctl.h>
#include <termios.h>

static struct termios before;
static bool changed;

bool terminal_is_both(void)
{
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int terminal_make_raw(void)
{
        struct termios raw;

        if (!changed && tcgetattr(STDIN_FILENO, &before) < 0)
                return -errno;
        raw = before;
        cfmakeraw(&raw);
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
                return -errno;
        changed = true;
        return 0;
}

void terminal_restore(void)
{
        if (changed)
                (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
        changed = false;
}

int terminal_size(uint16_t *ret_rows, uint16_t *ret_columns)
{
        struct winsize size;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 &&
            ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
                return -errno;
        *ret_rows = size.ws_row;
        *ret_columns = size.ws_col;
        return 0;
}
