/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/mount-entry.h"
#include "unit/test.h"

static void parse(MountKind kind, const char *text, MountEntry *ret)
{
        const char *why = NULL;

        if (mount_entry_parse(kind, text, ret, &why) < 0)
                test_fail_value(__FILE__, __LINE__, text, why, "taken");
}

static void refuse(MountKind kind, const char *text, const char *says)
{
        MountEntry e;
        const char *why = NULL;

        if (mount_entry_parse(kind, text, &e, &why) != -EINVAL)
                test_fail_value(__FILE__, __LINE__, text, "taken", says);
        if (!why || !strstr(why, says))
                test_fail_value(__FILE__, __LINE__, text, why, says);
}

static void test_binds(void)
{
        _cleanup_mount_entry_ MountEntry a = {0}, b = {0};

        parse(MOUNT_BIND, "/srv/a b:/mnt", &a);
        CHECK_STRING(a.source, "/srv/a b");
        CHECK_STRING(a.target, "/mnt");
        CHECK(!a.read_only && !a.not_recursive && !a.no_exec && !a.tmpfs_options);
        CHECK_NUMBER(a.map, MOUNT_MAP_ROOT);
        parse(MOUNT_BIND, "/:/mnt/host:ro,norecursive,noexec,map=same", &b);
        CHECK(b.read_only && b.not_recursive && b.no_exec);
        CHECK_NUMBER(b.map, MOUNT_MAP_SAME);
        refuse(MOUNT_BIND, "", "SOURCE:TARGET");
        refuse(MOUNT_BIND, "/a", "SOURCE:TARGET");
        refuse(MOUNT_BIND, "a:/b", "absolute path of the host");
        refuse(MOUNT_BIND, ":/b", "absolute path of the host");
        refuse(MOUNT_BIND, "/a/../b:/c", "absolute path of the host");
        refuse(MOUNT_BIND, "/a:", "must be absolute");
        refuse(MOUNT_BIND, "/a:b", "must be absolute");
        refuse(MOUNT_BIND, "/a:/b/./c", "must be absolute");
        refuse(MOUNT_BIND, "/a:/b,ro", "behind a ':', not a ','");
        refuse(MOUNT_BIND, "/a:/b,c,map=none", "behind a ':', not a ','");
        refuse(MOUNT_BIND, "/a:/b:", "options are");
        refuse(MOUNT_BIND, "/a:/b:ro,", "options are");
        refuse(MOUNT_BIND, "/a:/b:map=host", "map= takes");
        refuse(MOUNT_BIND, "/a:/b:ro:x", "more than two ':'");
        static const struct {
                const char *option, *says;
        } elsewhere[] = {
                {"z", "SELinux"},
                {"Z", "SELinux"},
                {"U", "nothing is chowned"},
                {"idmap=uids=0-1-10", "map= says"},
                {"rshared", "never seen on the other"},
                {"bind-propagation=rshared", "never seen on the other"},
                {"rbind", "norecursive"},
                {"norbind", "write norecursive"},
                {"readonly", "write ro"},
                {"suid", "never have an effect"},
                {"dev", "never have an effect"},
                {"size=1M", "options are"},
                {"remount", "options are"},
                {"RO", "options are"},
        };
        for (size_t i = 0; i < ELEMENTSOF(elsewhere); i++) {
                _cleanup_free_ char *text = NULL;

                CHECK(asprintf(&text, "/a:/b:%s", elsewhere[i].option) > 0);
                refuse(MOUNT_BIND, text, elsewhere[i].says);
        }
}

/* As a shell completes paths, and as a person writes what is so anyway. */
static void test_leniency(void)
{
        _cleanup_mount_entry_ MountEntry a = {0}, b = {0}, c = {0}, d = {0};

        parse(MOUNT_BIND, "/srv//www/:/mnt/:nosuid,nodev,ro", &a);
        CHECK_STRING(a.source, "/srv/www");
        CHECK_STRING(a.target, "/mnt");
        CHECK(a.read_only);
        parse(MOUNT_BIND, "//:/b,c", &b);
        CHECK_STRING(b.source, "/");
        CHECK_STRING(b.target, "/b,c");
        parse(MOUNT_VOLUME, "/var/x/", &c);
        CHECK_STRING(c.target, "/var/x");
        parse(MOUNT_TMPFS, "/run/:rw,noexec,nosuid,size=64K", &d);
        CHECK_STRING(d.target, "/run");
        CHECK_STRING(d.tmpfs_options, "mode=0755,size=65536");
        refuse(MOUNT_BIND, "/a://", "machine's root");
        refuse(MOUNT_BIND, "/a://proc/", "at or below /proc");
}

