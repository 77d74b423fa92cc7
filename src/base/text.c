/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <signal.h>
#include <string.h>

char **strv_free(char **v)
{
        STRV_FOREACH (s, v)
                free(*s);
        free(v);
        return NULL;
}

size_t strv_length(char *const *v)
{
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

char **strv_copy(char *const *v)
{
        size_t n = strv_length(v);
        _cleanup_strv_free_ char **copy = calloc(n + 1, sizeof(char *));

        if (!copy)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(v[i]);
                if (!copy[i])
                        return NULL;
        }
        return TAKE_PTR(copy);
}

int strv_push(char ***v, const char *s)
{
        size_t n = strv_length(*v);
        char *copy = strdup(s);
        char **grown = copy ? reallocarray(*v, n + 2, sizeof(char *)) : NULL;

        if (!grown) {
                free(copy);
                return -ENOMEM;
        }
        grown[n] = copy;
        grown[n + 1] = NULL;
        *v = grown;
        return 0;
}

static void cut_string(char *s, size_t n)
{
        while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80) /* within a character */
                n--;
        memcpy(s + n, "...", 4);
}

void strv_limit(char ***v, size_t max)
{
        size_t left = max, kept = 0;
        char **shorter;

        for (; *v && (*v)[kept]; kept++) {
                size_t length = strlen((*v)[kept]), n = length + 1 + sizeof(char *);

                if (n <= left) {
                        left -= n;
                        continue;
                }
                if (left >= sizeof(char *) + sizeof("..."))
                        cut_string((*v)[kept++], left - sizeof(char *) - sizeof("..."));
                break;
        }
        if (!*v || !(*v)[kept])
                return;
        for (size_t i = kept; (*v)[i]; i++)
                free((*v)[i]);
        (*v)[kept] = NULL;
        shorter = reallocarray(*v, kept + 1, sizeof(char *));
        if (shorter)
                *v = shorter;
}

bool strv_contains(char *const *v, const char *s)
{
        STRV_FOREACH (other, v)
                if (streq(*other, s))
                        return true;
        return false;
}

bool strv_equal(char *const *a, char *const *b)
{
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

int parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
        uint64_t v = 0;

        if (!s || !*s)
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(v, 10, &v) ||
                    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
                        return -ERANGE;
        }
        if (v > max)
                return -ERANGE;
        *ret = v;
        return 0;
}

int parse_bool(const char *s)
{
        static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"};
        static const char *const no[] = {"0", "no", "n", "false", "f", "off"};

        if (!s)
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return 1;
                if (strcasecmp(s, no[i]) == 0)
                        return 0;
        }
        return -EINVAL;
}

static uint64_t time_unit_usec(const char *unit, size_t n)
{
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                {"", 1000000},         {"us", 1},         {"usec", 1},        {"ms", 1000},
                {"msec", 1000},        {"s", 1000000},    {"sec", 1000000},   {"second", 1000000},
                {"seconds", 1000000},  {"m", 60000000},   {"min", 60000000},  {"minute", 60000000},
                {"minutes", 60000000}, {"h", 3600000000}, {"hr", 3600000000}, {"hour", 3600000000},
                {"hours", 3600000000},
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == n && strncmp(units[i].name, unit, n) == 0)
                        return units[i].usec;
        return 0;
}

int parse_usec(const char *s, uint64_t *ret)
{
        uint64_t total = 0;

        if (!s)
                return -EINVAL;
        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        if (!s[strspn(s, " ")])
                return -EINVAL;
        for (s += strspn(s, " "); *s; s += strspn(s, " ")) {
                _cleanup_free_ char *digits = strndup(s, strspn(s, "0123456789"));
                uint64_t n, unit;

                if (!digits)
                        return -ENOMEM;
                int r = parse_u64(digits, UINT64_MAX - 1, &n);
                if (r < 0)
                        return r;
                s += strlen(digits);
                s += strspn(s, " ");
                size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
                unit = time_unit_usec(s, len);
                if (unit == 0)
                        return -EINVAL;
                s += len;
                if (__builtin_mul_overflow(n, unit, &n) || __builtin_add_overflow(total, n, &total))
                        return -ERANGE;
        }
        if (total == UINT64_MAX)
                return -ERANGE;
        *ret = total;
        return 0;
}

