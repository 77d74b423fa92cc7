/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Section [Resources] of a machine's settings: the limits of its unit, in the words and values of
 * systemd.resource-control(5), and the rlimits of its processes. libc only. */
#pragma once

#include "spec/vocabulary.h"

#include <stdbool.h>
#include <stdint.h>

#define RESOURCE_INFINITY    UINT64_MAX
#define RESOURCE_ALL         10000U /* permyriad */
#define RESOURCE_CPUS_MAX    8192U  /* what the kernel can be built for */
#define LODGE_UNIT_TASKS_MAX 16384U /* without TasksMax=: as units/lodge@.service has it */
#define CPU_WEIGHT_DEFAULT   0U
#define CPU_WEIGHT_IDLE      UINT32_MAX /* "idle": only what nobody else wants */

/* Memory or tasks: a number, or a part of what the host has. */
typedef struct ResourceLimit {
        uint64_t value;     /* RESOURCE_INFINITY: no limit */
        uint32_t permyriad; /* of the host's, if not 0: ->value is nothing then */
        bool is_set;
} ResourceLimit;

/* A resource limit of setrlimit(2); what is not set has a soft limit above the hard one. */
typedef struct RlimitPair {
        uint64_t soft, hard; /* RESOURCE_INFINITY: none */
} RlimitPair;

#define RLIMIT_NOT_SET                                                                             \
        {                                                                                          \
                .soft = 1, .hard = 0                                                               \
        }

typedef enum RlimitKind {
        RLIMIT_KIND_NOFILE,
        RLIMIT_KIND_CORE,
        RLIMIT_KIND_MEMLOCK,
        RLIMIT_KIND_AS,
        RLIMIT_KIND_CPU,
        RLIMIT_KIND_DATA,
        RLIMIT_KIND_FSIZE,
        RLIMIT_KIND_MSGQUEUE,
        RLIMIT_KIND_NPROC,
        RLIMIT_KIND_SIGPENDING,
        RLIMIT_KIND_STACK,
        _RLIMIT_KIND_MAX,
} RlimitKind;

/* Of one machine; everything at its default: nothing is asked of systemd. */
typedef struct Resources {
        ResourceLimit memory_max, memory_high, memory_swap_max, memory_low, memory_min;
        ResourceLimit tasks_max;
        uint64_t cpu_quota_usec;        /* of a second; 0: not set */
        uint32_t cpu_weight, io_weight; /* 1 to 10000; CPU_WEIGHT_DEFAULT: not set */
        char **allowed_cpus;            /* "0-3,5" */
        char **io_device_weight;        /* "PATH WEIGHT" */
        char **io_read_bandwidth_max;   /* "PATH BYTES" a second, and the next */
        char **io_write_bandwidth_max;
        char **io_read_iops_max;
        char **io_write_iops_max;
        RlimitPair rlimits[_RLIMIT_KIND_MAX];
} Resources;

/** resources_is_unit_key() - is this a setting of the machine's unit, which systemd takes under the
 * same name, as a line of [Service] or a property? The rlimits are not: in the unit they would be
 * the supervisor's. */
bool resources_is_unit_key(const SettingKey *key);

/** rlimit_name() - its name without "RLIMIT_" and "Limit" */
const char *rlimit_name(RlimitKind kind);
/** rlimit_is_set() - is it given? */
static inline bool rlimit_is_set(const RlimitPair *p)
{
        return p->soft <= p->hard;
}

/** cpu_list_parse() - an element of AllowedCPUs= as a bit mask, what is set in @mask stays set
 * @text "0-3,5"
 * Return: 0; -EINVAL. */
int cpu_list_parse(const char *text, uint8_t mask[static RESOURCE_CPUS_MAX / 8]);

typedef enum DeviceValue {
        DEVICE_WEIGHT, /* 1 to 10000 */
        DEVICE_BYTES,  /* K, M, G and T are powers of 1000, as systemd has it here */
        DEVICE_COUNT,
} DeviceValue;

/** device_value_parse() - an element of IODeviceWeight= and its like
 * @text     "PATH VALUE"
 * @ret_path newly allocated, caller frees
 * @ret_why  what is wrong, without a full stop; static
 * Return: 0; -EINVAL with @ret_why; -ENOMEM. */
int device_value_parse(DeviceValue kind, const char *text, char **ret_path, uint64_t *ret_value,
                       const char **ret_why);
