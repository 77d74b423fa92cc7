/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel counts of a machine's cgroup, and what limits it. Reading these files takes some
 * microseconds each and never waits. Source: kernel admin-guide/cgroup-v2. */
#pragma once

#include "base/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CGROUP_KEY_MAX 40U

/* A line "KEY VALUE". */
typedef struct CgroupNumber {
        char key[CGROUP_KEY_MAX];
        uint64_t value;
} CgroupNumber;

/* A line of io.stat. */
typedef struct CgroupDevice {
        char name[CGROUP_KEY_MAX]; /* "vda", or "8:0" if it has none */
        uint64_t read_bytes, written_bytes, reads, writes, discarded_bytes, discards;
} CgroupDevice;

/* Pressure stall information. */
typedef struct CgroupStall {
        double average10, average60, average300; /* percent of the time */
        uint64_t total_usec;
} CgroupStall;

typedef struct CgroupPressure {
        const char *name; /* "CPUPressure" */
        CgroupStall some, full;
} CgroupPressure;

/* The least of what a cgroup and all above it have. */
typedef struct CgroupLimit {
        const char *name; /* as the setting, CPUQuota as µs of a second */
        uint64_t value;
        char *cgroup; /* that has it: "/machine.slice" */
} CgroupLimit;

/* What this host has no numbers for is left out. */
typedef struct CgroupStats {
        uint64_t now_usec; /* CLOCK_MONOTONIC */
        GArray *numbers;   /* CgroupNumber: those with names of ours */
        GArray *memory;    /* CgroupNumber: memory.stat */
        GArray *devices;   /* CgroupDevice */
        GArray *pressures; /* CgroupPressure */
        GArray *limits;    /* CgroupLimit */
        char *cpus;        /* that it may run on, "0-3"; NULL: not known */
} CgroupStats;

/** cgroup_stats_read() - of the unit that a process is in
 * @root    of the file system, "" but in tests
 * @pid     the machine's supervisor
 * @unit    its unit, which must be that process's
 * Return: 0; negative errno, with nothing in @ret. */
int cgroup_stats_read(const char *root, uint32_t pid, const char *unit, CgroupStats *ret);
/** cgroup_stats_done() - free what it holds */
void cgroup_stats_done(CgroupStats *s);
#define _cleanup_cgroup_stats_ _cleanup_(cgroup_stats_done)
