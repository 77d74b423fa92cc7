/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which partitions become the machine's, and which tables are refused. */
#include "disk/disk-choose.h"
#include "disk/partition-type.h"
#include "unit/test.h"

#include <systemd/sd-gpt.h>

#define MIB (UINT64_C(1) << 20)

static void add(DiskImage *d, sd_id128_t type, const char *label)
{
        uint32_t i = d->n_partitions++;

        d->partitions[i] = (DiskPartition){.offset = (i + 1) * MIB, .size = MIB, .number = i + 1};
        memcpy(d->partitions[i].type, type.bytes, 16);
        (void)snprintf(d->partitions[i].label, sizeof(d->partitions[i].label), "%s", label);
}

static DiskImage disk(void)
{
        DiskImage d;

        disk_image_init(&d);
        d.is_gpt = 1;
        d.size = 64 * MIB;
        return d;
}

static void check(DiskImage *d, int root, int usr, int root_verity, int usr_verity)
{
        _cleanup_fault_ Fault f = {0};
        int r = disk_choose(d, "x", &f);

        CHECK_STRING(f.message, NULL);
        CHECK_NUMBER(r, 0);
        CHECK_NUMBER(d->roles[DISK_ROOT], root);
        CHECK_NUMBER(d->roles[DISK_USR], usr);
        CHECK_NUMBER(d->roles[DISK_ROOT_VERITY], root_verity);
        CHECK_NUMBER(d->roles[DISK_USR_VERITY], usr_verity);
        CHECK_NUMBER(disk_image_check(d), 0);
}

static void check_refused(DiskImage *d, const char *sentence)
{
        _cleanup_fault_ Fault f = {0};
        int r = disk_choose(d, "x", &f);

        CHECK_NUMBER(r, -EINVAL);
        CHECK(f.message && strstr(f.message, sentence) && strstr(f.message, "'x'"));
}

static void test_roles(void)
{
        DiskImage d = disk();

        add(&d, SD_GPT_ESP, "");
        add(&d, SD_GPT_ROOT_NATIVE, "");
        check(&d, 1, -1, -1, -1);

        d = disk();
        add(&d, SD_GPT_USR_NATIVE_VERITY, "");
        add(&d, SD_GPT_USR_NATIVE, "");
        add(&d, SD_GPT_ROOT_NATIVE_VERITY, "");
        add(&d, SD_GPT_ROOT_NATIVE, "");
        add(&d, SD_GPT_HOME, "");
        check(&d, 3, 1, 2, 0);
}

static void test_unused(void)
{
        _cleanup_free_ char *sentence = NULL, *none = NULL;
        DiskImage d = disk();

        add(&d, SD_GPT_ESP, "");
        add(&d, SD_GPT_ROOT_NATIVE, "");
        CHECK_NUMBER(disk_image_unused(&d, "x", &none), 0);
        CHECK_STRING(none, NULL);
        add(&d, SD_GPT_HOME, "");
        add(&d, SD_GPT_SWAP, "");
        add(&d, SD_GPT_VAR, "");
        check(&d, 1, -1, -1, -1);
        CHECK_NUMBER(disk_image_unused(&d, "x", &sentence), 0);
        CHECK_STRING(sentence,
                     "Of disk image 'x', these partitions are not used: 3 (home), 5 (var)");
}

static void test_several(void)
{
        DiskImage d = disk();

        add(&d, SD_GPT_ROOT_NATIVE, "os_9");
        add(&d, SD_GPT_ROOT_NATIVE, "os_10");
        add(&d, SD_GPT_ROOT_NATIVE, "_empty");
        check(&d, 1, -1, -1, -1);

        d = disk();
        add(&d, SD_GPT_ROOT_NATIVE, "os");
        add(&d, SD_GPT_ROOT_NATIVE, "os");
        check_refused(&d, "two partitions for root, 1 and 2");

        d.n_partitions = 2;
        d.roles[DISK_ROOT] = -1;
        d.partitions[0].flags = SD_GPT_FLAG_NO_AUTO;
        check(&d, 1, -1, -1, -1);
}

