/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames in memory: fields written, checked and found. The socket side is frame-socket.c. */
#include "wire/frame.h"

#include "base/text.h"
#include "wire/buffer.h"
#include "wire/frame-header.h"

#include <string.h>

typedef enum FieldKind {
        FIELD_UNKNOWN, /* of a tag that this release does not know */
        FIELD_NUMBER,
        FIELD_STRING,
} FieldKind;

typedef struct FieldHeader {
        uint16_t tag, kind;
        uint32_t length; /* of the bytes that follow, without padding */
} FieldHeader;

typedef struct Field {
        unsigned tag;
        FieldKind kind;
        const char *data;
} Field;

/* A known tag has one kind, so that a number can never be taken for a string. */
static FieldKind tag_kind(unsigned tag)
{
        switch ((FrameTag)tag) {
        case FRAME_NAME:
        case FRAME_MESSAGE:
        case FRAME_PHASE:
        case FRAME_OBJECT:
        case FRAME_STATUS_TEXT:
        case FRAME_ARG:
        case FRAME_ENV:
        case FRAME_USER:
        case FRAME_CWD:
        case FRAME_CAUSE:
        case FRAME_LINE:
        case FRAME_HAVE:
        case FRAME_ITEM:
        case FRAME_DIGEST:
        case FRAME_RECORD:
        case FRAME_LINK:
        case FRAME_PORT:
        case FRAME_NETWORK:
        case FRAME_ADDRESS:
        case FRAME_TARGET:
        case FRAME_EGRESS:
        case FRAME_MOUNT:
        case FRAME_SOURCE:
        case FRAME_OPTIONS:
        case FRAME_HEALTH_TEXT: return FIELD_STRING;
        default: return tag > 0 && tag < _FRAME_TAG_MAX ? FIELD_NUMBER : FIELD_UNKNOWN;
        }
}

/* ---- writing ---- */

void frame_begin(FrameWriter *w, FrameType type, uint64_t serial)
{
        FrameHeader h = {.magic = FRAME_MAGIC,
                         .version = FRAME_VERSION,
                         .type = (uint16_t)type,
                         .serial = serial};

        w->n = w->n_fds = 0;
        w->error = buffer_extend(&w->buf, &w->allocated, 0, sizeof(h), FRAME_SIZE_MAX);
        if (w->error < 0)
                return;
        memcpy(w->buf, &h, sizeof(h));
        w->n = sizeof(h);
}

static void add_field(FrameWriter *w, FrameTag tag, FieldKind kind, const void *data, size_t n)
{
        FieldHeader h = {.tag = (uint16_t)tag, .kind = (uint16_t)kind, .length = (uint32_t)n};

        if (w->error < 0)
                return;
        if (n > FRAME_SIZE_MAX) {
                w->error = -E2BIG;
                return;
        }

        size_t size = sizeof(h) + align8(n);
        w->error = buffer_extend(&w->buf, &w->allocated, w->n, size, FRAME_SIZE_MAX);
        if (w->error < 0)
                return;
        memcpy(mempcpy(w->buf + w->n, &h, sizeof(h)), data, n);
        w->n += size;
}

void frame_add_number(FrameWriter *w, FrameTag tag, uint64_t v)
{
        add_field(w, tag, FIELD_NUMBER, &v, sizeof(v));
}

void frame_add_string(FrameWriter *w, FrameTag tag, const char *s)
{
        if (s)
                add_field(w, tag, FIELD_STRING, s, strlen(s) + 1);
}

void frame_add_strv(FrameWriter *w, FrameTag tag, char *const *v)
{
        STRV_FOREACH (s, v)
                frame_add_string(w, tag, *s);
}

void frame_add_fd(FrameWriter *w, int fd)
{
        if (w->error < 0)
                return;
        if (fd < 0)
                w->error = -EBADF;
        else if (w->n_fds ==
                 FRAME_FDS_MAX - 1) /* one place is kept for the memfd of a long frame */
                w->error = -E2BIG;
        else
                w->fds[w->n_fds++] = fd;
}

void frame_writer_done(FrameWriter *w)
{
        free(w->buf);
        *w = (FrameWriter){0};
}

/* ---- reading ---- */

/* The field at @p: the bytes it takes, or 0 if it is not sound. */
static size_t field_check(const char *p, size_t n)
{
        FieldHeader h;

        if (n < sizeof(h))
                return 0;
        memcpy(&h, p, sizeof(h));
        if (h.length > n - sizeof(h) || align8(h.length) > n - sizeof(h) || h.tag == 0)
                return 0;

        const char *data = p + sizeof(h);
        for (size_t i = h.length; i < align8(h.length); i++)
                if (data[i] != '\0')
                        return 0;
        if (h.tag >= _FRAME_TAG_MAX) /* of a newer release: passed over, whatever it is */
                return sizeof(h) + align8(h.length);
        if (h.kind != tag_kind(h.tag))
                return 0;
        if (h.kind == FIELD_NUMBER)
                return h.length == sizeof(uint64_t) ? sizeof(h) + sizeof(uint64_t) : 0;
        if (h.length == 0 || memchr(data, '\0', h.length) != data + h.length - 1)
                return 0;
        return sizeof(h) + align8(h.length);
}

