/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/remote-image.h"

#include "base/names.h"
#include "base/text.h"
#include "import/auth-challenge.h"
#include "import/auth-file.h"

#include <string.h>
#include <sys/stat.h>

/* A small text that the order brings along: a memfd of lodged's, or a file of whoever asked for
 * the job. */
static int read_text(Job *job, const char *key, const char *what, size_t max, char **ret,
                     size_t *ret_n, Fault *reterr)
{
        int fd = order_fd(job->order, key);
        _cleanup_free_ char *text = NULL;
        struct stat st;
        ssize_t n = 0;

        *ret = NULL;
        *ret_n = 0;
        if (fd < 0)
                return 0;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s is no regular file",
                                 what);
        if ((uint64_t)st.st_size > max)
                return fault_set(reterr, FAULT_INVALID_OPTION, EFBIG, "%s is larger than %zu bytes",
                                 what, max);
        text = calloc(1, (size_t)st.st_size + 1);
        if (!text)
                return -ENOMEM;
        while (*ret_n < (size_t)st.st_size) {
                n = pread(fd, text + *ret_n, (size_t)st.st_size - *ret_n, (off_t)*ret_n);
                if (n < 0 && errno != EINTR)
                        return fault_set(reterr, FAULT_INVALID_OPTION, errno, "cannot read %s: %s",
                                         what, strerror(errno));
                if (n == 0)
                        break;
                *ret_n += n > 0 ? (size_t)n : 0;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

static int open_registry(Job *job, bool push, const char *mount_from, RemoteImage *r, Fault *reterr)
{
        _cleanup_secret_ char *auth = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_registries_conf_ RegistriesConf conf = {0};
        size_t n_auth, n;

        int k = read_text(job, "auth-fd", "auth.json", AUTH_FILE_MAX, &auth, &n_auth, reterr);
        if (k >= 0)
                k = read_text(job, "config-fd", LODGE_REGISTRIES_CONF, REGISTRIES_CONF_MAX, &text,
                              &n, reterr);
        if (k >= 0 && text)
                k = registries_conf_parse(LODGE_REGISTRIES_CONF, text, n, &conf, reterr);
        if (k < 0)
                return k;
        return registry_new(&(RegistryArgs){.reference = &r->reference,
                                            .auth = auth,
                                            .n_auth = n_auth,
                                            .conf = &conf,
                                            .insecure = order_flag(job->order, "insecure"),
                                            .push = push,
                                            .mount_from = mount_from,
                                            .stop = &r->stop},
                            &r->registry, reterr);
}

static int take_reference(Job *job, RemoteImage *ret, Fault *reterr)
{
        progress_set_phase(job->progress, "connecting");
        *ret = (RemoteImage){0};
        int r = reference_parse(order_get(job->order, "reference"), &ret->reference, reterr);
        if (r < 0)
                return r;
        ret->name = reference_format(&ret->reference);
        return ret->name ? 0 : -ENOMEM;
}

int remote_image_pull(Job *job, RemoteImage *ret, Fault *reterr)
{
        int r = take_reference(job, ret, reterr);

        return r < 0 ? r : open_registry(job, false, NULL, ret, reterr);
}

int remote_image_push(Job *job, const char *source, RemoteImage *ret, Fault *reterr)
{
        _cleanup_reference_ Reference from = {0};
        const char *mount_from = NULL;
        int r = take_reference(job, ret, reterr);

        if (r < 0)
                return r;
        if (source && reference_parse(source, &from, NULL) >= 0 &&
            streq(from.domain, ret->reference.domain) && !streq(from.path, ret->reference.path))
                mount_from = from.path;
        return open_registry(job, true, mount_from, ret, reterr);
}

void remote_image_done(RemoteImage *r)
{
        r->registry = registry_free(r->registry);
        reference_done(&r->reference);
        free(r->name);
        r->name = NULL;
}

int remote_image_fault(const RemoteImage *r, FaultCode code, int error, const Fault *fault,
                       Fault *reterr)
{
        const char *message = fault->message ?: strerror(-error);
        bool vague = fault->code == FAULT_NONE || fault->code == FAULT_FAILED ||
                     fault->code == FAULT_IMPORT_FAILED;
        bool named = r->name && strncmp(message, r->name, strlen(r->name)) == 0;

        return fault_set(reterr, vague ? code : fault->code, error, "%s%s%s",
                         named ? "" : r->name ?: "", named ? "" : ": ", message);
}