static void test_volumes(void)
{
        _cleanup_mount_entry_ MountEntry a = {0}, b = {0};

        parse(MOUNT_VOLUME, "data:/var/lib/x:ro", &a);
        CHECK_STRING(a.source, "data");
        CHECK_STRING(a.target, "/var/lib/x");
        CHECK_NUMBER(a.map, MOUNT_MAP_SAME);
        CHECK(a.read_only);
        parse(MOUNT_VOLUME, "/var/lib/x:map=root", &b);
        CHECK(!b.source);
        CHECK_STRING(b.target, "/var/lib/x");
        CHECK_NUMBER(b.map, MOUNT_MAP_ROOT);
        refuse(MOUNT_VOLUME, "a", "NAME:TARGET");
        refuse(MOUNT_VOLUME, "a/b:/c", "volume's name");
        refuse(MOUNT_VOLUME, "..:/c", "volume's name");
        refuse(MOUNT_VOLUME, ":/c", "volume's name");
        refuse(MOUNT_VOLUME, "/a:/b", "with Bind=");
        refuse(MOUNT_VOLUME, "a:/b:norecursive", "options are");
        refuse(MOUNT_VOLUME, "/b,ro", "behind a ':', not a ','");
}

static void test_tmpfs(void)
{
        _cleanup_mount_entry_ MountEntry a = {0}, b = {0}, c = {0};

        parse(MOUNT_TMPFS, "/tmp/x", &a);
        CHECK_STRING(a.tmpfs_options, "mode=1777");
        parse(MOUNT_TMPFS, "/x:size=64M,mode=0750,uid=7,gid=65535,ro", &b);
        CHECK_STRING(b.tmpfs_options, "mode=0750,size=67108864");
        CHECK(b.uid == 7 && b.gid == 65535 && b.read_only);
        parse(MOUNT_TMPFS, "/run:size=100%", &c);
        CHECK_STRING(c.tmpfs_options, "mode=0755,size=100%");
        static const char *const bad[] = {
                "size=0", "size=",    "size=0%",     "size=101%",   "size=1%%",   "size=-1",
                "mode=8", "mode=77",  "mode=17777",  "mode=",       "uid=65536",  "uid=root",
                "gid=-1", "map=root", "nr_inodes=1", "huge=always", "size=1,size"};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *text = NULL;

                CHECK(asprintf(&text, "/a:%s", bad[i]) > 0);
                refuse(MOUNT_TMPFS, text, "");
        }
        refuse(MOUNT_TMPFS, "a", "absolute");
}

static void test_targets(void)
{
        static const char *const ours[] = {"/",          "/proc",     "/proc/self/attr",
                                           "/sys/fs",    "/dev",      "/dev/null",
                                           "/dev/shm/x", "/run/host", "/run/host/notify"};

        for (size_t i = 0; i < ELEMENTSOF(ours); i++) {
                CHECK(mount_target_refusal(MOUNT_BIND, ours[i]));
                CHECK(mount_target_refusal(MOUNT_VOLUME, ours[i]));
                CHECK(mount_target_refusal(MOUNT_TMPFS, ours[i]));
        }
        CHECK(!mount_target_refusal(MOUNT_TMPFS, "/run") &&
              mount_target_refusal(MOUNT_BIND, "/run"));
        CHECK(!mount_target_refusal(MOUNT_BIND, "/dev/shm") &&
              !mount_target_refusal(MOUNT_BIND, "/devel"));
        CHECK(!mount_target_refusal(MOUNT_BIND, "/run/x") &&
              !mount_target_refusal(MOUNT_BIND, "/process"));
        CHECK(mount_target_refusal(MOUNT_BIND, "/a/../proc") &&
              mount_target_refusal(MOUNT_BIND, "//proc"));
}

int main(void)
{
        test_binds();
        test_leniency();
        test_volumes();
        test_tmpfs();
        test_targets();
        return 0;
}
