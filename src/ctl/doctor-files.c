/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/doctor.h"

#include "base/names.h"
#include "base/text.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MIB           (UINT64_C(1) << 20)
#define SPACE_NEEDED  (16 * MIB)
#define SPACE_WANTED  (256 * MIB)
#define INODES_WANTED 1000U
#define RANGES        ((0x6fff0000U - 0x80000U) / 0x10000U + 1) /* as core/uid-range.h */
#define RANGES_WANTED 16U

#define MAKE_DIRECTORIES "systemd-tmpfiles --create lodge.conf"

typedef struct Directories {
        size_t n_fine, n_missing;
        const char *missing; /* the first of them */
} Directories;

/* Who may write into one of these could hand a machine to itself. */
static void check_directory(json_t *findings, const char *path, mode_t mode, Directories *seen)
{
        struct stat st;
        int error = lstat(path, &st) < 0 ? errno : 0;

        if (error == ENOENT) {
                if (seen->n_missing++ == 0)
                        seen->missing = path;
        } else if (error != 0) {
                doctor_say(findings, FINDING_PROBLEM, "directories", MAKE_DIRECTORIES, "%s: %s",
                           path, strerror(error));
        } else if (!S_ISDIR(st.st_mode)) {
                doctor_say(findings, FINDING_PROBLEM, "directories", NULL, "%s is no directory",
                           path);
        } else if (st.st_uid != 0 || (st.st_mode & 07777 & ~mode) != 0) {
                doctor_say(findings, FINDING_PROBLEM, "directories", MAKE_DIRECTORIES,
                           "%s belongs to user %u and has mode %04o, not to root with %04o", path,
                           st.st_uid, st.st_mode & 07777, mode);
        } else {
                seen->n_fine++;
        }
}

static void check_directories(json_t *findings)
{
        static const struct {
                const char *path;
                mode_t mode;
        } directories[] = {
                {LODGE_DEFINITIONS_ETC, 0755}, {LODGE_RUNTIME, 0755},
                {LODGE_DEFINITIONS_RUN, 0755}, {LODGE_RUNTIME_UNITS, 0755},
                {LODGE_RUNTIME_EXITS, 0755},   {LODGE_STORE, 0700},
                {LODGE_STORE_IMAGES, 0755},    {LODGE_STORE_LAYERS, 0700},
                {LODGE_STORE_BLOBS, 0700},     {LODGE_STORE_VOLUMES, 0700},
                {LODGE_STORE_INCOMING, 0700},  {LODGE_STORE_MACHINES, 0700},
                {LODGE_STORE_TRASH, 0700},     {LODGE_UID_LOCKS, 0755},
        };
        size_t n = ELEMENTSOF(directories);
        Directories seen = {0};

        /* What is below a directory that only root may enter cannot be seen by others. */
        if (geteuid() != 0)
                n = 6;
        for (size_t i = 0; i < n; i++)
                check_directory(findings, directories[i].path, directories[i].mode, &seen);
        if (seen.n_missing > 0)
                doctor_say(findings, FINDING_PROBLEM, "directories", MAKE_DIRECTORIES,
                           "%zu of %zu are missing, the first is %s", seen.n_missing, n,
                           seen.missing);
        if (seen.n_fine == n)
                doctor_say(findings, FINDING_OK, "directories", NULL,
                           "%zu are there, and only root may write to them", n);
}

static void check_space(json_t *findings, const char *path)
{
        char hint[64];
        struct statvfs fs;

        if (statvfs(path, &fs) < 0) {
                if (errno == ENOENT)
                        return; /* said as a directory */
                doctor_say(findings, errno == EACCES ? FINDING_SKIPPED : FINDING_PROBLEM, "space",
                           NULL, "%s: %s", path, strerror(errno));
                return;
        }
        uint64_t bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
        bool few_inodes = fs.f_files > 0 && fs.f_favail < INODES_WANTED;
        Finding finding = bytes < SPACE_NEEDED || (fs.f_files > 0 && fs.f_favail == 0)
                                  ? FINDING_PROBLEM
                          : bytes < SPACE_WANTED || few_inodes ? FINDING_WARNING
                                                               : FINDING_OK;
        (void)snprintf(hint, sizeof(hint), "df -%c %s", few_inodes ? 'i' : 'h', path);
        if (fs.f_files > 0)
                doctor_say(findings, finding, "space", finding == FINDING_OK ? NULL : hint,
                           "%s has %llu MiB and %llu inodes free", path,
                           (unsigned long long)(bytes / MIB), (unsigned long long)fs.f_favail);
        else
                doctor_say(findings, finding, "space", finding == FINDING_OK ? NULL : hint,
                           "%s has %llu MiB free", path, (unsigned long long)(bytes / MIB));
}

/* Each file is a range that a machine or systemd-nspawn holds, or has held. */
static void check_ranges(json_t *findings)
{
        DIR *d = opendir(LODGE_UID_LOCKS);
        size_t used = 0;

        if (!d)
                return; /* said as a directory */
        for (const struct dirent *e; (e = readdir(d));)
                used += e->d_name[0] != '.';
        (void)closedir(d);
        size_t left = used < RANGES ? RANGES - used : 0;
        doctor_say(findings,
                   left == 0              ? FINDING_PROBLEM
                   : left < RANGES_WANTED ? FINDING_WARNING
                                          : FINDING_OK,
                   "user ids", left < RANGES_WANTED ? "lodgectl list" : NULL,
                   "%zu of %u ranges of user ids are free", left, RANGES);
}

void doctor_files(json_t *findings)
{
        check_directories(findings);
        check_space(findings, LODGE_STORE);
        check_space(findings, "/run");
        check_ranges(findings);
}
