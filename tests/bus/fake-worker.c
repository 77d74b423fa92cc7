/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/fake-worker.h"

#include "base/names.h"
#include "base/text.h"
#include "spec/image-record.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

static const char first[] =
        "sha256:1111111111111111111111111111111111111111111111111111111111111111";
static const char second[] =
        "sha256:2222222222222222222222222222222222222222222222222222222222222222";
static const char manifest[] =
        "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char config[] =
        "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

typedef struct Work {
        int fd;
        const char *root, *id;
        char **args;
        bool has_first; /* lodged says that it has the first layer */
} Work;

const char *fake_worker_id(const char *unit)
{
        static const char *const prefixes[] = {LODGE_IMPORT_UNIT_PREFIX, LODGE_EXPORT_UNIT_PREFIX,
                                               LODGE_COPY_UNIT_PREFIX, LODGE_FILES_UNIT_PREFIX,
                                               LODGE_WORK_UNIT_PREFIX};
        static char id[17];

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (g_str_has_prefix(unit, prefixes[i])) {
                        (void)g_strlcpy(id, unit + strlen(prefixes[i]), sizeof(id));
                        return id;
                }
        return NULL;
}

static const char *arg(const Work *w, const char *key)
{
        size_t n = strlen(key);

        STRV_FOREACH (a, w->args)
                if (strncmp(*a, key, n) == 0 && (*a)[n] == '=')
                        return *a + n + 1;
        return NULL;
}

static char *in_job(const Work *w, const char *path)
{
        return g_strconcat(w->root, LODGE_STORE_INCOMING "/", w->id, path, NULL);
}

static void make_directory(const Work *w, const char *path)
{
        _cleanup_free_ char *full = in_job(w, path);

        g_assert(g_mkdir_with_parents(full, 0700) == 0);
}

static void make_file(const Work *w, const char *path)
{
        _cleanup_free_ char *full = in_job(w, path);

        g_assert(g_file_set_contents(full, "0123456789", 10, NULL));
}

static char *entry_of(const char *directory, const char *digest, const char *rest)
{
        char *path = g_strconcat(directory, digest, rest, NULL);

        *strchr(path, ':') = '-';
        return path;
}

static void tell_layer(const Work *w, const char *digest)
{
        _cleanup_frame_writer_ FrameWriter f = {0};

        frame_begin(&f, FRAME_LAYER, 0);
        frame_add_string(&f, FRAME_DIGEST, digest);
        (void)frame_send(w->fd, &f);
}

static void make_layer(const Work *w, const char *digest)
{
        _cleanup_free_ char *tree = entry_of("/layers/", digest, "/tree");
        _cleanup_free_ char *map = entry_of("/layers/", digest, "/tar.map");

        make_directory(w, tree);
        make_file(w, map);
        _cleanup_free_ char *size = entry_of("/layers/", digest, "/size"), *full = in_job(w, size);
        g_assert(g_file_set_contents(full, "10\n", -1, NULL));
        tell_layer(w, digest);
}

static void tell_progress(const Work *w)
{
        _cleanup_frame_writer_ FrameWriter f = {0};

        frame_begin(&f, FRAME_PROGRESS, 0);
        frame_add_string(&f, FRAME_PHASE, "downloading");
        frame_add_number(&f, FRAME_BYTES, 5);
        frame_add_number(&f, FRAME_TOTAL, 20);
        frame_add_string(&f, FRAME_ITEM, "sha256:1111");
        frame_add_number(&f, FRAME_BYTES, 5);
        frame_add_number(&f, FRAME_TOTAL, 10);
        frame_add_string(&f, FRAME_PHASE, "downloading\x1b[31m");
        (void)frame_send(w->fd, &f);
}

static void fail(const Work *w, FaultCode code, const char *message)
{
        _cleanup_frame_writer_ FrameWriter f = {0};

        frame_begin(&f, FRAME_ERROR, 0);
        frame_add_number(&f, FRAME_CODE, code);
        frame_add_number(&f, FRAME_ERRNO, EIO);
        frame_add_string(&f, FRAME_MESSAGE, message);
        (void)frame_send(w->fd, &f);
}

static void finish(const Work *w, const char *record, char **lines)
{
        _cleanup_frame_writer_ FrameWriter f = {0};

        frame_begin(&f, FRAME_RESULT, 0);
        frame_add_string(&f, FRAME_RECORD, record);
        frame_add_strv(&f, FRAME_LINE, lines);
        frame_add_string(&f, FRAME_MESSAGE, "2 device nodes left out");
        (void)frame_send(w->fd, &f);
}

static void finish_image(const Work *w, const char *name, const char *const *layers)
{
        static char command[] = "run", label[] = "maintainer=somebody else";
        char *words[] = {command, NULL}, *labels[] = {label, NULL};
        ImageRecord record = {
                .name = (char *)name,
                .digest = (char *)manifest,
                .config_digest = (char *)config,
                .source = (char *)"a test",
                .architecture = (char *)"amd64",
                .os = (char *)"linux",
                .layers = (char **)layers,
                .command = words,
                .labels = labels,
                .size_bytes = 7,
                .stop_signal = 15,
        };
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *m = entry_of("/blobs/", manifest, "");
        _cleanup_free_ char *c = entry_of("/blobs/", config, "");

        make_directory(w, "/blobs");
        make_file(w, m);
        make_file(w, c);
        g_assert(image_record_format(&record, &text, NULL) >= 0);
        finish(w, text, NULL);
}

