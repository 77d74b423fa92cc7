/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs, one a file verb-*.c. Each returns the exit status and has reported what failed. */
#pragma once

#include "ctl/ctl.h"

/** verb_list() - all machines in a table */
int verb_list(Ctl *c);
/** verb_status() - one screen a machine */
int verb_status(Ctl *c);
/** verb_show() - properties, for programs */
int verb_show(Ctl *c);
/** verb_create() - create a machine from an image or a directory */
int verb_create(Ctl *c);
/** verb_rm() - remove machines */
int verb_rm(Ctl *c);
/** verb_start() - start machines and wait until they run */
int verb_start(Ctl *c);
/** verb_stop() - stop machines and wait until they are gone */
int verb_stop(Ctl *c);
/** verb_restart() - stop and start machines */
int verb_restart(Ctl *c);
/** verb_terminate() - kill every process of machines */
int verb_terminate(Ctl *c);
/** verb_pause() - freeze machines */
int verb_pause(Ctl *c);
/** verb_resume() - let paused machines run on */
int verb_resume(Ctl *c);
/** verb_kill() - send a signal */
int verb_kill(Ctl *c);
/** verb_enable() - start machines at boot */
int verb_enable(Ctl *c);
/** verb_disable() - do not start machines at boot */
int verb_disable(Ctl *c);
/** verb_wait() - wait for a state */
int verb_wait(Ctl *c);
/** verb_run() - create, start, attach, remove; the status is PID 1's */
int verb_run(Ctl *c);
/** verb_exec() - run a command inside; the status is the command's */
int verb_exec(Ctl *c);
/** verb_shell() - a login shell inside; the status is the shell's */
int verb_shell(Ctl *c);
/** verb_login() - a login prompt inside */
int verb_login(Ctl *c);
/** verb_attach() - PID 1's output and input */
int verb_attach(Ctl *c);
/** verb_events() - what happens to machines, or has happened */
int verb_events(Ctl *c);
/** verb_logs() - what PID 1 has printed */
int verb_logs(Ctl *c);
/** verb_plan() - what a start would do */
int verb_plan(Ctl *c);
/** verb_doctor() - what is missing on this host */
int verb_doctor(Ctl *c);
/** verb_version() - versions of lodgectl and lodged */
int verb_version(Ctl *c);
/** verb_help() - help on a verb, or on all */
int verb_help(Ctl *c);
/** verb_cp() - copy files between machines and the caller */
int verb_cp(Ctl *c);
/** verb_rename() - another name for a machine, or an image */
int verb_rename(Ctl *c);
/** verb_clone() - copy a machine, or an image */
int verb_clone(Ctl *c);
/** verb_diff() - what a machine has changed */
int verb_diff(Ctl *c);
/** verb_reset() - drop writable layers */
int verb_reset(Ctl *c);
/** verb_pull() - an image from a registry */
int verb_pull(Ctl *c);
/** verb_push() - an image to a registry */
int verb_push(Ctl *c);
/** verb_import() - an image from a file, a directory or standard input */
int verb_import(Ctl *c);
/** verb_export() - an image into a file or to standard output */
int verb_export(Ctl *c);
/** verb_commit() - a machine's writable layer as an image */
int verb_commit(Ctl *c);
/** verb_image_ls() - all images in a table */
int verb_image_ls(Ctl *c);
/** verb_image_status() - one screen an image */
int verb_image_status(Ctl *c);
/** verb_image_inspect() - properties of images, or the JSON that they came with */
int verb_image_inspect(Ctl *c);
/** verb_image_history() - the steps that an image was made in */
int verb_image_history(Ctl *c);
/** verb_image_rm() - remove images */
int verb_image_rm(Ctl *c);
/** verb_image_rename() - another name for an image */
int verb_image_rename(Ctl *c);
/** verb_image_tag() - more names for an image */
int verb_image_tag(Ctl *c);
/** verb_image_clone() - copy an image */
int verb_image_clone(Ctl *c);
/** verb_image_read_only() - protect an image, or no longer */
int verb_image_read_only(Ctl *c);
/** verb_image_verify() - compare the digests of layers */
int verb_image_verify(Ctl *c);
/** verb_df() - what takes space in the store */
int verb_df(Ctl *c);
/** verb_prune() - remove what nothing uses */
int verb_prune(Ctl *c);
/** verb_volume_ls() - all volumes in a table */
int verb_volume_ls(Ctl *c);
/** verb_volume_create() - create volumes */
int verb_volume_create(Ctl *c);
/** verb_volume_inspect() - properties of volumes */
int verb_volume_inspect(Ctl *c);
/** verb_volume_rm() - remove volumes */
int verb_volume_rm(Ctl *c);
/** verb_volume_prune() - remove volumes that no machine uses */
int verb_volume_prune(Ctl *c);
/** verb_network_ls() - all networks in a table */
int verb_network_ls(Ctl *c);
/** verb_network_status() - one screen a network */
int verb_network_status(Ctl *c);
/** verb_network_inspect() - properties of networks */
int verb_network_inspect(Ctl *c);
/** verb_network_create() - create a network */
int verb_network_create(Ctl *c);
/** verb_network_rm() - remove networks */
int verb_network_rm(Ctl *c);
/** verb_network_attach() - another interface for machines */
int verb_network_attach(Ctl *c);
/** verb_network_detach() - one interface less */
int verb_network_detach(Ctl *c);
/** verb_port_ls() - published ports in a table */
int verb_port_ls(Ctl *c);
/** verb_port_add() - publish ports */
int verb_port_add(Ctl *c);
/** verb_port_rm() - publish them no longer */
int verb_port_rm(Ctl *c);
/** verb_bandwidth() - limit what a machine receives and sends */
int verb_bandwidth(Ctl *c);
/** verb_mount() - mount something in a running machine, or list what is mounted */
int verb_mount(Ctl *c);
/** verb_umount() - unmount it */
int verb_umount(Ctl *c);
/** verb_stats() - counters in a table */
int verb_stats(Ctl *c);
/** verb_cat() - the files that define machines */
int verb_cat(Ctl *c);
/** verb_edit() - a definition in an editor */
int verb_edit(Ctl *c);
/** verb_set() - other values for settings */
int verb_set(Ctl *c);
/** verb_apply() - definitions from files into lodged */
int verb_apply(Ctl *c);
/** verb_verify() - mistakes in definitions */
int verb_verify(Ctl *c);
/** verb_import_nspawn() - a machine of systemd-nspawn's as one of lodge's */
int verb_import_nspawn(Ctl *c);
/** verb_top() - what machines use now, again and again */
int verb_top(Ctl *c);
/** verb_job_ls() - all jobs in a table */
int verb_job_ls(Ctl *c);
/** verb_job_wait() - follow jobs to their end */
int verb_job_wait(Ctl *c);
/** verb_job_cancel() - end jobs */
int verb_job_cancel(Ctl *c);
