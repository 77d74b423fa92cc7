# SPDX-License-Identifier: LGPL-2.1-or-later
# The root tree of a test host, namespaced or virtual: Debian with systemd as PID 1 and what the system tests use.
# To be sourced after common.bash.
# shellcheck shell=bash

HOST_PACKAGES=(
    systemd systemd-sysv systemd-container dbus polkitd libpam-systemd
    procps util-linux mount iproute2 kmod strace busybox-static passwd login
    python3 python3-gi libglib2.0-bin gir1.2-glib-2.0 libseccomp2 libdbus-1-3 libjansson4
    libasan8 libubsan1
    bash-completion man-db less tmux expect
    # images: what lodge-import and lodge-work load (curl and libarchive-tools bring libraries that each release names
    # in its own way), what makes images, file systems and disks, and what reads ours
    curl ca-certificates openssl libarchive-tools libisal2 libblkid1 libmount1 libcryptsetup12
    docker-registry skopeo umoci zstd xz-utils bzip2 acl attr libcap2-bin
    fdisk e2fsprogs btrfs-progs xfsprogs squashfs-tools erofs-utils cryptsetup-bin
    # network: what lodge-net loads, what looks at its work and measures it, and the firewall that others may run
    libmnl0 libnftables1 nftables iputils-ping iperf3 firewalld
)
# tests/bench wants the peers in its hosts, and only there
read -ra extra_packages <<<"${LODGE_HOST_PACKAGES:-}"
HOST_PACKAGES+=("${extra_packages[@]}")

# They cannot work, or would reach the machine outside, when the kernel is shared: sysctls and kernel file systems are global.
# The rest only costs boot time.
HOST_MASKED=(
    systemd-sysctl.service systemd-modules-load.service systemd-udevd.service
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
    dev-hugepages.mount systemd-binfmt.service proc-sys-fs-binfmt_misc.automount
    systemd-timesyncd.service systemd-networkd.service systemd-resolved.service
    systemd-machine-id-commit.service systemd-pcrphase.service systemd-pstore.service
    systemd-hwdb-update.service systemd-firstboot.service
    getty.target getty@.service console-getty.service
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer man-db.timer e2scrub_all.timer e2scrub_reap.service
    fstrim.timer systemd-tmpfiles-clean.timer
    # tests start their own
    docker-registry.service
)

# host_root SUITE: prints the directory of the cached root
host_root() {
    check_suite "$1"
    cached_tree "host-$1" "$1 ${HOST_PACKAGES[*]} ${HOST_MASKED[*]} $(declare -f debootstrap_into configure_host_root)" \
        make_host_root "$1"
}

make_host_root() {
    local dir=$1 suite=$2
    debootstrap_into "$dir" "$suite" essential "${HOST_PACKAGES[@]}" || return 1
    configure_host_root "$dir"
}

configure_host_root() {
    local dir=$1 unit
    chroot "$dir" useradd --uid 1000 --create-home --shell /bin/bash tester || return 1
    for unit in "${HOST_MASKED[@]}"; do
        ln -sfn /dev/null "$dir/etc/systemd/system/$unit"
    done
    chroot "$dir" systemctl --quiet disable firewalld.service || return 1
    # lodge's state must be mountable here even before lodge is installed
    mkdir -p "$dir/var/lib/lodge" "$dir/var/lib/machines"
    mkdir -p "$dir/etc/systemd/system.conf.d" "$dir/etc/systemd/journald.conf.d" "$dir/usr/share/lodge-tests"
    printf '[Manager]\nDefaultTimeoutStopSec=15s\nLogLevel=info\n' >"$dir/etc/systemd/system.conf.d/test.conf"
    # the kernel log is the outer machine's; tests search this journal, so nothing may be dropped from it
    printf '[Journal]\nStorage=volatile\nReadKMsg=no\nRateLimitBurst=0\nForwardToSyslog=no\n' \
        >"$dir/etc/systemd/journald.conf.d/test.conf"
    : >"$dir/etc/fstab"
    # saves the services that run once after an update of /usr
    touch "$dir/etc/.updated" "$dir/var/.updated"
}
