/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines without systemd, root or a guest: a UnitPort whose units are a few lines of state, and
 * shims that live in this process and do what the machine's Command= says:
 *
 *   ready           PID 1 runs and says READY=1            run             runs, and never is ready
 *   exit N          runs, exits with N                     fail            a step of the start
 * fails hang            never gets further than starting       no-shim         the unit fails by
 * itself stubborn        stops for nothing but being killed     die             runs; its shim is
 * killed
 *
 * and for exec: echo WORD.., exit N, cat, sleep, missing (no such program), flood BYTES. */
#pragma once

#include "core/manager.h"

#include <systemd/sd-event.h>

typedef struct FakeHost FakeHost;

/** fake_host_new() - Return: never NULL. */
FakeHost *fake_host_new(sd_event *event);
/** fake_host_free() - forget all units */
void fake_host_free(FakeHost *h);
/** fake_host_set_manager() - whom to tell */
void fake_host_set_manager(FakeHost *h, Manager *manager);
/** fake_host_units() - the port of these units */
UnitPort fake_host_units(FakeHost *h);
/** fake_host_work() - a port that only counts */
WorkPort fake_host_work(FakeHost *h);

/** fake_unit_start() - as systemctl does: without a job of lodged's */
void fake_unit_start(FakeHost *h, const char *unit);
/** fake_unit_stop() - likewise */
void fake_unit_stop(FakeHost *h, const char *unit);
/** fake_unit_visit() - a process of unit @unit says that it is the shim of machine @name */
void fake_unit_visit(FakeHost *h, const char *unit, const char *name);
/** fake_set_status() - the guest changes its STATUS= @n times at once; the last one is @text */
void fake_set_status(FakeHost *h, const char *unit, const char *text, unsigned n);
/** fake_counters() - sweeps of the trash, units whose failure was reset, open requests */
void fake_counters(FakeHost *h, uint32_t *ret_sweeps, uint32_t *ret_resets, uint32_t *ret_requests);
