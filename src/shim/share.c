/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/share.h"

#include "shim/notify.h"
#include "shim/start-child.h"
#include "sys/file-system.h"
#include "sys/mount-lock.h"
#include "sys/mountfd.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ID_MAX       65535U
#define FILL_TIMEOUT "EXTEND_TIMEOUT_USEC=600000000"

static int open_share(const PlanStep *s, Share *ret, Failure *f)
{
        _cleanup_close_ int fd = open(s->s, O_PATH | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "bind", s->s);
        int tree = mountfd_clone(fd, "", s->flags & PLAN_RECURSIVE ? 1 : 0);
        if (tree < 0)
                return failure_set(f, FAULT_START_FAILED, tree, "bind", s->s);
        *ret = (Share){
                .fd = tree,
                .is_directory = S_ISDIR(st.st_mode),
                .uid = st.st_uid,
                .gid = st.st_gid,
        };
        return 0;
}

int shares_open(Start *st, Failure *f)
{
        size_t n = 0;
        PlanStep s;

        PLAN_FOREACH (&s, st->mounts->plan, st->mounts->n_plan)
                n += s.op == PLAN_SHARE;
        if (n == 0)
                return 0;
        st->shares = calloc(n, sizeof(Share));
        if (!st->shares)
                return failure_set(f, FAULT_START_FAILED, ENOMEM, "bind", "directories");
        PLAN_FOREACH (&s, st->mounts->plan, st->mounts->n_plan) {
                int r = s.op == PLAN_SHARE ? open_share(&s, &st->shares[st->n_shares], f) : 0;
                if (r < 0)
                        return r;
                st->n_shares += s.op == PLAN_SHARE;
        }
        return 0;
}

void shares_close(Start *st)
{
        for (size_t i = 0; i < st->n_shares; i++)
                (void)close_fd(st->shares[i].fd);
        free(st->shares);
        st->shares = NULL;
        st->n_shares = 0;
}

/* ---- id maps ---- */

/* What was made for one share goes for the next that needs the same. */
typedef struct IdMap {
        uint32_t uid, host_uid, gid, host_gid;
        int fd;
} IdMap;

typedef struct Mounting {
        Start *start;
        unsigned n;     /* step of the stage */
        size_t n_share; /* shares taken so far */
        IdMap last;
} Mounting;

static int find_map(Mounting *m, const PlanStep *s, const Share *share, const LaunchMessage *place)
{
        uint32_t base = m->start->uid_base;
        IdMap map = {
                .uid = s->a == PLAN_MAP_CALLER ? (uint32_t)s->b : share->uid,
                .host_uid = base + place->uid,
                .gid = share->gid,
                .host_gid = base + place->gid,
        };

        if (s->a == PLAN_MAP_NONE)
                return -EBADF;
        if (s->a == PLAN_MAP_SAME)
                return m->start->userns;
        if (place->uid > ID_MAX || place->gid > ID_MAX)
                return -ERANGE;
        if (m->last.fd >= 0 && m->last.uid == map.uid && m->last.host_uid == map.host_uid &&
            m->last.gid == map.gid && m->last.host_gid == map.host_gid)
                return m->last.fd;
        map.fd = userns_new_for_one(map.uid, map.host_uid, map.gid, map.host_gid);
        (void)close_fd(m->last.fd);
        m->last = map;
        return map.fd;
}

static int map_failed(const PlanStep *s, const Share *share, int userns, int r, Failure *f)
{
        const char *type = file_system_name(share->fd);
        bool itself_can = s->flags & PLAN_RECURSIVE && mountfd_idmap(share->fd, userns, 0) >= 0;
        char sentence[256];

        if (r == -EINVAL && itself_can)
                (void)snprintf(sentence, sizeof(sentence),
                               "cannot map the owners of '%.80s': a file system mounted below it "
                               "takes no idmapped mounts; norecursive leaves it out, map=none "
                               "shows all as nobody's",
                               s->s);
        else if (r == -EINVAL)
                (void)snprintf(sentence, sizeof(sentence),
                               "cannot map the owners of '%.80s': its file system (%s) takes no "
                               "idmapped mounts; map=none shows it as nobody's",
                               s->s, type);
        else if (r == -EPERM)
                (void)snprintf(
                        sentence, sizeof(sentence),
                        "cannot map the owners of '%.80s': it is%s an idmapped mount already; "
                        "map=none shows it as it is",
                        s->s, s->flags & PLAN_RECURSIVE ? ", or has below it," : "");
        else
                return failure_set(f, FAULT_START_FAILED, r, "map the owners of", s->s);
        (void)failure_set(f, FAULT_NOT_SUPPORTED, r, "map the owners of", s->s);
        return failure_reason(f, FAULT_NOT_SUPPORTED, r, "map the owners of", sentence);
}

