/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles are read here, too, since lodged does not know where its callers are. Who may not read
 * one, or names one that does not exist, is told so by lodged. */
#include "ctl/workspace.h"

#include "base/text.h"
#include "spec/layers.h"

#include <string.h>
#include <unistd.h>

static int find_in_profiles(char **profiles, char **ret)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings ignored = {0};
        _cleanup_free_ char *text = NULL;
        Settings named, s;

        settings_init(&named);
        named.profiles = profiles;
        text = settings_format(&named);
        if (!text)
                return -ENOMEM;
        int r = layers_read("", NULL, &(LayerText){"", text, strlen(text)}, &layers, &ignored);
        r = r < 0 ? r : layers_parse(&layers, &s, NULL, &ignored);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s.workspace);
        settings_done(&s);
        return 0;
}

static int find(const Args *args, char **ret)
{
        const char *given = args_value(args, "workspace");
        _cleanup_strv_free_ char **profiles = NULL;
        int r = 0;

        if (given)
                return *given && !(*ret = strdup(given)) ? -ENOMEM : 0;
        for (size_t i = 0; r >= 0 && i < args->n_given; i++)
                if (streq(args->given[i].option->setting, "Profile"))
                        r = strv_push(&profiles, args->given[i].value);
        return r < 0 || !profiles ? r : find_in_profiles(profiles, ret);
}

int workspace_bind(const Ctl *c, char **ret, Fault *reterr)
{
        _cleanup_free_ char *target = NULL, *here = NULL;
        int r = find(&c->args, &target);

        *ret = NULL;
        if (r < 0 || !target)
                return r;
        here = getcwd(NULL, 0);
        if (!here || *here != '/')
                return fault_set(reterr, FAULT_INVALID_OPTION, here ? ENOENT : errno,
                                 "the workspace, the directory that lodgectl is called in: %s",
                                 strerror(here ? ENOENT : errno));
        if (strchr(here, ':'))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the workspace '%s' has a ':' in its name, which Bind= cannot "
                                 "take: call lodgectl in another directory",
                                 here);
        return asprintf(ret, "%s:%s:map=caller", here, target) < 0 ? -ENOMEM : 0;
}
