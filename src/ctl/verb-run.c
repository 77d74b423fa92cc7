/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run: create a machine, start it with our streams, wait for its end. lodged removes it then. */
#include "base/text.h"
#include "ctl/create.h"
#include "ctl/environment.h"
#include "ctl/report.h"
#include "ctl/run-attached.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

#include <string.h>
#include <sys/random.h>

#define STEM_MAX 40U

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash && slash[1] ? slash + 1 : path;
}

/* "debian_12" becomes "debian-12-4f3a9c": what a machine may be called, and hardly taken. A
 * reference's tag is left out. */
static int make_name(const char *image, char **ret)
{
        char stem[STEM_MAX + 1];
        size_t n = 0;
        uint32_t random = 0;

        for (const char *p = image; *p && *p != ':' && *p != '@' && n < STEM_MAX; p++) {
                bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                             (*p >= '0' && *p <= '9');

                if (plain || (n > 0 && stem[n - 1] != '-'))
                        stem[n++] = plain ? *p : '-';
        }
        while (n > 0 && stem[n - 1] == '-')
                n--;
        stem[n] = '\0';
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return -EIO;
        if (asprintf(ret, "%s-%06x", n > 0 ? stem : "run", random & 0xffffff) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

static void remove_machine(const Ctl *c, const char *name)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        /* lodged may have removed it already: then this fails, and nothing is left either. */
        if (client_machine_call_new(&c->client, "Remove", name, &m, NULL) >= 0 &&
            sd_bus_message_append(m, "a{sv}", 1, "Force", "b", true) >= 0)
                (void)client_call(&c->client, m, CLIENT_FOREVER, NULL, NULL);
}

static int run_detached(Ctl *c, const char *name, bool *ret_started)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};
        int r = client_machine_call_new(&c->client, "Start", name, &m, &fault);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, NULL, &fault);
        if (r < 0)
                return report_fault(c, name, &fault);
        *ret_started = true;
        (void)puts(name);
        return EXIT_OK;
}

/* Has the user asked to keep the machine? */
static bool is_kept(const Ctl *c)
{
        return args_flag(&c->args, "auto-remove") == 0;
}

static int create(Ctl *c, const char *name, bool terminal, const char *object)
{
        bool directory = args_value(&c->args, "root-directory");
        _cleanup_strv_free_ char **variables = NULL;
        const char *pairs[7] = {"AutoRemove", "yes"};
        size_t n = 2;

        if (terminal) {
                pairs[n++] = "Terminal";
                pairs[n++] = "yes";
        }
        if (args_value(&c->args, "profile") && !is_kept(c)) { /* it may say when to start again */
                pairs[n++] = "Restart";
                pairs[n++] = "no";
        }

        if (terminal && environment_of_caller(true, &variables) < 0)
                return EXIT_NOT_RUN;
        const SettingsExtra extra = {
                .command = c->args.words + (directory ? 0 : 1),
                .pairs = pairs,
                .environment = variables,
        };
        return create_machine(c, name, directory ? "" : c->args.words[0], &extra, object);
}

/* Command lines as those of docker, where both ends must be asked for a terminal, work too. */
static bool wants_terminal(const Ctl *c)
{
        int given = args_flag(&c->args, "terminal");

        return given > 0 || (given < 0 && !args_has(&c->args, "detach") && terminal_is_both());
}

int verb_run(Ctl *c)
{
        const char *directory = args_value(&c->args, "root-directory");
        const char *source = directory ?: c->args.n_words > 0 ? c->args.words[0] : NULL;
        const char *name = args_value(&c->args, "name");
        _cleanup_free_ char *made = NULL;
        bool terminal = wants_terminal(c);

        if (!source)
                return report_usage(c->verb, "too few words: lodgectl run IMAGE [COMMAND...], or "
                                             "lodgectl run -D DIRECTORY [COMMAND...]");
        if (!name && make_name(base_name(source), &made) < 0)
                return EXIT_NOT_RUN;
        int status = create(c, name ?: made, terminal, name ?: source);
        if (status != EXIT_OK)
                return status;
        bool started = false;
        status = args_has(&c->args, "detach") ? run_detached(c, name ?: made, &started)
                                              : run_attached(c, name ?: made, terminal, &started);
        if (!started && !is_kept(c))
                remove_machine(c, name ?: made);
        return status;
}
