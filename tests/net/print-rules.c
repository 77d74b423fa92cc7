/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print-rules FILE: the commands for nftables that follow from what lodged says, one paragraph of
 * FILE after the other. Without FILE the constant part of the tables.
 *
 * A paragraph is "network" or "member" and lines "TAG VALUE", in lower case, as in a frame. */
#include "base/text.h"
#include "net/rules-text.h"
#include "net/rules.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

static const struct {
        const char *name;
        FrameTag tag;
        bool is_number;
} tags[] = {
        {"name", FRAME_NAME, false},       {"link", FRAME_LINK, false},
        {"network", FRAME_NETWORK, false}, {"address", FRAME_ADDRESS, false},
        {"port", FRAME_PORT, false},       {"target", FRAME_TARGET, false},
        {"egress", FRAME_EGRESS, false},   {"mac", FRAME_MAC, true},
        {"flags", FRAME_FLAGS, true},      {"rate", FRAME_RATE, true},
};

typedef struct State {
        Rules *rules;
        GHashTable *networks, *items; /* by name */
} State;

static void add_line(FrameWriter *w, const char *line)
{
        g_auto(GStrv) words = g_strsplit(line, " ", 2);

        for (size_t i = 0; i < ELEMENTSOF(tags); i++)
                if (streq(words[0], tags[i].name) && tags[i].is_number)
                        frame_add_number(w, tags[i].tag, g_ascii_strtoull(words[1], NULL, 0));
                else if (streq(words[0], tags[i].name))
                        frame_add_string(w, tags[i].tag, words[1]);
}

static GPtrArray *read_network(State *s, const Frame *f)
{
        NetworkRecord *n = g_new0(NetworkRecord, 1);

        if (network_record_read(f, n) < 0)
                g_error("not a network");
        (void)g_hash_table_replace(s->networks, g_strdup(n->name), n);
        return rules_of_network(n);
}

static GPtrArray *read_member(State *s, const Frame *f)
{
        _cleanup_member_record_ MemberRecord m = {0};

        if (member_record_read(f, &m) < 0)
                g_error("not a member");
        return rules_of_member(&m, s->networks);
}

static void print_paragraph(State *s, const char *paragraph)
{
        g_auto(GStrv) lines = g_strsplit(g_strstrip((char *)paragraph), "\n", 0);
        g_autoptr(GString) text = g_string_new(NULL);
        _cleanup_frame_writer_ FrameWriter w = {0};
        bool is_network = streq(lines[0], "network");
        Frame f = {0};

        frame_begin(&w, is_network ? FRAME_NETWORK_SET : FRAME_MEMBER_SET, 0);
        for (guint i = 1; lines[i]; i++)
                add_line(&w, lines[i]);
        memcpy(w.buf + 8, &(uint32_t){(uint32_t)w.n}, 4); /* as frame_send() does */
        if (frame_parse(g_memdup2(w.buf, w.n), w.n, &f) < 0)
                g_error("not a frame");
        g_autofree char *name = g_strdup(frame_string(&f, FRAME_NAME));
        GPtrArray *items = is_network ? read_network(s, &f) : read_member(s, &f);
        rules_change(s->rules, g_hash_table_lookup(s->items, name), items, text);
        (void)g_hash_table_replace(s->items, g_strdup(name), items);
        (void)printf("# %s %s\n%s\n", lines[0], name, text->str);
        frame_done(&f);
}

int main(int argc, char *argv[])
{
        State s = {rules_new(), g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                   g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify)g_ptr_array_unref)};
        g_autofree char *text = NULL;

        if (argc == 1) {
                (void)fputs(rules_text_tables(), stdout);
                return 0;
        }
        if (!g_file_get_contents(argv[1], &text, NULL, NULL))
                return 2;
        g_auto(GStrv) paragraphs = g_strsplit(g_strstrip(text), "\n\n", 0);
        for (guint i = 0; paragraphs[i]; i++)
                print_paragraph(&s, paragraphs[i]);
        g_hash_table_unref(s.items);
        g_hash_table_unref(s.networks);
        rules_free(s.rules);
        return 0;
}