/* ---- mounting ---- */

static int ask(Start *st, LaunchMessage *m, Failure *f)
{
        LaunchMessageKind kind = m->kind;

        if (send(st->sock[0], m, sizeof(*m), MSG_NOSIGNAL) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "start", "child");
        return start_expect(st, kind, m, f);
}

static int open_place(Mounting *m, bool is_directory, LaunchMessage *ret, Failure *f)
{
        *ret = (LaunchMessage){
                .kind = LAUNCH_TARGET, .fd = -EBADF, .n = m->n, .is_directory = is_directory};
        return ask(m->start, ret, f);
}

static int fill(Mounting *m, int volume, int place, Failure *f)
{
        LaunchMessage message = {.kind = LAUNCH_FILL, .fd = volume, .terminal = place, .n = m->n};

        notify_systemd(FILL_TIMEOUT); /* an image may have much there */
        return ask(m->start, &message, f);
}

/* In the guest's own mount namespace, where no mount of the host's is locked by itself.
 * @mountfd moved to the pins on success */
static int attach(Mounting *m, int *mountfd, int place, const char *path, Failure *f)
{
        LaunchMessage message = {
                .kind = LAUNCH_ATTACH, .fd = *mountfd, .terminal = place, .n = m->n};

        int r = mount_lock(*mountfd, m->start->userns);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "mount at", path);
        r = ask(m->start, &message, f);
        if (r < 0)
                return r;
        r = mounts_pin(m->start->mounts, TAKE_FD(*mountfd));
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "mount at", path) : 0;
}

static int mount_share(Mounting *m, const PlanStep *s, Failure *f)
{
        Share *share = &m->start->shares[m->n_share++];
        _cleanup_close_ int place = -EBADF;
        LaunchMessage answer;

        int r = open_place(m, share->is_directory, &answer, f);
        if (r < 0)
                return r;
        place = answer.fd;
        int userns = find_map(m, s, share, &answer);
        if (userns < 0 && s->a != PLAN_MAP_NONE)
                return failure_set(f, FAULT_START_FAILED, userns, "map the owners of", s->s);
        r = mountfd_set_tree(share->fd, userns, stage_attributes(s->flags & ~PLAN_RDONLY));
        if (r < 0)
                return map_failed(s, share, userns, r, f);
        if (s->flags & PLAN_FILL && share->is_directory && !answer.is_new)
                r = fill(m, share->fd, place, f);
        if (r < 0)
                return r;
        r = mountfd_set_tree(share->fd, -EBADF, stage_attributes(s->flags & PLAN_RDONLY));
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "make read-only", s->s);
        return attach(m, &share->fd, place, s->t, f);
}

static int mount_new(Mounting *m, const PlanStep *s, Failure *f)
{
        _cleanup_close_ int fd = -EBADF, place = -EBADF;
        uint32_t base = m->start->uid_base;
        _cleanup_free_ char *options = NULL;
        LaunchMessage answer;

        int r = open_place(m, true, &answer, f);
        if (r < 0)
                return r;
        place = answer.fd;
        if (asprintf(&options, "%s%suid=%u,gid=%u", s->data ? (const char *)s->data : "",
                     s->data ? "," : "", base + (uint32_t)s->a, base + (uint32_t)s->b) < 0)
                return failure_set(f, FAULT_START_FAILED, ENOMEM, "mount at", s->s);
        fd = mountfd_new(s->t, options, stage_attributes(s->flags));
        return fd < 0 ? failure_set(f, FAULT_START_FAILED, fd, "mount at", s->s)
                      : attach(m, &fd, place, s->s, f);
}

/* All of it is the child's to do. */
static int make_directory(Mounting *m, Failure *f)
{
        LaunchMessage answer;

        int r = open_place(m, true, &answer, f);
        (void)close_fd(r < 0 ? -EBADF : answer.fd);
        return r;
}

static int execute(Mounting *m, const PlanStep *s, Failure *f)
{
        switch (s->op) {
        case PLAN_SHARE: return mount_share(m, s, f);
        case PLAN_DIRECTORY: return make_directory(m, f);
        default: return mount_new(m, s, f);
        }
}

int shares_mount(Start *st, Failure *f)
{
        Mounting m = {.start = st, .last = {.fd = -EBADF}};
        PlanStep s;
        int r = 0;

        PLAN_FOREACH (&s, st->mounts->plan, st->mounts->n_plan) {
                r = execute(&m, &s, f);
                if (r < 0)
                        break;
                m.n++;
        }
        (void)close_fd(m.last.fd);
        return r;
}
