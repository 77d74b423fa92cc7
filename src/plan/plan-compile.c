/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-compile.h"

#include "base/text.h"
#include "plan/capabilities.h"
#include "plan/guest-files.h"
#include "plan/plan-health.h"
#include "spec/settings-image.h"

#include <signal.h>
#include <string.h>

#define IDS 65536U

#define PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Without a setting, hard limits are only ever lowered: UINT64_MAX leaves them as they are. */
static const RlimitPair limits[_RLIMIT_KIND_MAX] = {
        [RLIMIT_KIND_AS... _RLIMIT_KIND_MAX - 1] = RLIMIT_NOT_SET,
        [RLIMIT_KIND_NOFILE] = {1024, 524288}, /* as systemd: select() ends at 1024 */
        [RLIMIT_KIND_CORE] = {0, UINT64_MAX},  /* a guest's dump is for the guest to ask for */
        [RLIMIT_KIND_MEMLOCK] = {UINT64_C(64) << 20, UINT64_C(64) << 20},
};

bool plan_boots(const Settings *s, const PlanFacts *facts)
{
        return s->boot < 0 ? !settings_have_program(s) && facts->init : s->boot == 1;
}

uint64_t plan_capabilities(const Settings *s, const PlanFacts *facts)
{
        return capabilities_of(s, plan_boots(s, facts));
}

static void add(PlanWriter *w, PlanStage stage, PlanStep step)
{
        step.stage = stage;
        plan_add(w, step);
}

static uint32_t layer_flags(const Settings *s)
{
        switch (s->writable_layer) {
        case WRITABLE_LAYER_STOP: return PLAN_FRESH | PLAN_VOLATILE;
        case WRITABLE_LAYER_REBOOT: /* mounted again after a reboot, which a volatile one refuses */
                return PLAN_FRESH;
        default: return 0;
        }
}

static void add_writable_layer(PlanWriter *w, const Settings *s, const PlanFacts *facts)
{
        if (s->writable_medium == WRITABLE_MEDIUM_MEMORY) {
                add(w, PLAN_STAGE_HOST,
                    (PlanStep){PLAN_MEMORY, .a = s->writable_size_bytes, .flags = PLAN_VOLATILE});
                return;
        }
        add(w, PLAN_STAGE_HOST,
            (PlanStep){PLAN_UPPER, .s = facts->writable_layer, .t = facts->trash,
                       .flags = layer_flags(s)});
        if (s->writable_size_bytes > 0)
                add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_LIMIT, .a = s->writable_size_bytes});
}

static void add_layer(PlanWriter *w, const PlanFacts *facts, const char *layer)
{
        add(w, PLAN_STAGE_HOST,
            facts->layer_store ? (PlanStep){PLAN_LAYER, .s = facts->layer_store, .t = layer}
                               : (PlanStep){PLAN_LOWER, .s = layer});
}

static void add_layers(PlanWriter *w, const PlanFacts *facts)
{
        for (const char *const *layer = facts->layers; layer && *layer; layer++)
                add_layer(w, facts, *layer);
        if (facts->image)
                add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_LOWER_FD, .s = facts->image, .a = 0});
        if (facts->image && facts->image_has_usr)
                add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_USR_FD, .s = facts->image, .a = 1});
}

static void add_netns(PlanWriter *w, const Settings *s)
{
        switch (settings_network_mode(s)) {
        case NETWORK_MODE_NONE:
        case NETWORK_MODE_LINKS: add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_NETNS, .a = 1}); break;
        case NETWORK_MODE_NETNS:
                add(w, PLAN_STAGE_HOST,
                    (PlanStep){PLAN_NETNS_PATH, .s = strchr(s->networks[0], '=') + 1});
                break;
        case NETWORK_MODE_HOST: break;
        }
}

static PlanReady ready_kind(const Settings *s, bool boots_systemd)
{
        switch (s->ready_when.kind) {
        case READY_NOT_GIVEN: return boots_systemd ? PLAN_READY_NOTIFY : PLAN_READY_STARTED;
        case READY_NOTIFY: return PLAN_READY_NOTIFY;
        case READY_HEALTHY: return PLAN_READY_HEALTHY;
        case READY_TCP: return PLAN_READY_TCP;
        case READY_UDP: return PLAN_READY_UDP;
        default: return PLAN_READY_STARTED;
        }
}

