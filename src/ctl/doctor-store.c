/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/doctor.h"

#include "base/names.h"
#include "base/text.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define XFS_MAGIC      0x58465342 /* linux/magic.h has it from 6.9 on */
#define MOUNT_LINE_MAX 4096

static const char *name_of_file_system(unsigned magic)
{
        static const struct {
                unsigned magic;
                const char *name;
        } names[] = {
                {EXT4_SUPER_MAGIC, "ext4"},         {XFS_MAGIC, "xfs"},
                {BTRFS_SUPER_MAGIC, "btrfs"},       {TMPFS_MAGIC, "tmpfs"},
                {OVERLAYFS_SUPER_MAGIC, "overlay"}, {F2FS_SUPER_MAGIC, "f2fs"},
                {NFS_SUPER_MAGIC, "nfs"},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (names[i].magic == magic)
                        return names[i].name;
        return NULL;
}

/* Are project quotas switched on? They are an option of the mount. */
static bool has_project_quota(dev_t device)
{
        char line[MOUNT_LINE_MAX], number[32];
        FILE *f = fopen("/proc/self/mountinfo", "re");
        bool found = false;

        (void)snprintf(number, sizeof(number), " %u:%u ", major(device), minor(device));
        while (f && !found && fgets(line, sizeof(line), f))
                found = strstr(line, number) &&
                        (strstr(line, "prjquota") || strstr(line, "pquota"));
        if (f)
                (void)fclose(f);
        return found;
}

static void check_file_system(json_t *findings)
{
        struct statfs fs;
        struct stat st;

        if (statfs(LODGE_STORE, &fs) < 0 || stat(LODGE_STORE, &st) < 0)
                return; /* said as a directory */
        const char *name = name_of_file_system((unsigned)fs.f_type);
        bool takes_quota = name && (streq(name, "ext4") || streq(name, "xfs"));
        bool limited =
                name && (streq(name, "btrfs") || (takes_quota && has_project_quota(st.st_dev)));

        if (!name)
                doctor_say(findings, FINDING_OK, "file system", NULL,
                           LODGE_STORE " is on a file system of type 0x%x", (unsigned)fs.f_type);
        else if (streq(name, "overlay") || streq(name, "nfs"))
                doctor_say(findings, FINDING_PROBLEM, "file system", "findmnt -T " LODGE_STORE,
                           LODGE_STORE " is on %s, where layers cannot be mounted; ext4, xfs, "
                                       "btrfs and tmpfs will do",
                           name);
        else
                doctor_say(findings, FINDING_OK, "file system", NULL,
                           LODGE_STORE " is on %s; the size of writable layers on disk %s", name,
                           limited ? "can be limited" : "cannot be limited, for want of quotas");
}

static void read_findings(json_t *findings, sd_bus_message *reply)
{
        const char *object, *problem, *remedy;
        size_t n = 0;
        int r = sd_bus_message_enter_container(reply, 'a', "(sss)");

        for (; r >= 0 && (r = sd_bus_message_read(reply, "(sss)", &object, &problem, &remedy)) > 0;
             n++)
                doctor_say(findings, FINDING_PROBLEM, "store", remedy, "%s: %s", object, problem);
        if (r < 0)
                doctor_say(findings, FINDING_PROBLEM, "store", NULL,
                           "lodged gave an answer that cannot be read");
        else if (n == 0)
                doctor_say(findings, FINDING_OK, "store", NULL,
                           "layers, images and volumes fit together");
}

void doctor_store(const Ctl *c, json_t *findings, bool deep)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        check_file_system(findings);
        if (doctor_ask(c, findings, "CheckStore", deep ? "Deep" : NULL, "store", &reply) >= 0)
                read_findings(findings, reply);
}
