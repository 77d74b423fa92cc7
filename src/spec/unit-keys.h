/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that are passed on to a machine's unit as lists: [Unit] and [Install]. systemd's
 * names and meaning. Not all that systemd has: no actions on the host (FailureAction= ..), nothing
 * that lodge@.service itself depends on (DefaultDependencies= ..). */
#pragma once

/* X(name, what --help says): names of units */
#define UNIT_LISTS(X)                                                                              \
        X(After, "Units to start this machine's after, if they are started")                       \
        X(Before, "Units to start after this machine's")                                           \
        X(Wants, "Units to start with this machine's")                                             \
        X(Requires, "Units that must be started for this machine's to be, and stop it when "       \
                    "they are stopped")                                                            \
        X(Requisite, "Units that must be active already for this machine's to be started")         \
        X(BindsTo, "Units that must be active as long as this machine's is")                       \
        X(PartOf, "Units that stop or restart this machine's when they are stopped or restarted")  \
        X(Upholds, "Units that are kept running as long as this machine's is")                     \
        X(Conflicts, "Units that cannot be active together with this machine's")                   \
        X(OnFailure, "Units to start when this machine's fails")                                   \
        X(OnSuccess, "Units to start when this machine's has ended well")

#define INSTALL_LISTS(X)                                                                           \
        X(WantedBy, "What wants this machine once it is enabled; if [Install] has nothing, "       \
                    "machines.target and multi-user.target")                                       \
        X(RequiredBy, "What requires this machine once it is enabled")                             \
        X(UpheldBy, "What keeps this machine running once it is enabled; systemd 254 and later")   \
        X(Also, "Units to enable and disable with this machine's")

/* X(name): Condition<name>= and Assert<name>=, a line each */
#define UNIT_CONDITIONS(X)                                                                         \
        X(Architecture)                                                                            \
        X(Virtualization)                                                                          \
        X(Host)                                                                                    \
        X(KernelCommandLine)                                                                       \
        X(KernelVersion)                                                                           \
        X(Security)                                                                                \
        X(ACPower)                                                                                 \
        X(FirstBoot)                                                                               \
        X(Memory)                                                                                  \
        X(CPUs)                                                                                    \
        X(PathExists)                                                                              \
        X(PathExistsGlob)                                                                          \
        X(PathIsDirectory)                                                                         \
        X(PathIsSymbolicLink)                                                                      \
        X(PathIsMountPoint)                                                                        \
        X(PathIsReadWrite)                                                                         \
        X(DirectoryNotEmpty)                                                                       \
        X(FileNotEmpty)                                                                            \
        X(FileIsExecutable)

#define UNIT_LIST_ID_(name, help) UNIT_LIST_##name,
#define UNIT_CONDITION_ID_(name)  UNIT_LIST_Condition##name,
#define UNIT_ASSERTION_ID_(name)  UNIT_LIST_Assert##name,

/* Where Settings has them. */
typedef enum UnitList {
        UNIT_LISTS(UNIT_LIST_ID_) UNIT_LIST_Documentation,
        UNIT_CONDITIONS(UNIT_CONDITION_ID_) UNIT_CONDITIONS(UNIT_ASSERTION_ID_)
                INSTALL_LISTS(UNIT_LIST_ID_) _UNIT_LIST_MAX,
} UnitList;
