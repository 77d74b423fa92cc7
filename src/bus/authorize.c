/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/authorize.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define POLKIT_TIMEOUT_USEC (120ULL * 1000000)
#define BUS_TIMEOUT_USEC    (5ULL * 1000000)
#define PENDING_PER_UID     32
#define PENDING_MAX         128

struct Authority {
        GPtrArray *pending; /* Question, owned */
        GHashTable *roots;  /* names of connected clients that are root */
};

typedef struct Question {
        Authority *authority;
        sd_bus_message *message;
        sd_bus_slot *slot;
        VerdictFn done;
        void *userdata;
        uid_t uid;
        char *action; /* full name, NULL: none */
        char *details[9][2];
        size_t n_details;
        uid_t owner, exempt;
        bool asks_polkit; /* which may take as long as a person takes to type */
} Question;

static void question_free(Question *q)
{
        sd_bus_slot_unref(q->slot);
        sd_bus_message_unref(q->message);
        for (size_t i = 0; i < q->n_details; i++)
                free(q->details[i][1]);
        free(q->action);
        free(q);
}

static void answer(Question *q, Verdict verdict)
{
        VerdictFn done = q->done;
        void *userdata = q->userdata;
        uid_t uid = q->uid;

        /* gone before the callback: it may ask the next question */
        g_ptr_array_remove_fast(q->authority->pending, q);
        done(userdata, verdict, uid);
}

static int on_verdict(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Question *q = userdata;
        int authorized = 0, challenge = 0;

        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
                answer(q, VERDICT_NO);
        else
                answer(q, authorized  ? VERDICT_YES
                          : challenge ? VERDICT_INTERACTION_NEEDED
                                      : VERDICT_NO);
        return 0;
}

static int append_details(sd_bus_message *m, const Question *q)
{
        int r = sd_bus_message_open_container(m, 'a', "{ss}");

        for (size_t i = 0; r >= 0 && i < q->n_details; i++)
                r = sd_bus_message_append(m, "{ss}", q->details[i][0], q->details[i][1]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int ask_polkit(Question *q)
{
        sd_bus *bus = sd_bus_message_get_bus(q->message);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint32_t interactive = sd_bus_message_get_allow_interactive_authorization(q->message) > 0;

        int r = sd_bus_message_new_method_call(
                bus, &m, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        r = r < 0 ? r
                  : sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(q->message), q->action);
        r = r < 0 ? r : append_details(m, q);
        r = r < 0 ? r : sd_bus_message_append(m, "us", interactive, "");
        q->slot = sd_bus_slot_unref(q->slot);
        q->asks_polkit = true;
        return r < 0 ? r : sd_bus_call_async(bus, &q->slot, m, on_verdict, q, POLKIT_TIMEOUT_USEC);
}

/* One user cannot fill it up for the others, and nobody for root, who is never asked about. */
static bool too_many(const Authority *p, uid_t uid)
{
        size_t own = 0, all = 0;

        for (guint i = 0; i < p->pending->len; i++) {
                const Question *q = g_ptr_array_index(p->pending, i);

                all += q->asks_polkit;
                own += q->asks_polkit && q->uid == uid;
        }
        return own >= PENDING_PER_UID || all >= PENDING_MAX;
}

static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Question *q = userdata;
        uint32_t uid;

        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "u", &uid) < 0) {
                answer(q, VERDICT_NO);
                return 0;
        }
        q->uid = uid;
        if (uid == 0)
                g_hash_table_add(q->authority->roots,
                                 g_strdup(sd_bus_message_get_sender(q->message)));
        if (!q->action || uid == 0 || uid == q->exempt)
                answer(q, VERDICT_YES);
        else if (too_many(q->authority, uid))
                answer(q, VERDICT_BUSY);
        else {
                /* for the owner of a machine, managing it is another question than for a stranger
                 */
                if (q->owner == uid && streq(q->action, LODGE_POLKIT_PREFIX "manage")) {
                        free(q->action);
                        q->action = g_strdup(LODGE_POLKIT_PREFIX "manage-own");
                }
                if (ask_polkit(q) < 0)
                        answer(q, VERDICT_NO);
        }
        return 0;
}

static void add_detail(Question *q, const char *key, const char *value)
{
        if (!value)
                return;
        q->details[q->n_details][0] = (char *)key;
        q->details[q->n_details++][1] = text_for_display(value, 1024) ?: g_strdup("");
}

int authority_ask(Authority *p, sd_bus_message *m, const Authorization *a, VerdictFn done,
                  void *userdata)
{
        Question *q;
        char owner[24] = "";

        q = g_new0(Question, 1);
        *q = (Question){
                .authority = p,
                .message = sd_bus_message_ref(m),
                .done = done,
                .userdata = userdata,
                .uid = UID_INVALID,
                .owner = a->owner,
                .exempt = a->exempt,
                .action = a->action ? g_strconcat(LODGE_POLKIT_PREFIX, a->action, NULL) : NULL,
        };
        if (a->owner != UID_INVALID)
                (void)snprintf(owner, sizeof(owner), "%u", a->owner);
        add_detail(q, "machine", a->machine);
        add_detail(q, "owner", owner[0] ? owner : NULL);
        add_detail(q, "image", a->image);
        add_detail(q, "object", a->object);
        add_detail(q, "verb", a->verb);
        add_detail(q, "user", a->user);
        add_detail(q, "program", a->program);
        add_detail(q, "network", a->network);
        add_detail(q, "port", a->port);
        g_ptr_array_add(p->pending, q);
        int r = sd_bus_call_method_async(sd_bus_message_get_bus(m), &q->slot,
                                         "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                         "org.freedesktop.DBus", "GetConnectionUnixUser", on_uid, q,
                                         "s", sd_bus_message_get_sender(m));
        if (r < 0)
                g_ptr_array_remove_fast(p->pending, q);
        return r;
}

bool authority_knows_root(const Authority *a, sd_bus_message *m)
{
        const char *sender = sd_bus_message_get_sender(m);

        return sender && g_hash_table_contains(a->roots, sender);
}

void authority_forget_client(Authority *a, const char *client)
{
        g_hash_table_remove(a->roots, client);
}

void authority_forget_clients(Authority *a)
{
        g_hash_table_remove_all(a->roots);
}

void authority_forget(Authority *a, void *userdata)
{
        for (guint i = a->pending->len; i-- > 0;) {
                Question *q = g_ptr_array_index(a->pending, i);

                if (q->userdata == userdata) {
                        g_ptr_array_remove_index_fast(a->pending, i);
                        return;
                }
        }
}

Authority *authority_new(void)
{
        Authority *a = g_new0(Authority, 1);

        a->roots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        a->pending = g_ptr_array_new_with_free_func((GDestroyNotify)question_free);
        return a;
}

void authority_free(Authority *a)
{
        if (!a)
                return;
        g_ptr_array_unref(a->pending);
        g_hash_table_unref(a->roots);
        g_free(a);
}
