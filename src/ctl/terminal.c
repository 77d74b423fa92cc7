/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/terminal.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <termios.h>

static struct termios before;
static bool changed;

bool terminal_is_both(void)
{
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool locale_is_utf8(void)
{
        static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
        const char *chosen = NULL;

        for (size_t i = 0; i < ELEMENTSOF(names) && !chosen; i++) {
                chosen = getenv(names[i]);
                if (chosen && !*chosen)
                        chosen = NULL;
        }
        locale_t locale = chosen ? newlocale(LC_CTYPE_MASK, chosen, (locale_t)0) : (locale_t)0;
        bool utf8 = !chosen || (locale && streq(nl_langinfo_l(CODESET, locale), "UTF-8"));
        if (locale)
                freelocale(locale);
        return utf8;
}

bool terminal_takes_utf8(void)
{
        static int known = -1;

        if (known < 0)
                known = (!isatty(STDOUT_FILENO) && !isatty(STDERR_FILENO)) || locale_is_utf8();
        return known;
}

static int change_mode(void (*change)(struct termios *mode))
{
        struct termios mode;

        if (!changed && tcgetattr(STDIN_FILENO, &before) < 0)
                return -errno;
        mode = before;
        change(&mode);
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) < 0)
                return -errno;
        changed = true;
        return 0;
}

int terminal_make_raw(void)
{
        return change_mode(cfmakeraw);
}

static void without_lines(struct termios *mode)
{
        mode->c_lflag &= ~(tcflag_t)(ICANON | ECHO);
}

int terminal_take_keys(void)
{
        return change_mode(without_lines);
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
