/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "bus/bus-error.h"

#include <string.h>

#define OPEN_CALLS_MAX      512  /* of one connection to the bus that is not root's */
#define OPEN_CALLS_MAX_ROOT 8192 /* of one of root's: what no program needs that is in order */

/* Who is calling: a connection to the bus, or to the private socket. */
static char *caller_of(sd_bus_message *m)
{
        const char *sender = sd_bus_message_get_sender(m);

        return sender ? g_strdup(sender) : g_strdup_printf("%p", (void *)sd_bus_message_get_bus(m));
}

/* Return: how many calls of this caller are under way, with this one more or less. */
static unsigned count_call(const Call *c, int change)
{
        char *caller = caller_of(c->message);
        GHashTable *open = c->bus->open_calls;
        unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(open, caller)) + (unsigned)change;

        if (n > 0)
                g_hash_table_replace(open, caller, GUINT_TO_POINTER(n));
        else {
                g_hash_table_remove(open, caller);
                g_free(caller);
        }
        return n;
}

static void call_free(Call *c)
{
        if (c->is_counted)
                (void)count_call(c, -1);
        g_ptr_array_remove_fast(c->bus->calls, c);
        sd_bus_message_unref(c->message);
        free(c->machine);
        free(c->process);
        free(c->text);
        strv_free(c->argv);
        for (int i = 0; i < 3; i++)
                (void)close_fd(c->stdio[i]);
        options_done(&c->options);
        if (c->has_settings)
                settings_done(&c->settings);
        free(c);
}

static void fail(Call *c, int r, Fault *f)
{
        if (r == -EBADMSG) /* the bus has checked everything else */
                (void)fault_set(f, FAULT_INVALID_OPTION, EINVAL,
                                "cannot %s: an argument has text with a character that is not "
                                "allowed, like U+FFFE",
                                c->method->verb);
        (void)fault_set(f, FAULT_FAILED, r, "cannot %s: %s", c->method->verb, strerror(-r));
        (void)bus_reply_fault(c->message, f);
        call_free(c);
}

int call_get_machine(Call *c, Machine **ret, Fault *reterr)
{
        static const uint8_t none[sizeof(c->machine_id)];
        uint8_t id[sizeof(c->machine_id)];
        int r = manager_get(c->bus->manager, c->machine, ret, reterr);

        if (r < 0 || memcmp(c->machine_id, none, sizeof(none)) == 0)
                return r;
        machine_id(*ret, id);
        if (memcmp(id, c->machine_id, sizeof(id)) == 0)
                return 0;
        /* what was allowed was allowed for another one */
        return fault_set(reterr, FAULT_NO_SUCH_MACHINE, 0,
                         "machine '%s' was replaced by another one meanwhile; try again",
                         c->machine);
}

static void target_machine(Call *c, const Machine *m)
{
        c->machine = g_strdup(m->name);
        machine_id(m, c->machine_id);
}

void calls_forget(Bus *b, const sd_bus *bus, const char *client)
{
        for (guint i = b->calls->len; i-- > 0;) {
                Call *c = g_ptr_array_index(b->calls, i);

                if (bus && sd_bus_message_get_bus(c->message) != bus)
                        continue;
                if (client && !streq(sd_bus_message_get_sender(c->message), client))
                        continue;
                authority_forget(b->authority, c);
                request_forget(b->manager, c);
                call_free(c); /* the last one takes its place, which was looked at already */
        }
}