/* What nobody has asked for keeps neither the unit nor who starts it waiting. */
static void add_ready(PlanWriter *w, const Settings *s, bool boots_systemd)
{
        PlanReady kind = ready_kind(s, boots_systemd);
        ReadyWhen when = s->ready_when;
        _cleanup_free_ char *word = NULL;

        if (when.kind == READY_NOT_GIVEN)
                when.kind = kind == PLAN_READY_NOTIFY ? READY_NOTIFY : READY_STARTED;
        if (ready_when_format(&when, &word) < 0) {
                w->error = w->error ?: -ENOMEM;
                return;
        }
        add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_READY, .s = word, .a = kind, .b = when.port});
        if (ready_when_holds_unit(&s->ready_when))
                add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_START_TIMEOUT, .a = s->start_timeout_usec});
}

static void add_host(PlanWriter *w, const Settings *s, const PlanFacts *facts, bool booting)
{
        bool systemd = booting && facts->init_is_systemd;
        int sig = s->stop_signal ?: systemd ? SIGRTMIN + 3 : SIGTERM;

        add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_USERNS, .a = facts->uid_base, .b = IDS});
        add_layers(w, facts);
        add_writable_layer(w, s, facts);
        add_netns(w, s);
        add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_NOTIFY, .s = GUEST_NOTIFY_SOCKET});
        add_ready(w, s, systemd);
        add(w, PLAN_STAGE_HOST,
            (PlanStep){PLAN_STOP, .a = (uint64_t)sig, .b = s->stop_timeout_usec});
        add(w, PLAN_STAGE_HOST,
            (PlanStep){PLAN_REBOOT,
                       .flags = s->writable_layer == WRITABLE_LAYER_STOP ? PLAN_FRESH : 0});
}

/* Is the key of @assignment set again in @later? */
static bool is_overridden(const char *assignment, char *const *later)
{
        size_t n = strcspn(assignment, "=") + 1;

        STRV_FOREACH (other, later)
                if (strncmp(assignment, *other, n) == 0)
                        return true;
        return false;
}

static void add_env(PlanWriter *w, const char *key, const char *value, char *const *later)
{
        _cleanup_free_ char *assignment = NULL;

        if (asprintf(&assignment, "%s=%s", key, value) < 0) {
                w->error = w->error ?: -ENOMEM;
                return;
        }
        if (!is_overridden(assignment, later))
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_ENV, .s = assignment});
}

/* HOME, USER, LOGNAME and SHELL are the shim's: it finds them in the guest's passwd file. */
static void add_environment(PlanWriter *w, const Settings *s, const char *uuid, bool booting)
{
        char **mine = s->environment;

        add_env(w, "container", "lodge", mine);
        add_env(w, "container_uuid", uuid, mine);
        add_env(w, "PATH", PATH, mine);
        if (booting || s->terminal)
                add_env(w, "TERM", booting ? "vt220" : "xterm-256color", mine);
        add_env(w, "NOTIFY_SOCKET", GUEST_NOTIFY_SOCKET, mine);
        STRV_FOREACH (assignment, mine)
                if (!is_overridden(*assignment, assignment + 1))
                        add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_ENV, .s = *assignment});
}

static const char *directory_of(const Settings *s)
{
        return s->working_directory ?: s->workspace;
}

static void add_program(PlanWriter *w, const Settings *s, const PlanFacts *facts, bool booting)
{
        _cleanup_strv_free_ char **program = NULL;

        if (booting) {
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_INIT, .s = facts->init});
                return;
        }
        if (s->user)
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_USER, .s = s->user});
        if (directory_of(s))
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_CHDIR, .s = directory_of(s)});
        if (settings_program(s, &program) < 0)
                w->error = w->error ?: -ENOMEM;
        STRV_FOREACH (arg, program)
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_ARG, .s = *arg});
}

static void add_limits(PlanWriter *w, const Settings *s)
{
        for (RlimitKind kind = 0; kind < _RLIMIT_KIND_MAX; kind++) {
                const RlimitPair *set = &s->resources.rlimits[kind];
                const RlimitPair *p = rlimit_is_set(set) ? set : &limits[kind];
                PlanStep step = {PLAN_RLIMIT, .s = rlimit_name(kind), .a = p->soft, .b = p->hard};

                if (p == set)
                        add(w, PLAN_STAGE_HOST, step);
                if (rlimit_is_set(p))
                        add(w, PLAN_STAGE_PAYLOAD, step);
        }
}