static void test_generic(void)
{
        DiskImage d = disk();

        add(&d, SD_GPT_SWAP, "");
        add(&d, SD_GPT_LINUX_GENERIC, "");
        check(&d, 1, -1, -1, -1);

        add(&d, SD_GPT_ROOT_NATIVE, "");
        d.roles[DISK_ROOT] = -1;
        check(&d, 2, -1, -1, -1);

        d = disk();
        add(&d, SD_GPT_LINUX_GENERIC, "");
        add(&d, SD_GPT_LINUX_GENERIC, "");
        check_refused(&d, "several Linux partitions");
}

static void test_none(void)
{
        DiskImage d = disk();

        check_refused(&d, "no root partition for this architecture");
        add(&d, SD_GPT_ROOT_ALPHA, "");
        check_refused(&d, "no root partition for this architecture");

        d = disk();
        add(&d, SD_GPT_USR_NATIVE, "");
        check_refused(&d, "none for the root file system");

        d = disk();
        add(&d, SD_GPT_ROOT_NATIVE, "");
        add(&d, SD_GPT_USR_NATIVE_VERITY, "");
        check_refused(&d, "dm-verity data for /usr");

        /* a generic partition beside hashes of a root partition that is missing is not that one */
        d = disk();
        add(&d, SD_GPT_LINUX_GENERIC, "");
        add(&d, SD_GPT_ROOT_NATIVE_VERITY, "");
        check_refused(&d, "no root partition");
}

static void test_places(void)
{
        DiskImage d = disk();

        add(&d, SD_GPT_ROOT_NATIVE, "");
        add(&d, SD_GPT_HOME, "");
        d.partitions[1].offset -= 512;
        check_refused(&d, "Partitions 1 and 2");

        d = disk();
        add(&d, SD_GPT_ROOT_NATIVE, "");
        d.partitions[0].size = d.size;
        check_refused(&d, "does not lie within");
        d.partitions[0].size = UINT64_MAX;
        check_refused(&d, "does not lie within");
        d.partitions[0].size = 0;
        check_refused(&d, "does not lie within");
}

static void test_check(void)
{
        DiskImage d = disk(), good;

        add(&d, SD_GPT_ROOT_NATIVE, "");
        good = d;
        CHECK_NUMBER(disk_image_check(&d), 0);
        d.roles[DISK_USR] = 1;
        CHECK_NUMBER(disk_image_check(&d), -EBADMSG);
        d = good;
        d.n_partitions = DISK_PARTITIONS_MAX + 1;
        CHECK_NUMBER(disk_image_check(&d), -EBADMSG);
        d = good;
        memset(d.partitions[0].filesystem, 'x', sizeof(d.partitions[0].filesystem));
        CHECK_NUMBER(disk_image_check(&d), -EBADMSG);
        d = good;
        d.partitions[0].size = UINT64_MAX;
        CHECK_NUMBER(disk_image_check(&d), -EBADMSG);
}

static void test_uuid(void)
{
        static const uint8_t zero[16], id[16] = {0x01, 0xAB, [15] = 0xff};
        char buf[DISK_TYPE_NAME_MAX];
        uint8_t found[16];

        CHECK_NUMBER(uuid_parse("01ab0000-0000-0000-0000-0000000000Ff", found), 0);
        CHECK(memcmp(found, id, 16) == 0);
        CHECK_NUMBER(uuid_parse("01ab0000-0000-0000-0000-0000000000f", found), -EINVAL);
        CHECK_NUMBER(uuid_parse("01ab0000-0000-0000-0000-0000000000fff", found), -EINVAL);
        CHECK_NUMBER(uuid_parse("01ab00000000-0000-0000-0000-0000000000ff", found), -EINVAL);
        CHECK_NUMBER(uuid_parse("01ab0000-0000-0000-0000-0000000000fg", found), -EINVAL);
        CHECK_NUMBER(uuid_parse("", found), -EINVAL);
        CHECK_NUMBER(uuid_parse(NULL, found), -EINVAL);
        CHECK_STRING(partition_type_name(id, buf), "01ab0000-0000-0000-0000-0000000000ff");
        CHECK_STRING(partition_type_name(SD_GPT_ESP.bytes, buf), "esp");
        CHECK_NUMBER(partition_type_role(zero), -1);
}

int main(void)
{
        test_roles();
        test_unused();
        test_several();
        test_generic();
        test_none();
        test_places();
        test_check();
        test_uuid();
        return 0;
}