int parse_bytes(const char *s, uint64_t *ret)
{
        static const char units[] = "KMGT";
        size_t n = s ? strspn(s, "0123456789") : 0;
        _cleanup_free_ char *digits = n > 0 ? strndup(s, n) : NULL;
        const char *unit = n > 0 && s[n] ? strchr(units, s[n]) : NULL;
        uint64_t v, factor = unit ? UINT64_C(1024) << 10 * (unit - units) : 1;

        if (n == 0 || (s[n] && (!unit || s[n + 1])))
                return -EINVAL;
        if (!digits)
                return -ENOMEM;
        int r = parse_u64(digits, UINT64_MAX, &v);
        if (r < 0)
                return r;
        if (__builtin_mul_overflow(v, factor, &v))
                return -ERANGE;
        *ret = v;
        return 0;
}

int parse_signal(const char *s)
{
        uint64_t n;

        if (!s)
                return -EINVAL;
        if (parse_u64(s, (uint64_t)SIGRTMAX, &n) >= 0)
                return n > 0 ? (int)n : -EINVAL;
        if (strncmp(s, "SIG", 3) == 0)
                s += 3;
        if (strncmp(s, "RTMIN+", 6) == 0) {
                if (parse_u64(s + 6, (uint64_t)(SIGRTMAX - SIGRTMIN), &n) < 0)
                        return -EINVAL;
                return SIGRTMIN + (int)n;
        }
        if (streq(s, "RTMIN"))
                return SIGRTMIN;
        for (int sig = 1; sig < SIGRTMIN; sig++)
                if (sigabbrev_np(sig) && streq(sigabbrev_np(sig), s))
                        return sig;
        return -EINVAL;
}

const char *signal_name(int sig, char buf[static 16])
{
        if (sig >= SIGRTMIN && sig <= SIGRTMAX)
                (void)snprintf(buf, 16, "SIGRTMIN+%d", sig - SIGRTMIN);
        else if (sigabbrev_np(sig))
                (void)snprintf(buf, 16, "SIG%s", sigabbrev_np(sig));
        else
                (void)snprintf(buf, 16, "%d", sig);
        return buf;
}

/* One code point of valid UTF-8; its length, or 0. No overlong form, no surrogate, and no
 * noncharacter: sd-bus takes none, so that one in a property would make it unreadable. */
static size_t utf8_decode(const char *s, uint32_t *ret)
{
        const unsigned char *u = (const unsigned char *)s;
        size_t n = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc2 ? 2 : 0;
        uint32_t c;

        if (n == 0 || u[0] > 0xf4)
                return 0;
        c = n == 1 ? u[0] : u[0] & (0x7fU >> n);
        for (size_t i = 1; i < n; i++) {
                if ((u[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (u[i] & 0x3f);
        }
        if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
            (c >= 0xd800 && c <= 0xdfff) || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
                return 0;
        *ret = c;
        return n;
}

static bool is_printable(uint32_t c)
{
        return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x061c && c != 0x200e && c != 0x200f &&
               c != 0x2028 && c != 0x2029 && !(c >= 0x202a && c <= 0x202e) &&
               !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff;
}

char *text_for_display(const char *s, size_t max)
{
        /* cut on a whole character, so leave room for the longest one and the dots */
        char *out = malloc(max + 8), *p = out;

        if (!out)
                return NULL;
        while (*s) {
                uint32_t c;
                size_t n = utf8_decode(s, &c);

                if ((size_t)(p - out) + (n ?: 1) > max) {
                        p = mempcpy(p, "...", 3);
                        break;
                }
                if (n > 0 && is_printable(c))
                        p = mempcpy(p, s, n);
                else
                        *p++ = '?';
                s += n ?: 1;
        }
        *p = '\0';
        return out;
}

bool utf8_is_well_formed(const char *s)
{
        uint32_t c;

        for (size_t n; *s; s += n) {
                n = utf8_decode(s, &c);
                if (n == 0)
                        return false;
        }
        return true;
}

bool utf8_is_valid(const char *s)
{
        while (*s) {
                uint32_t c;
                size_t n = utf8_decode(s, &c);

                if (n == 0 || ((c < 0x20 || (c >= 0x7f && c < 0xa0)) && c != '\n' && c != '\t'))
                        return false;
                s += n;
        }
        return true;
}
