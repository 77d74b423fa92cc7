/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grouped as systemd.exec(5) groups them, so that the two can be held side by side. Calls of 32-bit
 * and of other 64-bit architectures are listed too: the filter is compiled for the native one. */
#include "plan/seccomp-table.h"

#include <linux/capability.h>
#include <stddef.h>

const SeccompGroup seccomp_groups[] = {
        /* @default */
        {SECCOMP_ANYBODY,
         "arch_prctl brk cacheflush clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
         "clock_nanosleep clock_nanosleep_time64 execve exit exit_group futex futex_requeue "
         "futex_time64 futex_wait futex_waitv futex_wake get_robust_list get_thread_area getegid "
         "getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid "
         "getppid getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getsid gettid "
         "gettimeofday getuid getuid32 map_shadow_stack membarrier mmap mmap2 mprotect mseal munmap "
         "nanosleep pause prlimit64 restart_syscall riscv_flush_icache riscv_hwprobe rseq "
         "rt_sigreturn sched_getaffinity sched_yield set_robust_list set_thread_area "
         "set_tid_address set_tls sigreturn time ugetrlimit"},
        /* @basic-io, @io-event, and of @aio what is not io_uring */
        {SECCOMP_ANYBODY,
         "_llseek close close_range dup dup2 dup3 lseek pread64 preadv preadv2 pwrite64 pwritev "
         "pwritev2 read readv write writev _newselect epoll_create epoll_create1 epoll_ctl "
         "epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll ppoll ppoll_time64 pselect6 "
         "pselect6_time64 select io_cancel io_destroy io_getevents io_pgetevents "
         "io_pgetevents_time64 io_setup io_submit"},
        /* @file-system, @chown, @sync */
        {SECCOMP_ANYBODY,
         "access chdir chmod creat faccessat faccessat2 fallocate fchdir fchmod fchmodat fchmodat2 "
         "fcntl fcntl64 fgetxattr flistxattr fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs "
         "fstatfs64 ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr "
         "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lgetxattr link linkat "
         "listxattr llistxattr lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat "
         "newfstatat oldfstat oldlstat oldstat open openat openat2 readlink readlinkat removexattr "
         "rename renameat renameat2 rmdir setxattr stat stat64 statfs statfs64 statx symlink "
         "symlinkat truncate truncate64 unlink unlinkat utime utimensat utimensat_time64 utimes "
         "chown chown32 fchown fchown32 fchownat lchown lchown32 "
         "fdatasync fsync msync sync sync_file_range sync_file_range2 syncfs"},
        /* @ipc, @signal, @timer */
        {SECCOMP_ANYBODY,
         "ipc memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 "
         "mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 "
         "process_madvise process_vm_readv process_vm_writev semctl semget semop semtimedop "
         "semtimedop_time64 shmat shmctl shmdt shmget "
         "rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend rt_sigtimedwait "
         "rt_sigtimedwait_time64 sigaction sigaltstack signal signalfd signalfd4 sigpending "
         "sigprocmask sigsuspend "
         "alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
         "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
         "timerfd_gettime64 timerfd_settime timerfd_settime64 times"},
        /* @network-io; which families socket() may have is checked before: seccomp-filter.c. No
         * socketcall(): its arguments lie in memory, where no filter sees them. */
        {SECCOMP_ANYBODY,
         "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom "
         "recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socket "
         "socketpair"},
        /* @process, @resources, @setuid. clone3 hides its flags in memory, where no filter sees
         * them; refused, every threaded program would fall back to clone at each start. */
        {SECCOMP_ANYBODY,
         "capget capset clone clone3 execveat fork getrusage kill pidfd_getfd pidfd_open "
         "pidfd_send_signal prctl process_mrelease rt_sigqueueinfo rt_tgsigqueueinfo swapcontext "
         "tgkill tkill unshare vfork wait4 waitid waitpid "
         "ioprio_set mbind migrate_pages move_pages nice sched_setaffinity sched_setattr "
         "sched_setparam sched_setscheduler set_mempolicy set_mempolicy_home_node setpriority "
         "setrlimit "
         "setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid "
         "setresuid32 setreuid setreuid32 setuid setuid32 setfsgid setfsgid32 setfsuid setfsuid32"},
        /* @memlock, @pkey, @sandbox, and the rest of @system-service */
        {SECCOMP_ANYBODY,
         "mlock mlock2 mlockall munlock munlockall memfd_secret pkey_alloc pkey_free pkey_mprotect "
         "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp "
         "arm_fadvise64_64 cachestat copy_file_range fadvise64 fadvise64_64 flock get_mempolicy "
         "getcpu getpriority ioctl ioprio_get kcmp madvise mincore mremap name_to_handle_at "
         "oldolduname olduname readahead readdir remap_file_pages sched_get_priority_max "
         "sched_get_priority_min sched_getattr sched_getparam sched_getscheduler "
         "sched_rr_get_interval sched_rr_get_interval_time64 sendfile sendfile64 setpgid setsid "
         "splice sysinfo tee umask uname vmsplice"},
        /* What belongs to a namespace that the machine has for itself, or that the kernel checks
         * well enough: personality() is asked by systemd at every boot, adjtimex() is how
         * timedatectl reads the clock's state, ptrace() is what strace needs. */
        {SECCOMP_ANYBODY,
         "adjtimex fanotify_init fanotify_mark personality ptrace setdomainname sethostname"},

        {CAP_SYS_ADMIN,
         "fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root setns "
         "umount umount2"},
        {CAP_SYS_CHROOT, "chroot"},
        {CAP_SYS_BOOT, "reboot"},

        /* @module, @swap, @clock, @raw-io, kexec, and what asks for a capability over the whole
         * host. Not @keyring: not namespaced either, but who has the answer of a kernel without it
         * does without, as runtimes of containers do, and who is refused gives up. */
        {SECCOMP_NOBODY,
         "delete_module finit_module init_module swapoff swapon "
         "clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday stime ioperm "
         "iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read "
         "s390_pci_mmio_write kexec_file_load kexec_load acct bpf lookup_dcookie modify_ldt "
         "nfsservctl open_by_handle_at perf_event_open quotactl quotactl_fd syslog vhangup"},
        {0, NULL},
};
