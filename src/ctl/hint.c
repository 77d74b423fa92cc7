/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/hint.h"

#include "base/names.h"
#include "base/text.h"
#include "ctl/kinds.h"
#include "ctl/nearest.h"
#include "ctl/report.h"
#include "spec/reference.h"

#include <string.h>

static void write_quoted(FILE *f, const char *word)
{
        if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_@%+=:,./-")]) {
                (void)fputs(word, f);
                return;
        }
        (void)fputc('\'', f);
        for (; *word; word++)
                if (*word == '\'')
                        (void)fputs("'\\''", f);
                else
                        (void)fputc(*word, f);
        (void)fputc('\'', f);
}

/* "NAME:PATH" with another name; NULL: it is not that */
static char *other_machine(const char *word, const char *old, const char *new)
{
        size_t n = strlen(old);
        char *other;

        if (n == 0 || strncmp(word, old, n) != 0 || word[n] != ':' ||
            asprintf(&other, "%s%s", new, word + n) < 0)
                return NULL;
        return other;
}

char *hint_command_line(const Ctl *c, const char *prefix, const char *old, const char *new)
{
        char *line = NULL;
        size_t n;
        FILE *f = open_memstream(&line, &n);

        if (!f)
                return NULL;
        (void)fprintf(f, "%slodgectl", prefix);
        STRV_FOREACH (word, c->argv + 1) {
                _cleanup_free_ char *in_machine = old ? other_machine(*word, old, new) : NULL;

                (void)fputc(' ', f);
                write_quoted(f, old && streq(*word, old) ? new : in_machine ?: *word);
        }
        if (fclose(f) != 0) {
                free(line);
                return NULL;
        }
        return line;
}

static void hint_again(const Ctl *c, const char *prefix, const char *old, const char *new)
{
        _cleanup_free_ char *line = hint_command_line(c, prefix, old, new);

        if (line)
                report_hint("%s", line);
}

/* What is called so is of another kind, for which there is another verb. */
static bool hint_other_kind(const Ctl *c, const char *name)
{
        static const struct {
                const char *verb;
                const Kind *kind;
                const char *instead;
        } others[] = {
                {"show", &kind_image, "image inspect"},    {"status", &kind_image, "image status"},
                {"rm", &kind_image, "image rm"},           {"diff", &kind_image, "image history"},
                {"cp", &kind_volume, "volume inspect"},    {"export", &kind_machine, "commit"},
                {"push", &kind_machine, "commit"},         {"image inspect", &kind_machine, "show"},
                {"image status", &kind_machine, "status"}, {"image history", &kind_machine, "diff"},
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                _cleanup_json_ json_t *object = NULL;

                if (!streq(c->verb->name, others[i].verb) ||
                    kind_get(c, others[i].kind, name, &object, NULL) < 0)
                        continue;
                if (streq(others[i].instead, "commit"))
                        report_hint("lodgectl commit %s %s-image", name, name);
                else
                        report_hint("lodgectl %s %s", others[i].instead, name);
                return true;
        }
        return false;
}

static void hint_name(Ctl *c, const Kind *kind, const char *name)
{
        _cleanup_strv_free_ char **names = NULL;
        Nearest nearest = nearest_to(name, strlen(name));

        if (hint_other_kind(c, name) || kind_names(c, kind, &names, NULL) < 0)
                return;
        STRV_FOREACH (candidate, names)
                nearest_offer(&nearest, *candidate);
        if (nearest.best)
                hint_again(c, "", name, nearest.best);
        else if (c->args.n_words == 1)
                report_hint("lodgectl %s", kind->list_verb);
}

/* Is this the image that is meant by the last part of its reference: "busybox", "busybox:1"? */
static bool is_short_for(const char *word, const char *image)
{
        const char *slash = strrchr(image, '/');
        size_t n = strlen(word);

        return slash && strncmp(slash + 1, word, n) == 0 &&
               (slash[1 + n] == '\0' || slash[1 + n] == ':' || slash[1 + n] == '@');
}

static void hint_image(Ctl *c)
{
        _cleanup_strv_free_ char **names = NULL;
        size_t position = streq(c->verb->name, "create") ? 1 : 0;
        const char *image = c->args.n_words > position ? c->args.words[position] : "";
        Nearest nearest = nearest_to(image, strlen(image));
        const char *whole = NULL;

        if (hint_other_kind(c, image) || kind_names(c, &kind_image, &names, NULL) < 0)
                return;
        STRV_FOREACH (name, names) {
                nearest_offer(&nearest, *name);
                if (!whole && is_short_for(image, *name))
                        whole = *name;
        }
        whole = whole ?: nearest.best;
        if (whole && !streq(whole, image))
                hint_again(c, "", image, whole);
        else
                report_hint("lodgectl images");
}

