/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "work/job.h"

#include "base/names.h"
#include "base/text.h"
#include "disk/disk-mount.h"
#include "disk/disk-probe.h"
#include "work/order.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_to_lodged(void)
{
        struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = LODGE_RUNTIME_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int ask(int fd, const char *id, Frame *ret)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_WORK, 0);
        frame_add_string(&w, FRAME_NAME, id);
        int r = frame_send(fd, &w);
        r = r < 0 ? r : frame_receive(fd, ret);
        return r == 0 ? -ECONNRESET : r;
}

static int probe(const Order *o, bool all, DiskImage *ret, Fault *reterr)
{
        DiskProbeArgs a = {.fd = o->source, .name = o->name, .all = all};

        return disk_probe(&a, o->uid, o->uid, ret, reterr);
}

/* A refused image has something in it, too. */
static int do_probe(const Order *o, FrameWriter *w, Fault *reterr)
{
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_fault_ Fault f = {0};
        DiskImage d;

        int r = probe(o, true, &d, &f);
        if (r < 0 && f.code != FAULT_NOT_SUPPORTED)
                return fault_set(reterr, f.code ?: FAULT_FAILED, r, "%s",
                                 f.message ?: strerror(-r));
        if (disk_image_describe(&d, &lines) < 0)
                return -ENOMEM;
        frame_begin(w, FRAME_RESULT, 0);
        frame_add_strv(w, FRAME_LINE, lines);
        frame_add_string(w, FRAME_MESSAGE, r < 0 ? f.message : NULL);
        return 0;
}

static void add_mount(FrameWriter *w, const char *where, int fd)
{
        if (fd < 0)
                return;
        frame_add_string(w, FRAME_ITEM, where);
        frame_add_fd(w, fd);
}

static int do_attach(const Order *o, DiskMounts *m, FrameWriter *w, Fault *reterr)
{
        _cleanup_free_ char *init = NULL, *unused = NULL;
        DiskImage d;

        int r = probe(o, false, &d, reterr);
        if (r < 0)
                return r;
        DiskMountArgs a = {.fd = o->source, .image = &d, .name = o->name};
        r = disk_mount(&a, m, reterr);
        if (r < 0)
                return r;
        r = disk_image_unused(&d, o->name, &unused);
        if (r < 0)
                return r;
        if (m->init && asprintf(&init, "init=%s", m->init) < 0)
                return -ENOMEM;
        frame_begin(w, FRAME_RESULT, 0);
        frame_add_string(w, FRAME_MESSAGE, unused);
        frame_add_string(w, FRAME_ARG, init);
        if (m->init_is_systemd)
                frame_add_string(w, FRAME_ARG, "init-is-systemd=yes");
        add_mount(w, "/", m->root);
        add_mount(w, "/usr", m->usr);
        return 0;
}

static int carry_out(const Frame *f, DiskMounts *m, FrameWriter *w, Fault *reterr)
{
        Order o = {0};
        int r = f->type == FRAME_REFUSED ? frame_fault(f, reterr) : order_parse(f, &o, reterr);

        if (r < 0)
                return r;
        return o.operation == OPERATION_PROBE ? do_probe(&o, w, reterr)
                                              : do_attach(&o, m, w, reterr);
}

static void begin_error(FrameWriter *w, int r, const Fault *f)
{
        frame_begin(w, FRAME_ERROR, 0);
        frame_add_number(w, FRAME_CODE, f->code ?: FAULT_FAILED);
        frame_add_number(w, FRAME_ERRNO, (uint64_t)(f->error ?: -r));
        frame_add_string(w, FRAME_MESSAGE, f->message ?: strerror(-r));
}

int job_run(const char *id)
{
        _cleanup_close_ int fd = connect_to_lodged();
        _cleanup_disk_mounts_ DiskMounts m = {.root = -EBADF, .usr = -EBADF};
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        _cleanup_fault_ Fault fault = {0};

        int r = fd < 0 ? fd : ask(fd, id, &f);
        if (r < 0)
                return r;
        r = carry_out(&f, &m, &w, &fault);
        if (r < 0)
                begin_error(&w, r, &fault);
        return frame_send(fd, &w);
}
