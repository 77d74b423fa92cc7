/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the vocabulary of definitions for check-words, one "SECTION KEY" a line. */
#include "spec/settings.h"

int main(void)
{
        for (const SettingKey *key = setting_keys(); key->name; key++)
                if (!key->internal)
                        (void)printf("%s %s\n", key->section, key->name);
        return 0;
}