static int send_answer(Call *c, const Answer *a)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        int r = sd_bus_message_new_method_return(c->message, &reply);
        if (r >= 0 && c->method->reply)
                r = c->method->reply(c, a, reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

void call_answered(void *userdata, Answer *a)
{
        Call *c = userdata;

        /* what changed is told before the reply, so that a caller finds it so afterwards */
        manager_flush(c->bus->manager);
        int r = a->fault ? bus_reply_fault(c->message, a->fault) : send_answer(c, a);
        if (r < 0)
                (void)sd_bus_reply_method_errno(c->message, r, NULL);
        call_free(c);
}

static void refuse(Call *c, Verdict verdict)
{
        _cleanup_fault_ Fault f = {0};

        if (verdict == VERDICT_BUSY)
                (void)fault_set(&f, FAULT_BUSY, EBUSY,
                                "cannot %s: too many requests of this user wait for authorization",
                                c->method->verb);
        (void)fault_set(&f, FAULT_NOT_AUTHORIZED, verdict == VERDICT_NO ? EACCES : EAGAIN,
                        "not authorized to %s%s%s%s%s", c->method->verb,
                        c->machine ? " machine '" : "", c->machine ?: "", c->machine ? "'" : "",
                        verdict == VERDICT_NO ? "" : " without authentication");
        (void)bus_reply_fault(c->message, &f);
        call_free(c);
}

/* Waits, most of all: the bus does not count those calls whose answer is not asked for. */
static int check_open_calls(Call *c, Fault *reterr)
{
        c->is_counted = true;
        return count_call(c, 1) <= (c->uid == 0 ? OPEN_CALLS_MAX_ROOT : OPEN_CALLS_MAX)
                       ? 0
                       : fault_set(reterr, FAULT_BUSY, EBUSY,
                                   "cannot %s%s%s%s: too many calls of this client are unanswered",
                                   c->method->verb, c->machine ? " machine '" : "",
                                   c->machine ?: "", c->machine ? "'" : "");
}

static void on_verdict(void *userdata, Verdict verdict, uid_t uid)
{
        Call *c = userdata;
        _cleanup_fault_ Fault f = {0};

        if (verdict != VERDICT_YES) {
                refuse(c, verdict);
                return;
        }
        c->uid = uid;
        int r = check_open_calls(c, &f);
        r = r < 0 ? r : c->method->run(c, &f);
        if (r < 0)
                fail(c, r, &f);
}

/* Running as root inside is another question than running as somebody. */
static const char *action_of(Call *c)
{
        const char *action = c->method->action;

        if (!streq(action, "exec")) {
                c->needs_root = streq(action, "exec-root");
                return action;
        }
        if (!c->process) /* else it was asked when that was started */
                c->needs_root = bus_user_is_root(c->options.user);
        return c->needs_root ? "exec-root" : action;
}

static int authorize(Call *c, Fault *reterr)
{
        char **argv = c->argv ?: c->options.command;
        _cleanup_free_ char *program = argv ? g_strjoinv(" ", argv) : NULL;
        Machine *m = c->machine ? manager_find(c->bus->manager, c->machine) : NULL;
        Authorization a = {
                .action = action_of(c),
                .machine = c->machine,
                .image = m                 ? m->settings.image
                         : c->has_settings ? c->settings.image
                                           : NULL,
                .verb = c->method->verb,
                .user = c->options.user,
                .program = program,
                .owner = m ? m->settings.owner : UID_INVALID,
                .exempt = c->exempt,
        };

        /* the private socket, which only root gets to, or somebody who has asked before */
        if (sd_bus_is_server(sd_bus_message_get_bus(c->message)) > 0 ||
            authority_knows_root(c->bus->authority, c->message)) {
                on_verdict(c, VERDICT_YES, 0);
                return 0;
        }
        int r = authority_ask(c->bus->authority, c->message, &a, on_verdict, c);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "cannot ask the bus who is calling: %s",
                                 strerror(-r))
                     : 0;
}

/* The machine's name: the first argument of the Manager's methods, else the object's path. */
static int read_target(Call *c, bool named, Fault *reterr)
{
        const char *path = sd_bus_message_get_path(c->message), *name;
        Machine *m;

        if (named) {
                int r = sd_bus_message_read(c->message, "s", &name);
                if (r < 0)
                        return r;
                if (c->method == &bus_create_method) {
                        c->machine = g_strdup(name);
                        return machine_name_check(name, reterr);
                }
                r = manager_get(c->bus->manager, name, &m, reterr);
                if (r >= 0)
                        target_machine(c, m);
                return r;
        }
        Process *p = bus_path_process(c->bus, path);
        if (p) {
                c->process = g_strdup(path);
                c->needs_root = p->needs_root;
                c->machine = g_strdup(p->machine);
                c->exempt = p->owner;
                return 0;
        }
        m = bus_path_machine(c->bus, path);
        if (!m)
                return fault_set(reterr, FAULT_NO_SUCH_MACHINE, 0,
                                 "there is no object %s (any more)", path);
        target_machine(c, m);
        return 0;
}

static const Method *find_method(const Method *table, const char *member)
{
        for (; table->name; table++)
                if (streq(table->name, member))
                        return table;
        return NULL;
}

static const Method *method_of(sd_bus_message *m, bool *ret_named)
{
        static const char suffix[] = "Machine";
        const char *member = sd_bus_message_get_member(m), *path = sd_bus_message_get_path(m);
        char name[64];

        *ret_named = false;
        /* by the path: a message need not name the interface */
        if (g_str_has_prefix(path, LODGE_PROCESS_PATH "/"))
                return find_method(bus_process_methods, member);
        if (g_str_has_prefix(path, LODGE_MACHINE_PATH "/"))
                return find_method(bus_machine_methods, member);
        *ret_named = true;
        if (streq(member, bus_create_method.name))
                return &bus_create_method;
        size_t n = strlen(member) - strlen(suffix);
        (void)snprintf(name, sizeof(name), "%.*s", (int)n, member);
        return find_method(bus_machine_methods, name);
}

int bus_on_method(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_fault_ Fault f = {0};
        bool named;
        Call *c = g_new0(Call, 1);

        *c = (Call){
                .bus = userdata,
                .method = method_of(m, &named),
                .message = sd_bus_message_ref(m),
                .stdio = OPTION_STDIO_NONE,
                .exempt = UID_INVALID,
        };
        g_ptr_array_add(c->bus->calls, c);
        options_init(&c->options);
        int r = read_target(c, named, &f);
        if (r >= 0 && c->method->read)
                r = c->method->read(c, &f);
        if (r >= 0 && c->method != &bus_create_method)
                r = options_read(m, c->method->options, &c->options, &f);
        if (r >= 0 && c->method != &bus_create_method)
                r = options_check_program(&c->options, c->argv, &f);
        r = r < 0 ? r : authorize(c, &f);
        if (r < 0)
                fail(c, r, &f);
        return 1;
}
