/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The allow-list of system calls, compiled once per policy. */
#pragma once

#include "base/fault.h"

#include <stdint.h>

/** seccomp_filter_compile() - the BPF program of the default policy
 * Allowed calls pass; calls known to this table and refused get EPERM; unknown ones ENOSYS; other
 * architectures and the x32 ABI ENOSYS; socket families that are not allowed EAFNOSUPPORT.
 * @caps  the bounding set: mounting, setns, chroot and reboot are refused where their capability is
 *        not there, so that a user namespace made inside does not bring them back
 * @ret   newly allocated array of struct sock_filter; caller frees
 * @ret_n bytes
 * Context: slow (tens of ms): once per policy at start-up, then cached.
 * Return: 0; -ENOMEM; what libseccomp says, with FAULT_FAILED. */
int seccomp_filter_compile(uint64_t caps, void **ret, uint32_t *ret_n, Fault *reterr);
