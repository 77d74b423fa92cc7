/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of a machine's settings: a new one is a field in Settings and a line here. */
#include "spec/settings.h"

#include "spec/setting-type.h"

#define KEY(section_, name_, kind_, field_, type_, help_)                                          \
        {                                                                                          \
                .section = section_, .name = name_, .kind = SETTING_##kind_, .help = help_,        \
                .type = &setting_##type_, .offset = offsetof(Settings, field_),                    \
        }
#define INTERNAL(section_, name_, field_, type_, help_)                                            \
        {                                                                                          \
                .section = section_, .name = name_, .kind = SETTING_OTHER, .internal = true,       \
                .help = help_, .type = &setting_##type_, .offset = offsetof(Settings, field_),     \
        }

#define UNIT_LIST_KEY(name_, help_)                                                                \
        KEY("Unit", #name_, STRV, unit_lists[UNIT_LIST_##name_], units, help_),
#define INSTALL_LIST_KEY(name_, help_)                                                             \
        KEY("Install", #name_, STRV, unit_lists[UNIT_LIST_##name_], units, help_),
#define CONDITION_KEY(name_)                                                                       \
        KEY("Unit", "Condition" #name_, STRV, unit_lists[UNIT_LIST_Condition##name_], condition,   \
            "What must be so for this machine to be started, else it is not"),
#define ASSERTION_KEY(name_)                                                                       \
        KEY("Unit", "Assert" #name_, STRV, unit_lists[UNIT_LIST_Assert##name_], condition,         \
            "What must be so for this machine to be started, else that fails"),

static const SettingKey keys[] = {
        /* clang-format off */
        KEY("Machine", "Description", STRING, description, text,
            "What the machine is for, in one line"),
        KEY("Machine", "Profile", STRV, profiles, profile,
            "Profiles whose settings come before those of the machine itself"),
        KEY("Machine", "Image", STRING, image, image,
            "Image the machine starts from: its name, or where it is from, as docker.io/library/debian:13"),
        KEY("Machine", "RootDirectory", STRING, root_directory, root_directory,
            "Directory tree of the host to start from, instead of an image; never written to"),
        KEY("Machine", "MachineID", OTHER, machine_id, id,
            "The guest's machine-id, 32 hexadecimal digits"),
        KEY("Machine", "Hostname", STRING, hostname, hostname,
            "The guest's host name; the machine's name if not given"),
        KEY("Machine", "AutoRemove", BOOL, auto_remove, bool,
            "Remove the machine when it stops"),
        KEY("Machine", "Label", STRV, labels, label,
            "Something to know the machine by, KEY=VALUE; may be given several times"),
        INTERNAL("Machine", "Owner", owner, uid, "User id of who created the machine"),
        INTERNAL("Machine", "Created", created_usec, timestamp,
                 "When the machine was created, in µs since 1970"),

        KEY("Exec", "Boot", BOOL, boot, optional_bool,
            "Start the tree's init; if not given: only where there is no Command="),
        KEY("Exec", "Entrypoint", STRV, entrypoint, command,
            "Program and arguments that come before the command; if not given, the image's"),
        KEY("Exec", "Command", STRV, command, command,
            "Program and arguments to run as the machine's first process"),
        KEY("Exec", "Environment", STRV, environment, environment,
            "Environment variables, KEY=VALUE; may be given several times"),
        KEY("Exec", "User", STRING, user, user,
            "User to run the command as: user, user:group, uid or uid:gid of the guest"),
        KEY("Exec", "WorkingDirectory", STRING, working_directory, path,
            "Directory of the guest to run the command in"),
        KEY("Exec", "Terminal", BOOL, terminal, bool,
            "Give the command a terminal; a booted machine always has one"),
        KEY("Exec", "StopSignal", OTHER, stop_signal, signal,
            "Signal that asks the first process to stop; if not given: SIGRTMIN+3 for systemd, else SIGTERM"),
        KEY("Exec", "StopTimeoutSec", USEC, stop_timeout_usec, usec,
            "How long to wait for that before everything is killed"),
        KEY("Exec", "ReadyWhen", OTHER, ready_when, ready_when,
            "When the machine is ready, and its unit active: started, notify, healthy or port:NUMBER[/tcp|/udp]"),
        KEY("Exec", "StartTimeoutSec", USEC, start_timeout_usec, usec,
            "How long that may take until the start has failed"),
        KEY("Exec", "Restart", OTHER, restart, restart,
            "When to start the machine again after it has ended: no, always, on-success, on-failure, on-abnormal or on-abort"),
        KEY("Exec", "RestartSec", USEC, restart_usec, usec,
            "How long to wait before that"),
        KEY("Exec", "RestartSteps", OTHER, restart_steps, count,
            "In how many steps that becomes RestartMaxDelaySec=; systemd 254 and later"),
        KEY("Exec", "RestartMaxDelaySec", USEC, restart_max_usec, usec,
            "How long that wait becomes after so many restarts"),

        KEY("Files", "WritableLayer", OTHER, writable_layer, writable_layer,
            "How long what the guest writes is kept: until stop, until reboot too (reboot), or keep"),
        KEY("Files", "WritableLayerMedium", OTHER, writable_medium, writable_medium,
            "Where that lies: on disk, or in memory"),
        KEY("Files", "WritableLayerSize", OTHER, writable_size_bytes, bytes,
            "How large that may become, in bytes, or with K, M, G or T"),
        KEY("Files", "Bind", STRV, binds, bind,
            "File or directory of the host to show inside, SOURCE:TARGET[:ro,norecursive,map=root|owner|caller|same|none]"),
        KEY("Files", "Volume", STRV, volumes, volume,
            "Directory that outlives the machine, NAME:TARGET[:ro,map=...]; TARGET alone: one that goes with it"),
        KEY("Files", "Tmpfs", STRV, tmpfs, tmpfs,
            "File system in memory, TARGET[:size=...,mode=...,uid=...,gid=...,ro]"),
        KEY("Files", "Workspace", STRING, workspace, path,
            "Where create and run show the directory they are called in, as its caller's; the command begins there"),

        KEY("Network", "PrivateNetwork", BOOL, private_network, optional_bool,
            "A network of its own; no: the host's"),
        KEY("Network", "Network", STRV, networks, network,
            "What it is connected to: private, NAME, none, host, bridge=IF, macvlan=IF, interface=IF or netns=PATH, with :OPTIONS"),
        KEY("Network", "Publish", STRV, publish, publish,
            "Port to open on the host, [ADDRESS:]HOST:GUEST[/tcp|udp]; on loopback only if no address is given"),
        KEY("Network", "PublishExposed", BOOL, publish_exposed, bool,
            "Open each port that the image exposes at the same port of the host's loopback"),
        KEY("Network", "Egress", STRV, egress, egress,
            "What it may reach, ADDRESS[/BITS][:PORT][/tcp|udp], or none; if not given, everything"),
        KEY("Network", "Bandwidth", OTHER, bandwidth, bandwidth,
            "Most bits a second, in=RATE,out=RATE, with K, M or G"),

        KEY("Resources", "MemoryMax", OTHER, resources.memory_max, memory_max,
            "Most memory, in bytes or percent; what goes beyond is killed"),
        KEY("Resources", "MemoryHigh", OTHER, resources.memory_high, memory_max,
            "Memory above which the machine is slowed down and its memory is reclaimed"),
        KEY("Resources", "MemorySwapMax", OTHER, resources.memory_swap_max, memory,
            "Most swap space, in bytes or percent"),
        KEY("Resources", "MemoryLow", OTHER, resources.memory_low, memory,
            "Memory that is left to the machine while others have some to give"),
        KEY("Resources", "MemoryMin", OTHER, resources.memory_min, memory,
            "Memory that is never reclaimed from the machine"),
        KEY("Resources", "CPUQuota", OTHER, resources.cpu_quota_usec, cpu_quota,
            "Most CPU time, in percent of one CPU; 200%: two CPUs"),
        KEY("Resources", "CPUWeight", OTHER, resources.cpu_weight, cpu_weight,
            "Share of the CPUs when they are busy, 1 to 10000 beside 100 of others, or idle"),
        KEY("Resources", "AllowedCPUs", STRV, resources.allowed_cpus, cpus,
            "CPUs that it may run on, such as 0-3,5"),
        KEY("Resources", "TasksMax", OTHER, resources.tasks_max, tasks_max,
            "Most processes and threads, or a percentage"),
        KEY("Resources", "IOWeight", OTHER, resources.io_weight, io_weight,
            "Share of disks when they are busy, 1 to 10000 beside 100 of others"),
        KEY("Resources", "IODeviceWeight", STRV, resources.io_device_weight, device_weight,
            "The same for one disk, DEVICE WEIGHT; may be given several times, as the next"),
        KEY("Resources", "IOReadBandwidthMax", STRV, resources.io_read_bandwidth_max, device_bytes,
            "Most bytes a second to read from a disk, DEVICE BYTES"),
        KEY("Resources", "IOWriteBandwidthMax", STRV, resources.io_write_bandwidth_max, device_bytes,
            "Most bytes a second to write to a disk, DEVICE BYTES"),
        KEY("Resources", "IOReadIOPSMax", STRV, resources.io_read_iops_max, device_count,
            "Most reads a second from a disk, DEVICE NUMBER"),
        KEY("Resources", "IOWriteIOPSMax", STRV, resources.io_write_iops_max, device_count,
            "Most writes a second to a disk, DEVICE NUMBER"),
        KEY("Resources", "LimitAS", OTHER, resources.rlimits[RLIMIT_KIND_AS], rlimit_bytes,
            "Most address space of a process, as SOFT:HARD or one for both; so all these"),
        KEY("Resources", "LimitCORE", OTHER, resources.rlimits[RLIMIT_KIND_CORE], rlimit_bytes,
            "Largest core dump"),
        KEY("Resources", "LimitCPU", OTHER, resources.rlimits[RLIMIT_KIND_CPU], rlimit_time,
            "Most CPU time of a process"),
        KEY("Resources", "LimitDATA", OTHER, resources.rlimits[RLIMIT_KIND_DATA], rlimit_bytes,
            "Most data of a process"),
        KEY("Resources", "LimitFSIZE", OTHER, resources.rlimits[RLIMIT_KIND_FSIZE], rlimit_bytes,
            "Largest file that a process can write"),
        KEY("Resources", "LimitMEMLOCK", OTHER, resources.rlimits[RLIMIT_KIND_MEMLOCK], rlimit_bytes,
            "Most memory that a process can lock"),
        KEY("Resources", "LimitMSGQUEUE", OTHER, resources.rlimits[RLIMIT_KIND_MSGQUEUE], rlimit_bytes,
            "Most bytes in a user's POSIX message queues"),
        KEY("Resources", "LimitNOFILE", OTHER, resources.rlimits[RLIMIT_KIND_NOFILE], rlimit_number,
            "Most open files of a process"),
        KEY("Resources", "LimitNPROC", OTHER, resources.rlimits[RLIMIT_KIND_NPROC], rlimit_number,
            "Most processes of a user"),
        KEY("Resources", "LimitSIGPENDING", OTHER, resources.rlimits[RLIMIT_KIND_SIGPENDING], rlimit_number,
            "Most signals that wait for a user's processes"),
        KEY("Resources", "LimitSTACK", OTHER, resources.rlimits[RLIMIT_KIND_STACK], rlimit_bytes,
            "Largest stack of a process"),

        KEY("Security", "Nesting", BOOL, nesting, bool,
            "Let it run containers of its own: podman, docker and their like"),
        KEY("Security", "Capability", OTHER, capabilities_add, capabilities,
            "Capabilities to add to the default set"),
        KEY("Security", "DropCapability", OTHER, capabilities_drop, capabilities_or_all,
            "Capabilities to take out of the default set; all: every one"),

        KEY("Health", "Healthcheck", STRV, healthcheck, command,
            "Program that is run inside now and then, and fails when the machine is not well; if not given, the image's"),
        KEY("Health", "HealthcheckIntervalSec", USEC, health_interval_usec, usec,
            "How long to wait between two health checks"),
        KEY("Health", "HealthcheckTimeoutSec", USEC, health_timeout_usec, usec,
            "How long a health check may take until it is killed and has failed"),
        KEY("Health", "HealthcheckStartPeriodSec", USEC, health_start_usec, usec,
            "How long after the start a health check may fail"),
        KEY("Health", "HealthcheckRetries", OTHER, health_retries, count,
            "How often in a row it must fail for the machine to be unhealthy"),
        KEY("Health", "HealthAction", OTHER, health_action, health_action,
            "What to do then: none, restart, stop or kill"),
        UNIT_LISTS(UNIT_LIST_KEY)
        KEY("Unit", "Documentation", STRV, unit_lists[UNIT_LIST_Documentation], uri,
            "Where to read about the machine, URIs"),
        KEY("Unit", "StartLimitIntervalSec", USEC, start_limit_usec, usec,
            "In what time StartLimitBurst= starts are too many; if not given, none are"),
        KEY("Unit", "StartLimitBurst", OTHER, start_limit_burst, count,
            "How many starts are too many; if not given, as systemd is set up"),
        UNIT_CONDITIONS(CONDITION_KEY)
        UNIT_CONDITIONS(ASSERTION_KEY)

        INSTALL_LISTS(INSTALL_LIST_KEY)
        {.name = NULL},
        /* clang-format on */
};

static const Settings defaults = {
        .boot = -1,
        .stop_timeout_usec = 90 * UINT64_C(1000000),
        .start_timeout_usec = 90 * UINT64_C(1000000),
        .writable_layer = WRITABLE_LAYER_STOP,
        .private_network = -1,
        .restart_usec = UINT64_C(1000000),
        .restart_max_usec = UINT64_MAX,
        .resources.rlimits = {[0 ... _RLIMIT_KIND_MAX - 1] = RLIMIT_NOT_SET},
};

static const Vocabulary vocabulary = {keys, &defaults, sizeof(Settings)};

const SettingKey *setting_keys(void)
{
        return keys;
}

const Vocabulary *setting_vocabulary(void)
{
        return &vocabulary;
}

const SettingKey *setting_key_find(const char *name)
{
        return vocabulary_find(&vocabulary, name);
}

const char *setting_key_nearest(const char *name)
{
        return vocabulary_nearest(&vocabulary, name);
}

void settings_init(Settings *s)
{
        vocabulary_init(&vocabulary, s);
}

void settings_done(Settings *s)
{
        vocabulary_done(&vocabulary, s);
}

int settings_set(Settings *s, const char *key, const SettingValue *value, Fault *reterr)
{
        return vocabulary_set(&vocabulary, s, key, value, reterr);
}

int settings_get(const Settings *s, const SettingKey *key, char ***ret)
{
        return vocabulary_get(&vocabulary, s, key, ret);
}

bool settings_is_default(const Settings *s, const SettingKey *key)
{
        return settings_equal_key(s, &defaults, key);
}

int settings_lines(const Settings *s, const SettingKey *key, char ***ret)
{
        return setting_lines(&vocabulary, s, key, ret);
}

bool setting_key_adds(const SettingKey *key)
{
        return key->type->is_list || key->type->adds;
}

int settings_copy(const Settings *s, Settings *ret)
{
        Settings copy;
        int r = vocabulary_copy(&vocabulary, s, &copy);

        if (r >= 0)
                *ret = copy;
        return r;
}

int settings_copy_key(Settings *s, const Settings *from, const SettingKey *key)
{
        return vocabulary_copy_key(&vocabulary, s, from, key);
}

bool settings_equal_key(const Settings *a, const Settings *b, const SettingKey *key)
{
        return vocabulary_equal_key(a, b, key);
}

int settings_parse(const char *name, const char *text, size_t n, Settings *ret, Fault *reterr)
{
        const VocabularyFile file = {.path = name, .text = text, .n_text = n};
        _cleanup_settings_ Settings s;
        _cleanup_findings_ Findings findings = {0};

        settings_init(&s);
        int r = vocabulary_read(&vocabulary, &file, &s, NULL, NULL, &findings);
        r = r < 0 ? r : findings_fault(&findings, reterr);
        if (r < 0)
                return r;
        *ret = s;
        settings_init(&s);
        return 0;
}

char *settings_format(const Settings *s)
{
        return vocabulary_format(&vocabulary, s);
}
