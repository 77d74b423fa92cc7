/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print-plan CASE.machine: the plan of a definition, as text. Facts about the host come from its
 * section [X-Facts], which settings_parse() leaves to others: Layers= (blanks between),
 * LayerStore=, Image= (a disk image), Usr=yes, Init=, Systemd=yes. */
#include "base/io.h"
#include "base/text.h"
#include "plan/plan-compile.h"
#include "spec/words.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

/* The value of a line "KEY=..." of @text; NULL if there is none. */
static char *fact(const char *text, const char *key)
{
        const char *section = strstr(text, "[X-Facts]\n");
        size_t n = strlen(key);

        for (const char *line = section; line && *line; line = strchrnul(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, n) == 0 && line[n] == '=')
                        return strndup(line + n + 1, strcspn(line + n + 1, "\n"));
        }
        return NULL;
}

static int compile(const char *text, const Settings *s, PlanWriter *w, Fault *reterr)
{
        /* in place of the real one, whose size depends on the installed libseccomp */
        static const struct sock_filter filter[] = {
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        _cleanup_free_ char *layers = fact(text, "Layers"), *init = fact(text, "Init"),
                            *systemd = fact(text, "Systemd"), *store = fact(text, "LayerStore"),
                            *image = fact(text, "Image"), *usr = fact(text, "Usr");
        _cleanup_strv_free_ char **paths = NULL;
        int r = words_split(layers ?: image ? "" : "/var/lib/lodge/images/debian", 100, &paths);

        if (r < 0)
                return r;
        PlanFacts facts = {
                .name = "web",
                .layers = (const char *const *)paths,
                .image = image,
                .image_has_usr = parse_bool(usr) > 0,
                .layer_store = store,
                .volumes = "/var/lib/lodge/volumes",
                .writable_layer = "/var/lib/lodge/machines/web",
                .trash = "/var/lib/lodge/trash",
                .uid_base = 0x80000,
                .init = init,
                .init_is_systemd = parse_bool(systemd) > 0,
                .seccomp = filter,
                .n_seccomp = sizeof(filter),
        };
        return plan_compile(s, &facts, w, reterr);
}

static int print(const char *path, const char *text, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        PlanWriter w = {0};
        const void *plan;
        size_t n;

        int r = settings_parse(basename(path), text, strlen(text), &s, reterr);
        r = r < 0 ? r : settings_validate(&s, reterr);
        r = r < 0 ? r : compile(text, &s, &w, reterr);
        r = r < 0 ? r : plan_finish(&w, &plan, &n);
        r = r < 0 ? r : plan_check(plan, n);
        if (r >= 0)
                plan_print(plan, n, stdout);
        plan_writer_done(&w);
        return r;
}

int main(int argc, char **argv)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_fault_ Fault f = {0};

        if (argc != 2 || read_file_at(AT_FDCWD, argv[1], SETTINGS_FILE_MAX, &text, NULL) < 0) {
                (void)fprintf(stderr, "usage: print-plan CASE.machine\n");
                return 1;
        }
        int r = print(argv[1], text, &f);
        if (r < 0) /* a case may be about the message */
                (void)printf("error: %s (%s)\n", f.message ?: strerror(-r),
                             fault_code_name(f.code) ?: "no fault");
        return 0;
}
