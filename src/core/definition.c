/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition.h"

char **definition_list(const char *root, char ***ret_ignored)
{
        return place_list(&definition_of_machine, root, ret_ignored);
}

DefinitionPlace definition_find(const char *root, const char *name)
{
        return place_find(&definition_of_machine, root, name);
}

bool definition_is_gone(const char *root, const char *name)
{
        return place_is_gone(&definition_of_machine, root, name);
}

int definition_load(const char *root, DefinitionPlace place, const char *name, Settings *ret,
                    Fault *reterr)
{
        _cleanup_free_ char *text = NULL, *path = NULL;
        _cleanup_settings_ Settings s;
        size_t n = 0;
        int r = place_read(&definition_of_machine, root, place, name, &text, &n, &path, reterr);

        settings_init(ret);
        settings_init(&s);
        if (r >= 0)
                r = settings_parse(path, text, n, &s, reterr);
        if (r >= 0)
                r = settings_validate(&s, reterr);
        if (r < 0)
                return r;
        settings_done(ret);
        *ret = s;
        settings_init(&s);
        return 0;
}

int definition_write(const char *root, DefinitionPlace place, const char *name, const Settings *s,
                     Fault *reterr)
{
        _cleanup_free_ char *text = settings_format(s);

        return place_write(&definition_of_machine, root, place, name, text, reterr);
}

int definition_remove(const char *root, const char *name, Fault *reterr)
{
        return place_remove(&definition_of_machine, root, name, reterr);
}
