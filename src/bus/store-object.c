/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Volumes and jobs as objects. */
#include "base/names.h"
#include "base/text.h"
#include "bus/named-value.h"
#include "bus/objects.h"
#include "core/job.h"
#include "core/volume.h"

int bus_append_volume(const void *object, const char *property, sd_bus_message *reply)
{
        const Volume *v = object;
        const NamedValue values[] = {
                NAMED_TEXT("Name", v->name),
                NAMED_TEXT("Path", v->path),
                NAMED_UINT32("Owner", v->owner),
                NAMED_UINT64("CreatedTimestamp", v->created_usec),
                NAMED_TEXT("Machine", v->machine),
        };
        int r = named_value_append(reply, values, ELEMENTSOF(values), property);

        if (r != 0)
                return r;
        _cleanup_strv_free_ char **machines = volume_used_by(v);
        return sd_bus_message_append_strv(reply, machines);
}

static int append_items(sd_bus_message *reply, const Job *j)
{
        int r = sd_bus_message_open_container(reply, 'a', "(sstt)");

        for (guint i = 0; r >= 0 && i < j->items->len; i++) {
                const JobItem *item = &g_array_index(j->items, JobItem, i);

                r = sd_bus_message_append(reply, "(sstt)", item->name, item->phase, item->bytes,
                                          item->total);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_error(sd_bus_message *reply, const Job *j)
{
        const char *name = j->state == JOB_FAILED || j->state == JOB_CANCELLED
                                   ? fault_code_name(j->fault.code)
                                   : NULL;
        _cleanup_free_ char *full = name ? g_strconcat(LODGE_ERROR_PREFIX, name, NULL) : NULL;

        return sd_bus_message_append(reply, "s", full ?: "");
}

int bus_append_job(const void *object, const char *property, sd_bus_message *reply)
{
        const Job *j = object;
        const NamedValue values[] = {
                NAMED_TEXT("ID", j->id),
                NAMED_TEXT("Operation", j->operation),
                NAMED_TEXT("Object", j->object),
                NAMED_TEXT("Phase", j->phase),
                NAMED_TEXT("State", job_state_name(j)),
                NAMED_TEXT("Result", j->result),
                NAMED_TEXT("ResultMessage", j->result_message),
                NAMED_TEXT("ErrorMessage", j->fault.message),
                NAMED_UINT64("Bytes", j->bytes),
                NAMED_UINT64("BytesTotal", j->total),
                NAMED_UINT64("Rate", j->rate),
                NAMED_UINT64("ExpectedEnd", j->expected_end_usec),
                NAMED_UINT64("StartedTimestamp", j->started_usec),
                NAMED_DOUBLE("Progress", job_progress(j)),
                NAMED_UINT32("StartedByUID", j->owner),
        };
        int r = named_value_append(reply, values, ELEMENTSOF(values), property);

        if (r != 0)
                return r;
        if (streq(property, "Error"))
                return append_error(reply, j);
        return append_items(reply, j);
}
