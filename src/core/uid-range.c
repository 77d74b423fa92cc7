/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/uid-range.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#define N_RANGES      ((UID_RANGE_LAST - UID_RANGE_FIRST) / UID_RANGE_SIZE + 1)
#define FILE_SIZE_MAX (16U << 20)

typedef struct Span {
        uint64_t first, n;
} Span;

static uint32_t hash_name(const char *name)
{
        uint32_t h = 2166136261U; /* FNV-1a */

        for (; *name; name++)
                h = (h ^ (uint8_t)*name) * 16777619U;
        return h;
}

/* Lines of colon-separated fields; ids are read from the file itself, since a look-up through NSS
 * could wait for the network. */
static void read_spans(const char *root, const char *path, unsigned field_first, int field_n,
                       GArray *spans)
{
        _cleanup_free_ char *full = g_strconcat(root, path, NULL), *text = NULL;

        if (read_file_at(AT_FDCWD, full, FILE_SIZE_MAX, &text, NULL) < 0)
                return; /* none: nothing is delegated */
        for (char *line, *rest = text; (line = strsep(&rest, "\n"));) {
                _cleanup_strv_free_ char **fields = g_strsplit(line, ":", 8);
                size_t n_fields = strv_length(fields);
                Span s = {.n = 1};

                if (n_fields <= field_first || (field_n > 0 && n_fields <= (size_t)field_n))
                        continue;
                if (parse_u64(fields[field_first], UINT32_MAX, &s.first) < 0)
                        continue;
                if (field_n > 0 && parse_u64(fields[field_n], UINT32_MAX, &s.n) < 0)
                        continue;
                g_array_append_val(spans, s);
        }
}

static bool is_delegated(const GArray *spans, uint32_t base)
{
        for (guint i = 0; i < spans->len; i++) {
                const Span *s = &g_array_index(spans, Span, i);

                if (s->first < (uint64_t)base + UID_RANGE_SIZE && base < s->first + s->n)
                        return true;
        }
        return false;
}

/* As systemd-nspawn does it. Its last owner deletes the file, so a lock counts only on a file that
 * still has its name. Return: fd; -EBUSY. */
static int lock_range(const char *directory, uint32_t base)
{
        _cleanup_free_ char *path = g_strdup_printf("%s/%u", directory, base);

        for (int attempt = 0; attempt < 16; attempt++) {
                struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
                _cleanup_close_ int fd =
                        open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
                struct stat st;

                if (fd < 0)
                        return -errno;
                if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                        return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
                if (fstat(fd, &st) < 0)
                        return -errno;
                if (st.st_nlink > 0)
                        return TAKE_FD(fd);
        }
        return -EBUSY;
}

int uid_range_take(const char *root, const char *name, uint32_t *ret_base, int *ret_fd,
                   Fault *reterr)
{
        _cleanup_free_ char *directory = g_strconcat(root, LODGE_UID_LOCKS, NULL);
        g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));
        uint32_t start = hash_name(name);

        read_spans(root, "/etc/subuid", 1, 2, spans);
        read_spans(root, "/etc/subgid", 1, 2, spans);
        read_spans(root, "/etc/passwd", 2, 0, spans);
        read_spans(root, "/etc/group", 2, 0, spans);
        (void)g_mkdir_with_parents(directory, 0755); /* open tells */
        for (uint32_t i = 0; i < N_RANGES; i++) {
                uint32_t base = UID_RANGE_FIRST + (start + i) % N_RANGES * UID_RANGE_SIZE;
                int r = 0;

                if (is_delegated(spans, base))
                        continue;
                if (ret_fd)
                        r = lock_range(directory, base);
                if (r == -EBUSY)
                        continue;
                if (r < 0)
                        return fault_set(reterr, r == -ENOSPC ? FAULT_NO_SPACE : FAULT_START_FAILED,
                                         r, "Cannot lock user ids %u.. in %s for machine '%s': %s",
                                         base, directory, name, strerror(-r));
                if (ret_fd)
                        *ret_fd = r;
                *ret_base = base;
                return 0;
        }
        return fault_set(reterr, FAULT_NO_SPACE, EBUSY,
                         "All %u ranges of user ids are taken by other machines, /etc/subuid, "
                         "/etc/subgid or users: machine '%s' cannot have one",
                         N_RANGES, name);
}

void uid_range_release(const char *root, uint32_t base)
{
        _cleanup_free_ char *path = g_strdup_printf("%s" LODGE_UID_LOCKS "/%u", root, base);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        _cleanup_close_ int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);

        /* only with the lock: who waits for it looks at the name again afterwards */
        if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) >= 0)
                (void)unlink(path);
}

void uid_range_sweep(const char *root)
{
        _cleanup_free_ char *path = g_strconcat(root, LODGE_UID_LOCKS, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);
        uint64_t base;

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (parse_u64(e->d_name, UINT32_MAX, &base) >= 0)
                        uid_range_release(root, (uint32_t)base);
}
