/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/rules.h"

#include "base/text.h"
#include "net/rules-item.h"
#include "net/rules-text.h"

struct Rules {
        GHashTable *counts; /* RuleItem -> how many want it */
};

static const struct {
        const char *table;
        const char *name; /* NULL: named objects */
} sets[_RULE_SET_MAX] = {
        [RULE_BRIDGES] = {"inet", "bridges"},
        [RULE_SAME] = {"inet", "same"},
        [RULE_INTERNAL] = {"inet", "internal"},
        [RULE_NAT] = {"inet", "nat"},
        [RULE_OWN4] = {"inet", "own4"},
        [RULE_OWN6] = {"inet", "own6"},
        [RULE_GATEWAYS4] = {"inet", "gateways4"},
        [RULE_GATEWAYS6] = {"inet", "gateways6"},
        [RULE_MEMBERS4] = {"inet", "members4"},
        [RULE_MEMBERS6] = {"inet", "members6"},
        [RULE_RESTRICTED4] = {"inet", "restricted4"},
        [RULE_RESTRICTED6] = {"inet", "restricted6"},
        [RULE_EGRESS4] = {"inet", "egress4"},
        [RULE_EGRESS6] = {"inet", "egress6"},
        [RULE_LOCAL4] = {"inet", "local4"},
        [RULE_PORTS4] = {"inet", "ports4"},
        [RULE_PORTS6] = {"inet", "ports6"},
        [RULE_ANY4] = {"inet", "any4"},
        [RULE_ANY6] = {"inet", "any6"},
        [RULE_NEAR4] = {"inet", "near4"},
        [RULE_NEAR6] = {"inet", "near6"},
        [RULE_LINKS] = {"bridge", "links"},
        [RULE_MACS] = {"bridge", "macs"},
        [RULE_SOURCES4] = {"bridge", "sources4"},
        [RULE_SOURCES6] = {"bridge", "sources6"},
        [RULE_TARGETS6] = {"bridge", "targets6"},
        [RULE_MIRROR] = {"bridge", "mirror"},
        [RULE_LINKS_RESTRICTED] = {"bridge", "restricted"},
        [RULE_LINKS_EGRESS4] = {"bridge", "egress4"},
        [RULE_LINKS_EGRESS6] = {"bridge", "egress6"},
        [RULE_LIMITS] = {"bridge", NULL},
        [RULE_RATES] = {"bridge", "rates"},
};

static guint item_hash(gconstpointer p)
{
        const RuleItem *i = p;

        return g_str_hash(i->key) * 31 + (guint)i->set;
}

static gboolean item_equal(gconstpointer a, gconstpointer b)
{
        const RuleItem *x = a, *y = b;

        return x->set == y->set && streq(x->key, y->key) && streq(x->value, y->value);
}

static void item_free(gpointer p)
{
        RuleItem *i = p;

        g_free(i->key);
        g_free(i->value);
        g_free(i);
}

static RuleItem *item_copy(const RuleItem *i)
{
        RuleItem *copy = g_new0(RuleItem, 1);

        copy->set = i->set;
        copy->key = g_strdup(i->key);
        copy->value = g_strdup(i->value);
        return copy;
}

GPtrArray *rule_items_new(void)
{
        return g_ptr_array_new_with_free_func(item_free);
}

void rule_items_add(GPtrArray *items, RuleSet set, const char *value, const char *format, ...)
{
        RuleItem *i = g_new0(RuleItem, 1);
        va_list ap;

        i->set = set;
        i->value = g_strdup(value);
        va_start(ap, format);
        i->key = g_strdup_vprintf(format, ap);
        va_end(ap);
        g_ptr_array_add(items, i);
}

Rules *rules_new(void)
{
        Rules *rules = g_new0(Rules, 1);

        rules->counts = g_hash_table_new_full(item_hash, item_equal, item_free, NULL);
        return rules;
}

void rules_free(Rules *rules)
{
        if (!rules)
                return;
        g_hash_table_unref(rules->counts);
        g_free(rules);
}

bool rules_is_empty(const Rules *rules)
{
        return g_hash_table_size(rules->counts) == 0;
}