static bool is_network_of(const json_t *rows, const char *name)
{
        json_t *row;
        size_t i;

        json_array_foreach(rows, i, row) if (streq(kind_name_of(row), name)) return true;
        return false;
}

/* The word that names a network that there is not: "backend:address=10.2.0.9" up to the colon. */
static const char *network_word(const Ctl *c, const json_t *rows, const char *object)
{
        if (streq(c->verb->name, "network attach") || streq(c->verb->name, "network detach"))
                return c->args.words[0];
        for (size_t i = 0; i < c->args.n_given; i++) {
                const Given *g = &c->args.given[i];
                _cleanup_free_ char *name =
                        g->value ? strndup(g->value, strcspn(g->value, ":=")) : NULL;

                if (name && streq(g->option->name, "network") && !is_network_of(rows, name))
                        return g->value;
        }
        return object;
}

/* The line again with another network, which may stand behind "--network=". */
static void hint_again_network(const Ctl *c, const char *word, const char *name)
{
        const char *rest = word + strcspn(word, ":");
        _cleanup_free_ char *new = NULL, *old_option = NULL, *new_option = NULL;

        if (asprintf(&new, "%s%s", name, rest) < 0 ||
            asprintf(&old_option, "--network=%s", word) < 0 ||
            asprintf(&new_option, "--network=%s", new) < 0)
                return;
        bool is_option = false;
        STRV_FOREACH (arg, c->argv)
                is_option = is_option || streq(*arg, old_option);
        hint_again(c, "", is_option ? old_option : word, is_option ? new_option : new);
}

static void hint_network(Ctl *c, const char *object)
{
        _cleanup_json_ json_t *rows = NULL;
        json_t *row;
        size_t i;

        if (kind_list(c, &kind_network, (const char *const[]){"Name", NULL}, &rows, NULL) < 0)
                return;
        const char *word = network_word(c, rows, object);
        Nearest nearest = nearest_to(word, strcspn(word, ":"));
        json_array_foreach(rows, i, row) nearest_offer(&nearest, kind_name_of(row));
        if (nearest.best)
                hint_again_network(c, word, nearest.best);
        else
                report_hint("lodgectl %s", kind_network.list_verb);
}

/* A name without a registry in place of a reference: what it is short for elsewhere. */
static void hint_reference(const Ctl *c)
{
        const char *word = c->args.n_words > 0 ? c->args.words[c->args.n_words - 1] : "";
        _cleanup_reference_ Reference parsed = {0};
        _cleanup_free_ char *whole = NULL;

        if ((!streq(c->verb->name, "pull") && !streq(c->verb->name, "push")) ||
            reference_is_registry(word))
                return;
        if (asprintf(&whole, "docker.io/%s%s", strchr(word, '/') ? "" : "library/", word) < 0) {
                whole = NULL;
                return;
        }
        if (reference_parse(word, &parsed, NULL) < 0 && reference_parse(whole, &parsed, NULL) >= 0)
                hint_again(c, "", word, whole);
}

/* An image is replaced only by who says so. */
static void hint_exists(const Ctl *c, const char *object)
{
        static const char *const forced[] = {"import", "commit", "image tag"};
        _cleanup_free_ char *line = hint_command_line(c, "", NULL, NULL);
        const char *new = c->args.n_words > 1 ? c->args.words[1] : "";

        for (size_t i = 0; i < ELEMENTSOF(forced); i++)
                if (streq(c->verb->name, forced[i])) {
                        if (line)
                                report_hint("%s --force", line);
                        return;
                }
        if (streq(c->verb->name, "volume create"))
                report_hint("lodgectl volume inspect %s", object);
        else if (streq(c->verb->name, "network create"))
                report_hint("lodgectl network status %s", object);
        else if (strncmp(c->verb->name, "image ", 6) == 0 || streq(c->verb->name, "pull"))
                report_hint("lodgectl image status %s", *new ? new : object);
        else
                report_hint("lodgectl status %s", streq(c->verb->name, "clone") ? new : object);
}

static void hint_busy(const Ctl *c, const char *object)
{
        static const struct {
                const char *verb, *hint;
        } hints[] = {
                {"rm", "rm --force"},
                {"image rm", "image status"},
                {"volume rm", "volume inspect"},
                {"reset", "stop"},
                {"network rm", "network status"},
        };

        for (size_t i = 0; i < ELEMENTSOF(hints); i++)
                if (streq(c->verb->name, hints[i].verb)) {
                        report_hint("lodgectl %s %s", hints[i].hint, object);
                        return;
                }
        if (streq(c->verb->name, "pull") || streq(c->verb->name, "import")) {
                report_hint("lodgectl job ls");
                return;
        }
        report_hint("lodgectl %sstatus %s",
                    strncmp(c->verb->name, "image ", 6) == 0 ? "image " : "", object);
}

