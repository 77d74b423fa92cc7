/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "bus/bus-error.h"

#include <string.h>

static void call_free(Call *c)
{
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
        (void)fault_set(f, FAULT_FAILED, r, "cannot %s: %s", c->method->verb, strerror(-r));
        (void)bus_reply_fault(c->message, f);
        call_free(c);
}

int call_get_machine(Call *c, Machine **ret, Fault *reterr)
{
        return manager_get(c->bus->manager, c->machine, ret, reterr);
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

        (void)fault_set(&f, FAULT_NOT_AUTHORIZED, verdict == VERDICT_NO ? EACCES : EAGAIN,
                        "not authorized to %s%s%s%s%s", c->method->verb,
                        c->machine ? " machine '" : "", c->machine ?: "", c->machine ? "'" : "",
                        verdict == VERDICT_NO ? "" : " without authentication");
        (void)bus_reply_fault(c->message, &f);
        call_free(c);
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
        int r = c->method->run(c, &f);
        if (r < 0)
                fail(c, r, &f);
}

/* Running as root inside is another question than running as somebody. */
static const char *action_of(Call *c)
{
        const char *action = c->method->action;

        if (!streq(action, "exec"))
                return action;
        if (c->argv)
                c->needs_root = bus_user_is_root(c->options.user);
        return c->needs_root ? "exec-root" : action;
}

static int authorize(Call *c, Fault *reterr)
{
        _cleanup_free_ char *program = c->argv ? g_strjoinv(" ", c->argv) : NULL;
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
        };

        int r = authority_ask(c->bus->authority, c->message, &a, on_verdict, c);
        return r < 0 ? fault_set(reterr, FAULT_BUSY, r,
                                 "too many requests are waiting for authorization")
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
                if (c->method == &bus_create_method)
                        r = machine_name_check(name, reterr);
                else
                        r = manager_get(c->bus->manager, name, &m, reterr);
                if (r < 0)
                        return r;
                c->machine = strdup(name);
                return c->machine ? 0 : -ENOMEM;
        }
        Process *p = bus_path_process(c->bus, path);
        if (p) {
                c->process = strdup(path);
                c->needs_root = p->needs_root;
                c->machine = strdup(p->machine);
                return c->process && c->machine ? 0 : -ENOMEM;
        }
        m = bus_path_machine(c->bus, path);
        if (!m)
                return fault_set(reterr, FAULT_NO_SUCH_MACHINE, 0,
                                 "there is no object %s (any more)", path);
        c->machine = strdup(m->name);
        return c->machine ? 0 : -ENOMEM;
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
        const char *member = sd_bus_message_get_member(m),
                   *interface = sd_bus_message_get_interface(m);
        char name[64];

        *ret_named = false;
        if (streq(interface, LODGE_PROCESS_INTERFACE))
                return find_method(bus_process_methods, member);
        if (streq(interface, LODGE_MACHINE_INTERFACE))
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
        };
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
