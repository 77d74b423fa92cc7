/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/stream.h"

#include "base/io.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int stream_fault(Fault *reterr, int error, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        error = error < 0 ? -error : error;
        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        FaultCode code = error == ENOSPC || error == EDQUOT ? FAULT_NO_SPACE
                         : error == ECANCELED               ? FAULT_CANCELLED
                                                            : FAULT_FAILED;
        return fault_set(reterr, code, error, "%s: %s", text ? text : "out of memory",
                         strerror(error));
}

int stream_cancelled(LayerControl *control, Fault *reterr)
{
        if (!control || !atomic_load_explicit(&control->cancelled, memory_order_relaxed))
                return 0;
        return fault_set(reterr, FAULT_CANCELLED, ECANCELED, "cancelled");
}

static int fd_source_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        FdSource *s = userdata;
        int r = stream_cancelled(s->control, reterr);

        if (r < 0)
                return r;
        if (!s->buffer && !(s->buffer = malloc(FD_SOURCE_BUFFER)))
                return stream_fault(reterr, ENOMEM, "cannot read");
        for (;;) {
                ssize_t n = read(s->fd, s->buffer, FD_SOURCE_BUFFER);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return stream_fault(reterr, errno, "cannot read");
                if (s->control)
                        atomic_fetch_add_explicit(&s->control->n_in, (uint64_t)n,
                                                  memory_order_relaxed);
                *ret = s->buffer;
                *ret_n = (size_t)n;
                return n > 0;
        }
}

static int fd_source_skip(void *userdata, uint64_t n, Fault *reterr)
{
        FdSource *s = userdata;
        struct stat st;

        if (fstat(s->fd, &st) < 0)
                return stream_fault(reterr, errno, "cannot read");
        if (!S_ISREG(st.st_mode))
                return -ESPIPE;
        off_t at = lseek(s->fd, 0, SEEK_CUR);
        if (at < 0)
                return stream_fault(reterr, errno, "cannot read");
        if (st.st_size < at || n > (uint64_t)(st.st_size - at))
                return -ENODATA;
        if (lseek(s->fd, (off_t)n, SEEK_CUR) < 0)
                return stream_fault(reterr, errno, "cannot read");
        if (s->control)
                atomic_fetch_add_explicit(&s->control->n_in, n, memory_order_relaxed);
        return 0;
}

ByteSource fd_source(FdSource *s, int fd, LayerControl *control)
{
        *s = (FdSource){.fd = fd, .control = control};
        return (ByteSource){.next = fd_source_next, .skip = fd_source_skip, .userdata = s};
}

void fd_source_done(FdSource *s)
{
        free(s->buffer);
        s->buffer = NULL;
}

static int memory_source_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        MemorySource *s = userdata;

        *ret = s->data;
        *ret_n = s->n;
        s->n = 0;
        return *ret_n > 0;
}

ByteSource memory_source(MemorySource *s, const void *data, size_t n)
{
        *s = (MemorySource){.data = data, .n = n};
        return (ByteSource){.next = memory_source_next, .userdata = s};
}

static int fd_sink_write(void *userdata, const void *data, size_t n, Fault *reterr)
{
        int r = write_all(*(int *)userdata, data, n);

        return r < 0 ? stream_fault(reterr, r, "cannot write") : 0;
}

ByteSink fd_sink(int *fd)
{
        return (ByteSink){.write = fd_sink_write, .userdata = fd};
}