/* Only on a checked frame. */
static bool field_next(const Frame *f, size_t *offset, Field *ret)
{
        size_t at = *offset ?: f->first;
        FieldHeader h;

        if (at >= f->n)
                return false;
        memcpy(&h, f->buf + at, sizeof(h));
        *ret = (Field){.tag = h.tag, .kind = h.kind, .data = f->buf + at + sizeof(h)};
        *offset = at + sizeof(h) + align8(h.length);
        return true;
}

int frame_parse(char *buf, size_t n, Frame *ret)
{
        FrameHeader h;

        if (n < sizeof(h) || n > FRAME_SIZE_MAX)
                return -EBADMSG;
        memcpy(&h, buf, sizeof(h));
        if (h.magic != FRAME_MAGIC)
                return -EBADMSG;
        if (h.version != FRAME_VERSION)
                return -EPROTONOSUPPORT;
        if (h.size != n || h.type == 0 || (h.flags & ~FRAME_FLAG_MEMFD) != 0)
                return -EBADMSG;
        for (size_t at = sizeof(h), size; at < n; at += size) {
                size = field_check(buf + at, n - at);
                if (size == 0)
                        return -EBADMSG;
        }
        *ret = (Frame){
                .type = MIN2(h.type, _FRAME_TYPE_MAX),
                .serial = h.serial,
                .buf = buf,
                .n = n,
                .first = sizeof(h),
        };
        return 0;
}

void frame_done(Frame *f)
{
        free(f->buf);
        for (size_t i = 0; i < f->n_fds; i++)
                (void)close_fd(f->fds[i]);
        *f = (Frame){0};
}

/* The next field @tag from *@offset on; NULL at the end. */
static const char *find_next(const Frame *f, FrameTag tag, size_t *offset)
{
        Field field;

        while (field_next(f, offset, &field))
                if (field.tag == (unsigned)tag)
                        return field.data;
        return NULL;
}

uint64_t frame_number(const Frame *f, FrameTag tag, uint64_t fallback)
{
        size_t offset = 0;
        const char *data = tag_kind(tag) == FIELD_NUMBER ? find_next(f, tag, &offset) : NULL;

        if (data)
                memcpy(&fallback, data, sizeof(fallback));
        return fallback;
}

const char *frame_string(const Frame *f, FrameTag tag)
{
        size_t offset = 0;

        return tag_kind(tag) == FIELD_STRING ? find_next(f, tag, &offset) : NULL;
}

int frame_strv(const Frame *f, FrameTag tag, char ***ret)
{
        _cleanup_strv_free_ char **v = NULL;
        size_t n = 0, offset = 0;
        const char *s;

        /* Counted first: strv_push() walks the vector each time, and a hostile frame has room for
         * a quarter of a million strings. */
        while (tag_kind(tag) == FIELD_STRING && find_next(f, tag, &offset))
                n++;
        v = calloc(n + 1, sizeof(char *));
        if (!v)
                return -ENOMEM;
        offset = 0;
        for (size_t i = 0; i < n && (s = find_next(f, tag, &offset)); i++) {
                v[i] = strdup(s);
                if (!v[i])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(v);
        return 0;
}

bool frame_next_group(const Frame *f, FrameTag tag, size_t *offset, Frame *ret)
{
        size_t at = *offset ?: f->first, begin = 0, next;
        Field field;

        for (next = at; field_next(f, &next, &field); at = next) {
                if (field.tag != (unsigned)tag)
                        continue;
                if (begin)
                        break;
                begin = at;
        }
        *offset = at;
        *ret = (Frame){.type = f->type, .buf = f->buf, .n = at, .first = begin};
        return begin != 0;
}

int frame_stdio(const Frame *f, int ret[static 3])
{
        int map[3] = {-EBADF, -EBADF, -EBADF};
        uint64_t target[3];
        size_t n = 0, offset = 0;
        const char *data;

        while ((data = find_next(f, FRAME_FD_MAP, &offset))) {
                if (n == ELEMENTSOF(target))
                        return -EBADMSG;
                memcpy(&target[n++], data, sizeof(target[0]));
        }
        if (n > f->n_fds)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                if (target[i] >= ELEMENTSOF(map) || map[target[i]] >= 0)
                        return -EBADMSG;
                map[target[i]] = f->fds[f->n_fds - n + i];
        }
        memcpy(ret, map, sizeof(map));
        return 0;
}

int frame_fault(const Frame *f, Fault *reterr)
{
        uint64_t code = frame_number(f, FRAME_CODE, FAULT_NONE);
        uint64_t error = frame_number(f, FRAME_ERRNO, 0);
        const char *message = frame_string(f, FRAME_MESSAGE);
        _cleanup_free_ char *shown = text_for_display(message ?: "", 2048);

        if (code <= FAULT_NONE || code >= _FAULT_CODE_MAX)
                code = f->type == FRAME_FAILED ? FAULT_START_FAILED : FAULT_FAILED;
        if (error > 4095) /* the kernel's MAX_ERRNO */
                error = 0;
        if (!shown || !*shown)
                return fault_set(reterr, (FaultCode)code, (int)error,
                                 "the request failed and no reason was given: %s",
                                 error ? strerrordesc_np((int)error) ?: "unknown error"
                                       : "no error number");
        return fault_set(reterr, (FaultCode)code, (int)error, "%s", shown);
}
