/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/doctor.h"

#include <string.h>

#define NSSWITCH     "/etc/nsswitch.conf"
#define NSSWITCH_MAX 1024
#define ADD_LODGE    "sudo sed -i '/^hosts:/s/files/files lodge/' " NSSWITCH

static bool has_word(const char *line, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = line; *p; p += strcspn(p, " \t\n")) {
                p += strspn(p, " \t\n");
                if (strncmp(p, word, n) == 0 && strcspn(p, " \t\n") == n)
                        return true;
        }
        return false;
}

/* Does this host ask lodge's module for names? */
static void check_names(json_t *findings)
{
        char line[NSSWITCH_MAX];
        FILE *f = fopen(NSSWITCH, "re");
        bool found = false;

        while (f && !found && fgets(line, sizeof(line), f))
                found = strncmp(line, "hosts:", 6) == 0 && has_word(line + 6, "lodge");
        if (f)
                (void)fclose(f);
        if (found)
                doctor_say(findings, FINDING_OK, "names", NULL,
                           "this host finds machines by their names");
        else
                doctor_say(findings, FINDING_WARNING, "names",
                           f ? &ADD_LODGE[geteuid() == 0 ? strlen("sudo ") : 0] : NULL,
                           "this host does not find machines by their names: " NSSWITCH
                           " has no 'lodge' behind 'hosts:'");
}

/* A sentence, and behind a tab a command that helps. */
static void say_line(json_t *findings, const char *line)
{
        const char *tab = strchr(line, '\t');
        size_t n = tab ? (size_t)(tab - line) : strlen(line);
        _cleanup_free_ char *hint = tab ? text_for_display(tab + 1, NSSWITCH_MAX) : NULL;

        doctor_say(findings, FINDING_WARNING, "network", hint, "%.*s", (int)n, line);
}

void doctor_network(const Ctl *c, json_t *findings)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        check_names(findings);
        if (doctor_ask(c, findings, "CheckNetwork", NULL, "network", &reply) < 0)
                return;
        if (sd_bus_message_read_strv(reply, &lines) < 0)
                doctor_say(findings, FINDING_PROBLEM, "network", NULL,
                           "lodged gave an answer that cannot be read");
        else if (!lines || !*lines)
                doctor_say(findings, FINDING_OK, "network", NULL,
                           "nothing on this host is in the way of machines' traffic");
        STRV_FOREACH (line, lines)
                say_line(findings, *line);
}
