/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk/partition-type.h"

#include <string.h>
#include <systemd/sd-gpt.h>

static const struct {
        sd_id128_t type;
        int role;
        const char *name;
} types[] = {
#ifdef SD_GPT_ROOT_NATIVE
        {SD_GPT_ROOT_NATIVE, DISK_ROOT, "root"},
        {SD_GPT_USR_NATIVE, DISK_USR, "usr"},
        {SD_GPT_ROOT_NATIVE_VERITY, DISK_ROOT_VERITY, "root-verity"},
        {SD_GPT_USR_NATIVE_VERITY, DISK_USR_VERITY, "usr-verity"},
        {SD_GPT_ROOT_NATIVE_VERITY_SIG, -1, "root-verity-sig"},
        {SD_GPT_USR_NATIVE_VERITY_SIG, -1, "usr-verity-sig"},
#endif
        {SD_GPT_ROOT_X86_64, -1, "root of x86-64"},
        {SD_GPT_ROOT_X86, -1, "root of x86"},
        {SD_GPT_ROOT_ARM64, -1, "root of arm64"},
        {SD_GPT_ROOT_ARM, -1, "root of arm"},
        {SD_GPT_ROOT_RISCV64, -1, "root of riscv64"},
        {SD_GPT_ROOT_PPC64_LE, -1, "root of ppc64-le"},
        {SD_GPT_ROOT_S390X, -1, "root of s390x"},
        {SD_GPT_ROOT_LOONGARCH64, -1, "root of loongarch64"},
        {SD_GPT_ESP, -1, "esp"},
        {SD_GPT_XBOOTLDR, -1, "xbootldr"},
        {SD_GPT_SWAP, -1, "swap"},
        {SD_GPT_HOME, -1, "home"},
        {SD_GPT_SRV, -1, "srv"},
        {SD_GPT_VAR, -1, "var"},
        {SD_GPT_TMP, -1, "tmp"},
        {SD_GPT_LINUX_GENERIC, -1, "linux"},
};

static bool is_type(const uint8_t type[static 16], sd_id128_t other)
{
        return memcmp(type, other.bytes, 16) == 0;
}

int partition_type_role(const uint8_t type[static 16])
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (is_type(type, types[i].type))
                        return types[i].role;
        return -1;
}

bool partition_type_is_generic(const uint8_t type[static 16])
{
        return is_type(type, SD_GPT_LINUX_GENERIC);
}

bool partition_type_is_missed(const uint8_t type[static 16])
{
        static const sd_id128_t missed[] = {SD_GPT_HOME, SD_GPT_SRV,       SD_GPT_VAR,
                                            SD_GPT_TMP,  SD_GPT_USER_HOME, SD_GPT_LINUX_GENERIC};

        for (size_t i = 0; i < ELEMENTSOF(missed); i++)
                if (is_type(type, missed[i]))
                        return true;
        return false;
}

const char *partition_type_name(const uint8_t type[static 16], char buf[static DISK_TYPE_NAME_MAX])
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (is_type(type, types[i].type))
                        return types[i].name;
        for (size_t i = 0; i < 16; i++)
                n += (size_t)snprintf(buf + n, DISK_TYPE_NAME_MAX - n,
                                      i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
                                      type[i]);
        return buf;
}

static int hex_digit(char c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

int uuid_parse(const char *text, uint8_t ret[static 16])
{
        uint8_t id[16];

        for (size_t i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        if (!text || *text++ != '-')
                                return -EINVAL;
                int high = text ? hex_digit(text[0]) : -1;
                int low = high < 0 ? -1 : hex_digit(text[1]);
                if (low < 0)
                        return -EINVAL;
                id[i] = (uint8_t)(high << 4 | low);
                text += 2;
        }
        if (*text)
                return -EINVAL;
        memcpy(ret, id, sizeof(id));
        return 0;
}