static void make_evil(const Work *w)
{
        _cleanup_free_ char *layer = entry_of("/layers/", second, "");
        _cleanup_free_ char *full = in_job(w, layer);

        make_directory(w, "/layers");
        g_assert(symlink("/etc", full) == 0);
        tell_layer(w, second);
}

static bool make_image(const Work *w, const char *name)
{
        static const char *const both[] = {first, second, NULL}, *const one[] = {first, NULL};
        const char *slash = strrchr(name, '/');
        _cleanup_free_ char *word = g_strdup(slash ? slash + 1 : name);

        word[strcspn(word, ":.")] = '\0';
        tell_progress(w);
        if (streq(word, "hang"))
                return true;
        if (streq(word, "die"))
                return false;
        if (streq(word, "evil"))
                make_evil(w);
        else if (streq(word, "fail"))
                fail(w, FAULT_PULL_FAILED, "the registry says \x1b[31mno");
        else if (streq(word, "tree")) {
                make_directory(w, "/image/bin");
                finish(w, NULL, NULL);
        } else if (streq(word, "raw")) {
                make_file(w, "/image.raw");
                finish(w, NULL, NULL);
        } else {
                if (!w->has_first)
                        make_layer(w, first);
                if (streq(word, "ok"))
                        make_layer(w, second);
                finish_image(w, streq(word, "other") ? "another" : name,
                             streq(word, "shared") ? one : both);
        }
        return true; /* lodged hangs up */
}

static void answer_lines(const Work *w, const char *operation)
{
        static char diff[] = "A /new", usage[] = "layer sha256:1111 10", usage2[] = "nonsense";
        char *lines[] = {streq(operation, "diff") ? diff : usage, usage2, NULL};

        if (streq(operation, "diff"))
                lines[1] = NULL;
        finish(w, NULL, lines);
}

/* Mounts, or what goes for them. */
static void finish_disk(const Work *w, const char *const *places)
{
        _cleanup_close_ int mount = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_frame_writer_ FrameWriter f = {0};

        frame_begin(&f, FRAME_RESULT, 0);
        frame_add_string(&f, FRAME_ARG, "init=/usr/lib/systemd/systemd");
        frame_add_string(&f, FRAME_ARG, "init-is-systemd=yes");
        for (; *places; places++) {
                frame_add_string(&f, FRAME_ITEM, *places);
                frame_add_fd(&f, mount);
        }
        g_assert(mount >= 0 && frame_send(w->fd, &f) >= 0);
}

static bool use_disk(const Work *w, const char *operation, const char *name)
{
        static const char *const both[] = {"/", "/usr", NULL}, *const odd[] = {"/usr", NULL};
        static char size[] = "size: 10 bytes", label[] = "file system: ext4 '\x1b[31m'";
        const char *word = strrchr(name, '.') + 1;
        char *lines[] = {size, label, NULL};

        if (streq(word, "hang"))
                return true;
        if (streq(word, "die"))
                return false;
        if (streq(operation, "probe"))
                finish(w, NULL, lines);
        else if (streq(word, "fail"))
                fail(w, FAULT_NOT_SUPPORTED, "it holds vfat\x1b[31m");
        else
                finish_disk(w, streq(word, "odd") ? odd : both);
        return true;
}

static bool copy(const Work *w)
{
        const char *path = arg(w, "path");

        if (streq(path, "/hang"))
                return true;
        if (streq(path, "/die"))
                return false;
        if (streq(path, "/fail"))
                fail(w, FAULT_FAILED, "'/fail' cannot be read");
        else
                finish(w, NULL, NULL);
        return true;
}

bool fake_worker_order(int fd, const Frame *f, const char *root, const char *id)
{
        Work w = {.fd = fd, .root = root, .id = id};
        _cleanup_strv_free_ char **args = NULL, **have = NULL;

        g_assert(frame_strv(f, FRAME_ARG, &args) >= 0 && frame_strv(f, FRAME_HAVE, &have) >= 0);
        w.args = args;
        STRV_FOREACH (digest, have)
                w.has_first |= streq(*digest, first);
        const char *operation = arg(&w, "op"), *name = arg(&w, "name");
        g_assert(operation && arg(&w, "uid"));
        if (streq(operation, "pull") || streq(operation, "import") || streq(operation, "commit"))
                return make_image(&w, name ?: "ok");
        if (streq(operation, "attach") || streq(operation, "probe"))
                return use_disk(&w, operation, name);
        if (g_str_has_prefix(operation, "copy-"))
                return copy(&w);
        if (streq(operation, "clone")) {
                make_directory(&w, "/image/copied");
                finish(&w, NULL, NULL);
        } else if (streq(operation, "diff") || streq(operation, "usage"))
                answer_lines(&w, operation);
        else
                finish(&w, NULL, NULL);
        return true;
}
