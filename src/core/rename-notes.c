/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What still goes by a machine's old name: whoever wrote it has to decide. */
#include "core/rename-notes.h"

#include "base/machine-name.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"

#include <sys/stat.h>

/* Where systemd looks for what an administrator has said of one unit. */
static const char *const unit_directories[] = {
        "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
        "/etc/systemd/system",         "/run/systemd/system",
};

static const char *const list_names[_UNIT_LIST_MAX] = {
#define NAME_OF_(name, help) [UNIT_LIST_##name] = #name "=",
        UNIT_LISTS(NAME_OF_) INSTALL_LISTS(NAME_OF_)
#undef NAME_OF_
};

/* Return: "After= and Requires="; NULL: nowhere. */
static char *lists_with(const Machine *m, const char *unit)
{
        g_autoptr(GString) s = g_string_new(NULL);

        for (size_t i = 0; i < _UNIT_LIST_MAX; i++)
                if (list_names[i] && strv_contains(m->settings.unit_lists[i], unit))
                        g_string_append_printf(s, "%s%s", s->len > 0 ? " and " : "", list_names[i]);
        return s->len > 0 ? g_strdup(s->str) : NULL;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(((const Machine *)a)->name, ((const Machine *)b)->name);
}

static void note_definitions(Manager *manager, const char *from, const char *to, GPtrArray *notes)
{
        GList *all = g_list_sort(g_hash_table_get_values(manager->machines), compare_names);

        for (GList *i = all; i; i = i->next) {
                const Machine *m = i->data;
                _cleanup_free_ char *lists = lists_with(m, from);

                if (lists)
                        g_ptr_array_add(notes,
                                        g_strdup_printf("Machine '%s' has %s in %s: it is %s now "
                                                        "(lodgectl edit %s)",
                                                        m->name, from, lists, to, m->name));
        }
        g_list_free(all);
}

static void note_files(Manager *manager, const char *from, const char *to, GPtrArray *notes)
{
        static const char *const suffixes[] = {"", ".d"};
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(unit_directories); i++)
                for (size_t k = 0; k < ELEMENTSOF(suffixes); k++) {
                        _cleanup_free_ char *path = g_strconcat(manager->root, unit_directories[i],
                                                                "/", from, suffixes[k], NULL);

                        if (lstat(path, &st) == 0)
                                g_ptr_array_add(notes, g_strdup_printf("%s does not count for %s",
                                                                       path, to));
                }
}

void rename_notes(Manager *manager, const char *from, const char *to, GPtrArray *notes)
{
        _cleanup_free_ char *old_unit = machine_unit_name(from), *unit = machine_unit_name(to);

        note_definitions(manager, old_unit, unit, notes);
        note_files(manager, old_unit, unit, notes);
}