/* In volumes, too. Images say where to begin, and leave it to whoever runs them to make it. */
static void add_working_directory(PlanWriter *w, const Settings *s, bool booting)
{
        const char *directory = directory_of(s);

        if (!booting && directory && !streq(directory, "/"))
                add(w, PLAN_STAGE_ROOT, (PlanStep){PLAN_DIRECTORY, .s = directory, .a = 0755});
}

/* No PLAN_NO_NEW_PRIVS, not for commands either: sudo, ping and their like are expected to work. */
static void add_payload(PlanWriter *w, const Settings *s, const PlanFacts *facts,
                        const GuestFiles *g)
{
        add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_HOSTNAME, .s = g->hostname});
        if (g->booting || s->terminal)
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_TERMINAL});
        if (s->terminal && !g->booting) /* an init gives its terminal to the getty it starts */
                add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_CONSOLE_CTTY});
        add_limits(w, s);
        add(w, PLAN_STAGE_PAYLOAD, (PlanStep){PLAN_CAPS, .a = plan_capabilities(s, facts)});
        if (facts->seccomp)
                add(w, PLAN_STAGE_PAYLOAD,
                    (PlanStep){PLAN_SECCOMP, .data = facts->seccomp, .n_data = facts->n_seccomp});
        add_environment(w, s, g->uuid, g->booting);
        add_program(w, s, facts, g->booting);
        plan_health_add(w, s);
}

static void format_id(const uint8_t id[static 16], char hex[static 33], char uuid[static 37])
{
        char *u = uuid;

        for (size_t i = 0; i < 16; i++) {
                (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *u++ = '-';
                u = mempcpy(u, hex + 2 * i, 2);
        }
        *u = '\0';
}

static int check(const Settings *s, const PlanFacts *facts, Fault *reterr)
{
        static const uint8_t none[16];

        if (s->boot == 1 && !facts->init)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "machine '%s' cannot be booted: its image has no init such as "
                                 "/sbin/init; set Command= instead of Boot=yes",
                                 facts->name);
        if (!plan_boots(s, facts) && !settings_have_program(s))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "machine '%s' has nothing to run: its image has no init and "
                                 "Command= is not set",
                                 facts->name);
        if (s->ready_when.kind == READY_HEALTHY && !plan_health_has_check(s))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "machine '%s' has ReadyWhen=healthy and no health check: neither "
                                 "Healthcheck= nor its image says one",
                                 facts->name);
        if (!facts->image && (!facts->layers || !facts->layers[0]))
                return fault_set(reterr, FAULT_START_FAILED, EINVAL, "machine '%s' has no layers",
                                 facts->name);
        if (memcmp(s->machine_id, none, sizeof(none)) == 0)
                return fault_set(reterr, FAULT_START_FAILED, EINVAL,
                                 "machine '%s' has no MachineID=", facts->name);
        return 0;
}

int plan_compile(const Settings *s, const PlanFacts *facts, PlanWriter *w, Fault *reterr)
{
        _cleanup_guest_mounts_ GuestMounts mounts = {0};
        const GuestMountFacts mount_facts = {.volumes = facts->volumes, .owner = s->owner};
        static const PlanNetwork no_network;
        const PlanNetwork *network = facts->network ?: &no_network;
        const char *hostname = s->hostname ?: facts->name;
        char id[33], uuid[37];
        int r = check(s, facts, reterr);

        r = r < 0 ? r : guest_mounts_parse(s, &mounts);
        if (r < 0)
                return r;
        format_id(s->machine_id, id, uuid);

        GuestFiles g = {
                .machine_id = id,
                .uuid = uuid,
                .hostname = hostname,
                .booting = plan_boots(s, facts),
                .nesting = s->nesting,
                .network =
                        {
                                .mode = settings_network_mode(s),
                                .network = network,
                                .hostname = hostname,
                                .name = facts->name,
                        },
                .mounts = &mounts,
        };
        add_host(w, s, facts, g.booting);
        plan_network_add(w, network);
        guest_files_add(w, &g, &mount_facts);
        add_working_directory(w, s, g.booting);
        add_payload(w, s, facts, &g);
        return 0;
}
