/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/remedy.h"

#include "base/names.h"
#include "base/text.h"
#include "core/image.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/reference.h"

#include <stdio.h>
#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"

static char *quote(const char *word)
{
        return *word && word[strspn(word, PLAIN)] == '\0' ? g_strdup(word) : g_shell_quote(word);
}

/* A name may have in it what no terminal should see: then nothing is left to be copied. */
char *remedy_command(const char *format, const char *word)
{
        _cleanup_free_ char *shown = text_for_display(word, 4096), *quoted = quote(word);
        g_auto(GStrv) parts = g_strsplit(format, "%s", 2);

        if (!shown || !streq(shown, word))
                return g_strdup("remove it; its name has control characters");
        return g_strconcat(parts[0], quoted, parts[1], NULL);
}

char *remedy_remove(const char *path)
{
        return remedy_command("rm -r %s", path);
}

/* ---- making it again ---- */

static bool has_digest(const Image *image, const char *digest)
{
        const ImageRecord *r = &image->record;

        return image->kind == IMAGE_OCI && image->load_error.code == FAULT_NONE &&
               (strv_contains(r->layers, digest) || streq(r->digest, digest) ||
                streq(r->config_digest, digest));
}

/* "lodgectl pull REFERENCE [NAME]" of an image that came from a registry; NULL: it did not */
static char *pull_again(const Image *image)
{
        const char *source = image->record.source;
        _cleanup_free_ char *reference = NULL, *from = NULL, *to = NULL;

        if (!source || image_name_canonical(source, &reference, NULL) < 0 ||
            !image_name_is_reference(reference))
                return NULL;
        from = quote(source);
        to = quote(image->name);
        return streq(reference, image->name) ? g_strconcat("lodgectl pull ", from, NULL)
                                             : g_strconcat("lodgectl pull ", from, " ", to, NULL);
}

/* @ret_name some image that has it, borrowed */
static char *pull_any(Manager *manager, const char *digest, const char **ret_name)
{
        GHashTableIter i;
        char *pull = NULL;
        void *p;

        g_hash_table_iter_init(&i, manager->images);
        while (!pull && g_hash_table_iter_next(&i, NULL, &p)) {
                const Image *image = p;

                if (!has_digest(image, digest))
                        continue;
                *ret_name = *ret_name ?: image->name;
                pull = pull_again(image);
        }
        return pull;
}

char *remedy_make_again(Manager *manager, const char *digest, const char *name)
{
        char *pull = digest ? pull_any(manager, digest, &name) : NULL;
        _cleanup_free_ char *word = name ? quote(name) : NULL;

        if (pull)
                return pull;
        if (!name)
                return g_strdup("lodgectl prune");
        if (!digest && image_name_is_reference(name))
                return g_strconcat("lodgectl pull ", word, NULL);
        return g_strconcat("lodgectl import --force FILE ", word,
                           ", with what it was made from for FILE", NULL);
}

char *store_remedy(Manager *manager, const char *directory, const char *digest)
{
        _cleanup_free_ char *file = digest_file_name(digest);
        _cleanup_free_ char *path = store_path(manager->root, directory, file);
        _cleanup_free_ char *remove = remedy_remove(path);
        _cleanup_free_ char *again = remedy_make_again(manager, digest, NULL);

        return g_strconcat(remove, " && ", again, NULL);
}

/* ---- mounts ---- */

/* Field 5 of a line of mountinfo, see proc_pid_mountinfo(5). */
static char *mount_point(const char *line)
{
        g_auto(GStrv) fields = g_strsplit(line, " ", 6);

        return g_strv_length(fields) == 6 ? g_strcompress(fields[4]) : NULL;
}

char *mount_below(const char *path)
{
        FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_free_ char *line = NULL;
        size_t n = 0, length = strlen(path);
        char *last = NULL;

        while (f && getline(&line, &n, f) >= 0) {
                char *point = mount_point(line);

                if (point && strncmp(point, path, length) == 0 &&
                    (point[length] == '\0' || point[length] == '/')) {
                        g_free(last);
                        last = point;
                } else {
                        g_free(point);
                }
        }
        if (f)
                (void)fclose(f);
        return last;
}
