/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "bus/bus-error.h"
#include "core/job.h"
#include "core/volume.h"
#include "spec/unit-lines.h"

#include <string.h>
#include <sys/stat.h>

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
        free(c->object);
        free(c->volume);
        free(c->process);
        free(c->text);
        strv_free(c->argv);
        for (int i = 0; i < 3; i++)
                (void)close_fd(c->stdio[i]);
        (void)close_fd(c->stream);
        strv_free(c->lines);
        for (size_t i = 0; i < ELEMENTSOF(c->blobs); i++)
                g_bytes_unref(c->blobs[i]); /* NULL is fine */
        options_done(&c->options);
        if (c->has_settings)
                settings_done(&c->settings);
        if (c->has_implied)
                settings_done(&c->implied);
        strv_free(c->keys);
        layers_done(&c->layers);
        origins_done(&c->origins);
        if (c->has_network)
                network_settings_done(&c->network);
        strv_free(c->networks);
        strv_free(c->ports);
        free(c);
}

void call_fail(Call *c, int r, Fault *f)
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

int call_get_object(Call *c, void **ret, Fault *reterr)
{
        return bus_get_object(c->bus, c->kind, c->object, ret, reterr);
}

/* "image 'debian'", for sentences; "" if it is about nothing that has a name. */
static char *target_text(const Call *c)
{
        const char *name = c->machine ?: c->object;
        const char *noun = c->machine                    ? bus_kind_noun(OBJECT_MACHINE)
                           : c->kind != _OBJECT_KIND_MAX ? bus_kind_noun(c->kind)
                                                         : bus_kind_noun(OBJECT_IMAGE);

        if (name)
                return g_strdup_printf("%s '%s'", noun, name);
        if (c->method == &bus_check_network_method)
                return g_strdup("this host");
        return g_strdup(c->kind == _OBJECT_KIND_MAX ? "the store" : "");
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
                job_forget_owner(b->manager, c);
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

int call_done(Call *c)
{
        call_answered(c, &(Answer){.terminal_fd = -EBADF});
        return 0;
}

static void refuse(Call *c, Verdict verdict)
{
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *target = target_text(c);

        if (verdict == VERDICT_BUSY)
                (void)fault_set(&f, FAULT_BUSY, EBUSY,
                                "cannot %s: too many requests of this user wait for authorization",
                                c->method->verb);
        (void)fault_set(&f, FAULT_NOT_AUTHORIZED, verdict == VERDICT_NO ? EACCES : EAGAIN,
                        "not authorized to %s%s%s%s", c->method->verb, *target ? " " : "", target,
                        verdict == VERDICT_NO ? "" : " without authentication");
        (void)bus_reply_fault(c->message, &f);
        call_free(c);
}

/* Waits, most of all: the bus does not count those calls whose answer is not asked for. */
static int check_open_calls(Call *c, Fault *reterr)
{
        _cleanup_free_ char *target = target_text(c);

        c->is_counted = true;
        return count_call(c, 1) <= (c->uid == 0 ? OPEN_CALLS_MAX_ROOT : OPEN_CALLS_MAX)
                       ? 0
                       : fault_set(reterr, FAULT_BUSY, EBUSY,
                                   "cannot %s%s%s: too many calls of this client are unanswered",
                                   c->method->verb, *target ? " " : "", target);
}

static int ask_next(Call *c, Fault *reterr);

static void on_verdict(void *userdata, Verdict verdict, uid_t uid)
{
        Call *c = userdata;
        _cleanup_fault_ Fault f = {0};

        if (verdict != VERDICT_YES) {
                refuse(c, verdict);
                return;
        }
        c->uid = uid;
        int r;
        if (uid != 0 && ++c->n_allowed < c->n_actions)
                r = ask_next(c, &f);
        else {
                r = check_open_calls(c, &f);
                r = r < 0 ? r : c->method->run(c, &f);
        }
        if (r < 0)
                call_fail(c, r, &f);
}

static bool is_directory(int fd)
{
        struct stat st;

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "NAME:/path": of somebody else than the machine's owner. What does not exist yet will be its
 * owner's. */
static bool is_volume_of_other(const Call *c, const Machine *m, const char *line)
{
        _cleanup_free_ char *name = g_strndup(line, strcspn(line, ":"));
        const Volume *v = g_hash_table_lookup(c->bus->manager->volumes, name);

        return v && v->owner != m->settings.owner;
}

/* The owner of a machine may manage it, but that does not let him see into the volumes of others.
 */
static bool reaches_volumes(const Call *c)
{
        const Machine *m = c->machine ? manager_find(c->bus->manager, c->machine) : NULL;

        if (!m)
                return false;
        STRV_FOREACH (line, c->has_settings ? c->settings.volumes : NULL)
                if (is_volume_of_other(c, m, *line))
                        return true;
        STRV_FOREACH (line, c->has_implied ? c->implied.volumes : NULL)
                if (is_volume_of_other(c, m, *line))
                        return true;
        return c->volume && is_volume_of_other(c, m, c->volume);
}

/* A machine that binds directories of the host, or an image made of one: what is in there may be
 * what the caller cannot read. */
static bool reaches_host(const Call *c)
{
        return c->is_bind || (c->has_settings && strv_length(c->settings.binds) > 0) ||
               (c->has_implied && strv_length(c->implied.binds) > 0) || is_directory(c->stream) ||
               reaches_volumes(c);
}

/* What a machine's settings give it of the host's network, and whom they let in. */
static char *const *networks_of(const Call *c)
{
        return c->has_settings ? c->settings.networks : c->networks;
}

static char *const *ports_of(const Call *c)
{
        return c->has_settings ? c->settings.publish : c->ports;
}

static bool reaches_network(const Call *c)
{
        return (c->has_settings && c->settings.private_network == 0) ||
               bus_networks_are_of_host(networks_of(c)) ||
               (c->has_implied &&
                (c->implied.private_network == 0 || bus_networks_are_of_host(c->implied.networks)));
}

static bool is_exposed(const Call *c)
{
        return bus_ports_are_exposed(ports_of(c)) ||
               (c->has_settings && c->settings.publish_exposed) ||
               (c->has_implied &&
                (c->implied.publish_exposed || bus_ports_are_exposed(c->implied.publish)));
}

/* What starts, stops or orders other units of the host. */
static bool reaches_units(const Call *c)
{
        return (c->has_settings && unit_is_tied(&c->settings)) ||
               (c->has_implied && unit_is_tied(&c->implied));
}

/* Running as root inside is another question than running as somebody. */
static const char *action_of(Call *c)
{
        const char *action = c->method->action;

        if (!action)
                return NULL;
        if (reaches_host(c))
                return "bind";
        if (!streq(action, "exec")) {
                c->needs_root = streq(action, "exec-root");
                return action;
        }
        if (!c->process) /* else it was asked when that was started */
                c->needs_root = bus_user_is_root(c->options.user);
        return c->needs_root ? "exec-root" : action;
}

static char *joined(char *const *words)
{
        return words && *words ? g_strjoinv(" ", (char **)words) : NULL;
}

static void need_action(Call *c, const char *action)
{
        if (action)
                c->actions[c->n_actions++] = action;
}

/* Who may do so with one name need not with another: both are asked for. */
static bool is_renaming(const Call *c)
{
        return c->kind == OBJECT_MACHINE && streq(c->method->name, "Rename");
}

static int ask_next(Call *c, Fault *reterr)
{
        char **argv = c->argv ?: c->options.command;
        _cleanup_free_ char *program = argv ? g_strjoinv(" ", argv) : NULL;
        _cleanup_free_ char *target = target_text(c), *networks = joined(networks_of(c)),
                            *ports = joined(ports_of(c));
        Machine *m = c->machine ? manager_find(c->bus->manager, c->machine) : NULL;
        Authorization a = {
                .action = c->n_actions > 0 ? c->actions[c->n_allowed] : NULL,
                .machine = is_renaming(c) && c->n_allowed > 0 ? c->text : c->machine,
                .image = m                 ? m->settings.image
                         : c->has_settings ? c->settings.image
                         : c->kind == OBJECT_IMAGE || c->kind == _OBJECT_KIND_MAX ? c->object
                                                                                  : NULL,
                .object = *target ? target : NULL,
                .verb = c->method->verb,
                .user = c->options.user,
                .program = program,
                .network = networks,
                .port = ports,
                .owner = m ? m->settings.owner : UID_INVALID,
                .exempt = c->exempt,
        };

        int r = authority_ask(c->bus->authority, c->message, &a, on_verdict, c);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "cannot ask the bus who is calling: %s",
                                 strerror(-r))
                     : 0;
}

static int authorize(Call *c, Fault *reterr)
{
        /* the private socket, which only root gets to, or somebody who has asked before */
        if (sd_bus_is_server(sd_bus_message_get_bus(c->message)) > 0 ||
            authority_knows_root(c->bus->authority, c->message)) {
                (void)action_of(c); /* for needs_root */
                on_verdict(c, VERDICT_YES, 0);
                return 0;
        }
        need_action(c, action_of(c));
        if (is_renaming(c))
                need_action(c, action_of(c));
        if (reaches_network(c) || reaches_units(c))
                need_action(c, "configure");
        if (is_exposed(c))
                need_action(c, "publish");
        return ask_next(c, reterr);
}

static int target_object(Call *c, const void *object)
{
        if (c->kind == OBJECT_MACHINE) {
                target_machine(c, object);
                return 0;
        }
        c->object = g_strdup(bus_object_name(c->kind, object));
        if (c->kind == OBJECT_JOB)
                c->exempt = ((const Job *)object)->owner;
        return 0;
}

static int target_process(Call *c, const char *path, Fault *reterr)
{
        Process *p = bus_path_process(c->bus, path);

        if (!p)
                return fault_set(reterr, FAULT_NO_SUCH_PROCESS, 0,
                                 "there is no object %s (any more)", path);
        c->process = g_strdup(path);
        c->needs_root = p->needs_root;
        c->machine = g_strdup(p->machine);
        c->exempt = p->owner;
        return 0;
}

/* The name: the first argument of the Manager's methods, else the object's path. */
static int read_target(Call *c, bool named, Fault *reterr)
{
        static const FaultCode codes[_OBJECT_KIND_MAX] = {
                [OBJECT_MACHINE] = FAULT_NO_SUCH_MACHINE, [OBJECT_IMAGE] = FAULT_NO_SUCH_IMAGE,
                [OBJECT_VOLUME] = FAULT_NO_SUCH_VOLUME,   [OBJECT_JOB] = FAULT_NO_SUCH_JOB,
                [OBJECT_NETWORK] = FAULT_NO_SUCH_NETWORK,
        };
        const char *path = sd_bus_message_get_path(c->message), *name;
        void *object;

        if (c->kind == _OBJECT_KIND_MAX) {
                if (g_str_has_prefix(path, LODGE_PROCESS_PATH "/"))
                        return target_process(c, path, reterr);
                if (c->method != &bus_create_method && c->method != &bus_set_definition_method)
                        return 0;
                int r = sd_bus_message_read(c->message, "s", &name);
                if (r < 0)
                        return r;
                c->machine = g_strdup(name);
                return machine_name_check(name, reterr);
        }
        if (named) {
                int r = sd_bus_message_read(c->message, "s", &name);
                r = r < 0 ? r : bus_get_object(c->bus, c->kind, name, &object, reterr);
                return r < 0 ? r : target_object(c, object);
        }
        object = bus_path_object(c->bus, c->kind, path);
        if (!object)
                return fault_set(reterr, codes[c->kind], 0, "there is no object %s (any more)",
                                 path);
        return target_object(c, object);
}

static const Method *const tables[_OBJECT_KIND_MAX] = {
        [OBJECT_MACHINE] = bus_machine_methods, [OBJECT_IMAGE] = bus_image_methods,
        [OBJECT_VOLUME] = bus_volume_methods,   [OBJECT_JOB] = bus_job_methods,
        [OBJECT_NETWORK] = bus_network_methods,
};

static const Method *find_method(const Method *table, const char *member)
{
        for (; table->name; table++)
                if (streq(table->name, member))
                        return table;
        return NULL;
}

/* "RemoveImage" for Remove of images. */
static const Method *find_twin(ObjectKind kind, const char *member)
{
        for (const Method *m = tables[kind]; m->name; m++) {
                _cleanup_free_ char *twin =
                        m->twin ? g_strdup(m->twin) : bus_twin_name(kind, m->name);

                if (streq(twin, member))
                        return m;
        }
        return NULL;
}

/* By the path: a message need not name the interface. */
static const Method *method_of(sd_bus_message *m, ObjectKind *ret_kind, bool *ret_named)
{
        const char *member = sd_bus_message_get_member(m), *path = sd_bus_message_get_path(m);
        const Method *const single[] = {&bus_create_method,         &bus_set_definition_method,
                                        &bus_pull_method,           &bus_import_method,
                                        &bus_create_network_method, &bus_check_network_method};
        const Method *found = NULL;

        *ret_named = false;
        *ret_kind = bus_path_kind(path);
        if (*ret_kind != _OBJECT_KIND_MAX)
                return find_method(tables[*ret_kind], member);
        if (g_str_has_prefix(path, LODGE_PROCESS_PATH "/"))
                return find_method(bus_process_methods, member);
        for (size_t i = 0; i < ELEMENTSOF(single); i++)
                if (streq(member, single[i]->name))
                        return single[i];
        found = find_method(bus_store_methods, member);
        if (found)
                return found;
        *ret_named = true;
        for (*ret_kind = 0; *ret_kind < _OBJECT_KIND_MAX && !found;) {
                found = find_twin(*ret_kind, member);
                if (!found)
                        (*ret_kind)++;
        }
        return found;
}

int bus_on_method(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_fault_ Fault f = {0};
        ObjectKind kind;
        bool named;
        const Target *t = userdata;
        const Method *method = method_of(m, &kind, &named);
        Call *c = g_new0(Call, 1);

        *c = (Call){
                .bus = t->bus,
                .method = method,
                .kind = kind,
                .message = sd_bus_message_ref(m),
                .stdio = OPTION_STDIO_NONE,
                .stream = -EBADF,
                .exempt = UID_INVALID,
        };
        g_ptr_array_add(c->bus->calls, c);
        options_init(&c->options);
        int r = read_target(c, named, &f);
        if (r >= 0 && c->method->read)
                r = c->method->read(c, &f);
        if (r >= 0 && c->method->options != OPTIONS_ARE_SETTINGS)
                r = options_read(m, c->method->options, &c->options, &f);
        if (r >= 0 && c->method->options != OPTIONS_ARE_SETTINGS)
                r = options_check_program(&c->options, c->argv, &f);
        r = r < 0 ? r : authorize(c, &f);
        if (r < 0)
                call_fail(c, r, &f);
        return 1;
}

int call_change_machine(Call *c,
                        int (*change)(Machine *m, const char *value, bool persist, AnswerFn done,
                                      void *userdata, Fault *reterr),
                        Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : change(m, c->text, c->options.persist, call_answered, c, reterr);
}