static bool can_persist(const Ctl *c)
{
        return c->verb->options && streq(c->verb->options[0].name, "persist");
}

static void hint_not_running(const Ctl *c, const char *object)
{
        _cleanup_free_ char *line = can_persist(c) ? hint_command_line(c, "", NULL, NULL) : NULL;

        if (line)
                report_hint("%s --persist", line);
        else
                report_hint("lodgectl start %s", object);
}

/* "create -p 8080:80" and "create -P" want a network to publish the port from. */
static void hint_option(const Ctl *c)
{
        _cleanup_free_ char *line = hint_command_line(c, "", NULL, NULL);
        size_t n = strlen("lodgectl ") + strlen(c->called);

        if (line && (args_value(&c->args, "publish") || args_has(&c->args, "publish-exposed")) &&
            !args_value(&c->args, "network") &&
            strncmp(line + strlen("lodgectl "), c->called, strlen(c->called)) == 0)
                report_hint("%.*s --network=private%s", (int)n, line, line + n);
        else
                report_hint("lodgectl help %s", c->verb->name);
}

static bool runs_new_machine(const Ctl *c)
{
        return streq(c->verb->name, "run");
}

void hint_for_fault(Ctl *c, const char *object, const Fault *f)
{
        if (client_is_unreachable(f)) {
                report_hint("systemctl status %s.service",
                            client_bus(&c->client) ? "lodged" : "dbus");
                return;
        }
        switch (f->code) {
        case FAULT_NO_SUCH_MACHINE: hint_name(c, &kind_machine, object ?: ""); break;
        case FAULT_NO_SUCH_IMAGE: hint_image(c); break;
        case FAULT_NO_SUCH_VOLUME: hint_name(c, &kind_volume, object ?: ""); break;
        case FAULT_NO_SUCH_NETWORK: hint_network(c, object ?: ""); break;
        case FAULT_NO_SUCH_PORT: report_hint("lodgectl port ls %s", object ?: ""); break;
        case FAULT_NO_SUCH_MOUNT: report_hint("lodgectl mount %s", object ?: ""); break;
        case FAULT_NO_SUCH_JOB: report_hint("lodgectl job ls"); break;
        case FAULT_NO_SPACE: report_hint("lodgectl prune"); break;
        case FAULT_FAILED:
                if (streq(c->verb->name, "image verify"))
                        report_hint("lodgectl doctor --deep");
                break;
        case FAULT_INVALID_NAME: hint_reference(c); break;
        case FAULT_START_FAILED:
                if (object)
                        report_hint("journalctl -u " LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX,
                                    object);
                break;
        case FAULT_NOT_RUNNING:
                if (object && !runs_new_machine(c))
                        hint_not_running(c, object);
                break;
        case FAULT_PAUSED:
                if (object)
                        report_hint("lodgectl resume %s", object);
                break;
        case FAULT_EXISTS:
                if (object)
                        hint_exists(c, object);
                break;
        case FAULT_BUSY:
                if (object && !streq(c->verb->name, "port add")) /* another port is what helps */
                        hint_busy(c, object);
                break;
        case FAULT_NOT_AUTHORIZED:
                if (geteuid() != 0)
                        hint_again(c, "sudo ", NULL, NULL);
                break;
        case FAULT_INVALID_OPTION: hint_option(c); break;
        case FAULT_TIMED_OUT:
                if (object)
                        report_hint("lodgectl status %s", object);
                break;
        default: break;
        }
}

/* The registry wants a password: the tools that can ask for it write it where it is looked for. */
static void hint_login(const char *reference)
{
        static const char *const tools[] = {"podman", "skopeo", "buildah", "docker"};
        _cleanup_reference_ Reference parsed = {0};

        if (reference_parse(reference, &parsed, NULL) < 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(tools); i++) {
                char path[64];

                (void)snprintf(path, sizeof(path), "/usr/bin/%s", tools[i]);
                if (access(path, X_OK) == 0) {
                        report_hint("%s login %s", tools[i], parsed.domain);
                        return;
                }
        }
}

void hint_for_job(Ctl *c, const char *object, const Fault *f)
{
        if (f->code == FAULT_NOT_AUTHORIZED)
                hint_login(object);
        else if (f->code != FAULT_NO_SUCH_IMAGE)
                hint_for_fault(c, object, f);
}
