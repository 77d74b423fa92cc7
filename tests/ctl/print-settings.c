/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the vocabulary of definitions for check-words, one "SECTION KEY" a line; with a word, that
 * of networks. */
#include "spec/network-settings.h"
#include "spec/settings.h"

int main(int argc, char *argv[])
{
        for (const SettingKey *key = argc > 1 ? network_settings_keys() : setting_keys(); key->name;
             key++)
                if (!key->internal)
                        (void)printf("%s %s\n", key->section, key->name);
        return 0;
}
