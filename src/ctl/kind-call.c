/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/kinds.h"

#include "base/io.h"
#include "base/text.h"
#include "client/client-object.h"
#include "ctl/interrupt.h"
#include "ctl/machines.h"
#include "ctl/report.h"

/* So many calls are sent before the first answer: a bus lets a user have 128 open. */
#define IN_FLIGHT_MAX 64U

typedef struct Request {
        const char *name;
        sd_bus_slot *slot;
        Fault fault;
        uint64_t sent_usec; /* CLOCK_REALTIME */
        bool answered, failed, reported;
} Request;

/* The same call for many objects. */
typedef struct Batch {
        const Kind *kind;
        const char *method;
        AppendArguments append;
} Batch;

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Request *q = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        q->answered = true;
        if (error) {
                q->failed = true;
                (void)client_fault(error, 0, &q->fault);
        }
        return 0;
}

static void send_request(Ctl *c, const Batch *b, Request *q)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        q->sent_usec = now_usec(CLOCK_REALTIME);
        int r = client_object_call_new(&c->client, b->method, b->kind->noun, q->name, &m,
                                       &q->fault);

        if (r >= 0)
                r = b->append(c, m);
        if (r >= 0)
                r = sd_bus_call_async(client_bus(&c->client), &q->slot, m, on_answer, q,
                                      CLIENT_FOREVER);
        if (r < 0) {
                (void)client_fault(NULL, r, &q->fault);
                q->answered = q->failed = true;
        }
}

/* Report what was answered since; returns how many are still open. */
static size_t report_answers(Ctl *c, const Batch *b, Request *requests, size_t n, int *status)
{
        size_t open = 0;

        for (size_t i = 0; i < n; i++) {
                Request *q = &requests[i];

                open += !q->answered;
                if (!q->failed || q->reported)
                        continue;
                q->reported = true;
                if (client_is_lost(&q->fault) && b->kind == &kind_machine &&
                    machines_settle(c, b->method, q->name, q->sent_usec, &q->fault))
                        continue;
                int s = report_fault(c, q->name, &q->fault);
                if (*status == EXIT_OK)
                        *status = s;
        }
        return open;
}

static void fail_open(Request *requests, size_t n, int r)
{
        for (size_t i = 0; i < n; i++)
                if (!requests[i].answered) {
                        requests[i].answered = requests[i].failed = true;
                        (void)client_fault(NULL, r, &requests[i].fault);
                }
}

static int process_bus(Ctl *c)
{
        int r = sd_bus_process(client_bus(&c->client), NULL);

        return r == 0 ? sd_bus_wait(client_bus(&c->client), UINT64_MAX) : r;
}

static int call_all(Ctl *c, const Batch *b, Request *requests, size_t n)
{
        int status = EXIT_OK;
        size_t sent = 0, open = 0;

        while (sent < n || open > 0) {
                for (; sent < n && open < IN_FLIGHT_MAX; sent++, open++)
                        send_request(c, b, &requests[sent]);
                open = report_answers(c, b, requests, sent, &status);
                if (open == 0)
                        continue;
                int r = process_bus(c);
                if (r < 0 && r != -EINTR) {
                        fail_open(requests, sent, r);
                        open = report_answers(c, b, requests, sent, &status);
                }
        }
        return status;
}

int kind_call_names(Ctl *c, const Kind *kind, const char *method, AppendArguments append,
                    char *const *names)
{
        const Batch batch = {.kind = kind, .method = method, .append = append ?: append_no_options};
        size_t n = strv_length(names);
        _cleanup_free_ Request *requests = calloc(n + 1, sizeof(*requests));

        if (!requests)
                return EXIT_FAILED;
        for (size_t i = 0; i < n; i++)
                requests[i].name = names[i];
        interrupt_arm(c, kind, n == 1 ? names[0] : NULL);
        int status = call_all(c, &batch, requests, n);
        for (size_t i = 0; i < n; i++) {
                sd_bus_slot_unref(requests[i].slot);
                fault_done(&requests[i].fault);
        }
        return status;
}

int kind_call(Ctl *c, const Kind *kind, const char *method, AppendArguments append)
{
        _cleanup_strv_free_ char **names = NULL;
        int missing = kind_expand(c, kind, &names);
        int status = names ? kind_call_names(c, kind, method, append, names) : EXIT_OK;

        return status != EXIT_OK ? status : missing;
}

int append_no_options(const Ctl *c, sd_bus_message *m)
{
        return sd_bus_message_append(m, "a{sv}", 0);
}

int append_force(const Ctl *c, sd_bus_message *m)
{
        if (!args_has(&c->args, "force"))
                return append_no_options(c, m);
        return sd_bus_message_append(m, "a{sv}", 1, "Force", "b", true);
}

int append_timeout(const Ctl *c, sd_bus_message *m)
{
        return client_append_options(
                m, (const char *const[]){"TimeoutSec", args_value(&c->args, "timeout"), NULL});
}