static gint item_order(gconstpointer a, gconstpointer b)
{
        const RuleItem *x = *(RuleItem *const *)a, *y = *(RuleItem *const *)b;

        return x->set != y->set ? (gint)x->set - (gint)y->set : g_strcmp0(x->key, y->key);
}

static void print_object(const char *verb, const RuleItem *i, GString *text)
{
        g_string_append_printf(text, "%s limit bridge lodge %s", verb, i->key);
        if (streq(verb, "add"))
                g_string_append_printf(text, " { %s }", i->value);
        g_string_append_c(text, '\n');
}

static void print_element(const RuleItem *i, bool with_value, GString *text)
{
        g_string_append(text, i->key);
        if (with_value && i->value)
                g_string_append_printf(text, " : %s", i->value);
}

/* One command for the elements of one set: those of @items from @first on. Return: where the next
 * set begins. */
static guint print_set(const char *verb, GPtrArray *items, guint first, GString *text)
{
        const RuleItem *i = items->pdata[first];
        guint end = first;

        g_string_append_printf(text, "%s element %s lodge %s { ", verb, sets[i->set].table,
                               sets[i->set].name);
        for (; end < items->len && ((RuleItem *)items->pdata[end])->set == i->set; end++) {
                if (end > first)
                        g_string_append(text, ", ");
                print_element(items->pdata[end], streq(verb, "add"), text);
        }
        g_string_append(text, " }\n");
        return end;
}

static void print_items(const char *verb, GPtrArray *items, bool objects, GString *text)
{
        for (guint at = 0; at < items->len;) {
                const RuleItem *i = items->pdata[at];

                if ((i->set == RULE_LIMITS) != objects)
                        at++;
                else if (objects)
                        print_object(verb, items->pdata[at++], text);
                else
                        at = print_set(verb, items, at, text);
        }
}

/* An element may be refused while what it replaces is there, and an object cannot go while an
 * element refers to it. */
static void print_change(GPtrArray *gone, GPtrArray *come, GString *text)
{
        g_ptr_array_sort(gone, item_order);
        g_ptr_array_sort(come, item_order);
        print_items("delete", gone, false, text);
        print_items("delete", gone, true, text);
        print_items("add", come, true, text);
        print_items("add", come, false, text);
}

static guint count_of(const Rules *rules, const RuleItem *i)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup(rules->counts, i));
}

static void set_count(Rules *rules, const RuleItem *i, guint n)
{
        if (n > 0)
                g_hash_table_replace(rules->counts, item_copy(i), GUINT_TO_POINTER(n));
        else
                g_hash_table_remove(rules->counts, i);
}

/* What is both given back and taken anew does not change. */
void rules_change(Rules *rules, GPtrArray *old, GPtrArray *new, GString *text)
{
        g_autoptr(GPtrArray) gone = g_ptr_array_new(), come = g_ptr_array_new();

        for (guint i = 0; new &&i < new->len; i++)
                if (count_of(rules, new->pdata[i]) == 0)
                        g_ptr_array_add(come, new->pdata[i]);
        for (guint i = 0; new &&i < new->len; i++)
                set_count(rules, new->pdata[i], count_of(rules, new->pdata[i]) + 1);
        for (guint i = 0; old && i < old->len; i++) {
                set_count(rules, old->pdata[i], count_of(rules, old->pdata[i]) - 1);
                if (count_of(rules, old->pdata[i]) == 0)
                        g_ptr_array_add(gone, old->pdata[i]);
        }
        if (text)
                print_change(gone, come, text);
}

void rules_print(const Rules *rules, GString *text)
{
        g_autoptr(GPtrArray) gone = g_ptr_array_new(), come = g_ptr_array_new();
        GHashTableIter iter;
        gpointer item;

        g_hash_table_iter_init(&iter, rules->counts);
        while (g_hash_table_iter_next(&iter, &item, NULL))
                g_ptr_array_add(come, item);
        rules_print_removal(text);
        g_string_append(text, rules_text_tables());
        print_change(gone, come, text);
}

void rules_print_removal(GString *text)
{
        /* to delete what is not there would be an error */
        g_string_append(text, "add table bridge lodge\ndelete table bridge lodge\n"
                              "add table inet lodge\ndelete table inet lodge\n");
}
