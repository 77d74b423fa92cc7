/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a worker has made becomes an image: layers are in place already, then come the blobs, then
 * the record, which makes it visible. */
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job-image.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/reference.h"

#include <string.h>
#include <sys/stat.h>

static int check_record(Job *j, const ImageRecord *record, Fault *reterr)
{
        const char *root = j->manager->root;

        if (j->name && !streq(j->name, record->name))
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "The worker has made image '%s' instead of '%s'", record->name,
                                 j->name);
        STRV_FOREACH (digest, record->layers)
                if (!store_has_layer(root, *digest))
                        return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                         "The worker has made image '%s' without its layer %s",
                                         record->name, *digest);
        return image_check_free(j->manager, record->name, j->force, reterr);
}

static int place_record(Job *j, const char *text, Fault *reterr)
{
        Manager *manager = j->manager;
        _cleanup_image_record_ ImageRecord record = {0};
        int r = image_record_parse("the worker's record", text, strlen(text), &record, reterr);

        r = r < 0 ? r : check_record(j, &record, reterr);
        if (r >= 0 && record.digest)
                r = store_take_blob(manager->root, j->id, record.digest, reterr);
        if (r >= 0 && record.config_digest)
                r = store_take_blob(manager->root, j->id, record.config_digest, reterr);
        if (r < 0)
                return r;
        const Image *old = images_refresh(manager, record.name);
        bool replaces = old != NULL;
        record.size_bytes = 0; /* the worker knows those layers only that it has unpacked */
        STRV_FOREACH (digest, record.layers)
                record.size_bytes += store_layer_size(manager->root, *digest);
        record.added_usec = now_usec(CLOCK_REALTIME);
        record.read_only = false;
        r = image_write_record(manager, &record, reterr);
        if (r < 0)
                return r;
        if (!j->result)
                j->result = g_strdup(record.name);
        if (replaces) /* its layers may be nobody's now */
                store_drop_unreferenced(manager, NULL, NULL);
        return 0;
}

/* A tree or a disk image; a job that could not be told its name has made an image of layers. */
static int place_file(Job *j, Fault *reterr)
{
        Manager *manager = j->manager;
        _cleanup_free_ char *raw = NULL;

        if (!j->name || image_name_is_reference(j->name))
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "A directory or a disk image needs a plain name, not '%s'",
                                 j->name ?: "");
        int r = image_check_free(manager, j->name, false, reterr);
        if (r < 0)
                return r;
        raw = g_strconcat(j->name, LODGE_RAW_SUFFIX, NULL);
        r = store_take_entry(manager->root, j->id, LODGE_INCOMING_RAW, S_IFREG, LODGE_STORE_IMAGES,
                             raw, reterr);
        if (r == -ENOENT)
                r = store_take_entry(manager->root, j->id, LODGE_INCOMING_IMAGE, S_IFDIR,
                                     LODGE_STORE_IMAGES, j->name, reterr);
        if (r == -ENOENT)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "The worker has made no image");
        if (r < 0)
                return r;
        (void)images_refresh(manager, j->name);
        j->result = g_strdup(j->name);
        return 0;
}

int job_place_image(Job *j, Frame *result, Fault *reterr)
{
        _cleanup_strv_free_ char **records = NULL;
        int r = frame_strv(result, FRAME_RECORD, &records);

        if (r < 0)
                return r;
        if (!records[0])
                return place_file(j, reterr);
        STRV_FOREACH (text, records) {
                r = place_record(j, *text, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
