/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Volumes and jobs as objects. */
#include "base/names.h"
#include "base/text.h"
#include "bus/objects.h"
#include "core/job.h"
#include "core/volume.h"

int bus_append_volume(const void *object, const char *property, sd_bus_message *reply)
{
        const Volume *v = object;

        if (streq(property, "Name"))
                return sd_bus_message_append(reply, "s", v->name);
        if (streq(property, "Path"))
                return sd_bus_message_append(reply, "s", v->path);
        if (streq(property, "Owner"))
                return sd_bus_message_append(reply, "u", v->owner);
        if (streq(property, "CreatedTimestamp"))
                return sd_bus_message_append(reply, "t", v->created_usec);
        if (streq(property, "Machine"))
                return sd_bus_message_append(reply, "s", v->machine ?: "");

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
        const struct {
                const char *name;
                const char *text;
        } strings[] = {
                {"ID", j->id},
                {"Operation", j->operation},
                {"Object", j->object},
                {"Phase", j->phase},
                {"State", job_state_name(j)},
                {"Result", j->result},
                {"ResultMessage", j->result_message},
                {"ErrorMessage", j->fault.message},
        };
        const struct {
                const char *name;
                uint64_t number;
        } numbers[] = {
                {"Bytes", j->bytes},
                {"BytesTotal", j->total},
                {"Rate", j->rate},
                {"ExpectedEnd", j->expected_end_usec},
                {"StartedTimestamp", j->started_usec},
        };

        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (streq(property, strings[i].name))
                        return sd_bus_message_append(reply, "s", strings[i].text ?: "");
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (streq(property, numbers[i].name))
                        return sd_bus_message_append(reply, "t", numbers[i].number);
        if (streq(property, "Progress"))
                return sd_bus_message_append(reply, "d", job_progress(j));
        if (streq(property, "StartedByUID"))
                return sd_bus_message_append(reply, "u", j->owner);
        if (streq(property, "Error"))
                return append_error(reply, j);
        return append_items(reply, j);
}
