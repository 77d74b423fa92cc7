/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CopyTo() and CopyFrom(). */
#include "bus/call.h"

static int read_copy(Call *c, bool into, Fault *reterr)
{
        int r = call_read_text(c, reterr);

        return r < 0 ? r : options_read_stream(c->message, !into, &c->stream, reterr);
}

int bus_read_copy_to(Call *c, Fault *reterr)
{
        return read_copy(c, true, reterr);
}

int bus_read_copy_from(Call *c, Fault *reterr)
{
        return read_copy(c, false, reterr);
}

static int run_copy(Call *c, bool into, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : job_copy(m, into, c->text, &p, (JobAnswer){call_answered, c}, reterr);
}

int bus_run_copy_to(Call *c, Fault *reterr)
{
        return run_copy(c, true, reterr);
}

int bus_run_copy_from(Call *c, Fault *reterr)
{
        return run_copy(c, false, reterr);
}

int bus_reply_job(Call *c, const Answer *a, sd_bus_message *reply)
{
        _cleanup_free_ char *path = bus_object_path(OBJECT_JOB, a->job->id);

        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}
