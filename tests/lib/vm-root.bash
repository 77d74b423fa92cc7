# SPDX-License-Identifier: LGPL-2.1-or-later
# The disk, kernel and initrd of a virtual test host. To be sourced after host-root.bash.
# Its root is the namespaced host's with sshd as command channel and with what a kernel of its own allows.
# shellcheck shell=bash

# Masked in the namespaced host because the kernel is shared there; here it is not.
VM_UNMASKED=(
    systemd-sysctl.service systemd-modules-load.service
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount dev-hugepages.mount
)
INITRD_MODULES=(virtio_pci virtio_blk ext4 9p 9pnet_virtio)
# there is no udev to load these when they are needed
BOOT_MODULES=(virtio_net loop overlay veth bridge)
# big, and of no use in this machine
DROPPED_MODULES=(sound drivers/{gpu,media,net/wireless,net/ethernet,iio,usb,infiniband,scsi,hid,hwmon,staging,platform,input})

# vm_root SUITE: prints the directory with root.ext4, vmlinuz, initrd and the key of the command channel
vm_root() {
    check_suite "$1"
    need_packages e2fsprogs openssh-client qemu-system-x86 qemu-utils busybox-static cpio xz-utils
    cached_tree "vm-$1" "$1 ${HOST_PACKAGES[*]} ${HOST_MASKED[*]} ${VM_UNMASKED[*]} ${INITRD_MODULES[*]} ${BOOT_MODULES[*]} \
        ${DROPPED_MODULES[*]} $(cat "$LIB_DIR/vm-init") $(declare -f debootstrap_into configure_host_root configure_vm_root \
        extract_kernel make_initrd make_disk write_network_unit)" make_vm_root "$1"
}

make_vm_root() {
    local dir=$1 suite=$2 root=$1/root kernel
    mkdir "$dir"
    debootstrap_into "$root" "$suite" essential "${HOST_PACKAGES[@]}" openssh-server kmod || return 1
    configure_host_root "$root" || return 1
    extract_kernel "$dir" "$suite" || return 1
    kernel=$(ls "$root/usr/lib/modules")
    make_initrd "$dir" "$kernel" || return 1
    configure_vm_root "$dir" || return 1
    make_disk "$root" "$dir/root.ext4" 3G || return 1
    rm -rf --one-file-system "$root"
}

# The package is only unpacked: configured, it would build an initrd of its own for a minute.
extract_kernel() {
    local dir=$1 suite=$2 unpacked=$1/kernel modules name
    unshare -m -- mmdebstrap --mode=root --variant=extract --format=directory --include=linux-image-amd64 \
        "$suite" "$unpacked" </dev/null || return 1
    cp "$unpacked"/boot/vmlinuz-* "$dir/vmlinuz"
    modules=$(find "$unpacked" -type d -path '*/lib/modules/*/kernel' -prune)
    modules=${modules%/kernel}
    for name in "${DROPPED_MODULES[@]}"; do rm -rf "$modules/kernel/$name"; done
    mkdir -p "$dir/root/usr/lib/modules"
    mv "$modules" "$dir/root/usr/lib/modules/"
    rm -rf --one-file-system "$unpacked"
    chroot "$dir/root" depmod "${modules##*/}"
}

# A busybox that loads what it takes to mount the disk, mounts it and goes there: Debian's initrd takes seconds more.
make_initrd() {
    local dir=$1 kernel=$2 tree=$1/initrd-tree name path
    mkdir -p "$tree"/{bin,proc,sys,dev,host,root}
    cp /bin/busybox "$tree/bin/busybox"
    cp "$LIB_DIR/vm-init" "$tree/init"
    chmod 0755 "$tree/init" "$tree/bin/busybox"
    for name in "${INITRD_MODULES[@]}"; do
        chroot "$dir/root" modprobe -S "$kernel" --show-depends "$name" || return 1
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$dir/modules"
    while read -r path; do
        name=${path##*/}
        case $path in
            *.xz) xz -dc "$dir/root$path" >"$tree/${name%.xz}" ;;
            *) cp "$dir/root$path" "$tree/$name" ;;
        esac
        echo "/${name%.xz}" >>"$tree/modules"
    done <"$dir/modules"
    (cd "$tree" && find . | cpio --quiet -o -H newc) >"$dir/initrd"
    rm -rf "$tree" "$dir/modules"
}

configure_vm_root() {
    local dir=$1 root=$1/root unit
    for unit in "${VM_UNMASKED[@]}"; do rm -f "$root/etc/systemd/system/$unit"; done
    printf '%s\n' "${BOOT_MODULES[@]}" >"$root/etc/modules-load.d/test.conf"
    ssh-keygen -q -t ed25519 -N '' -C lodge-tests -f "$dir/key" </dev/null || return 1
    mkdir -m 0700 "$root/root/.ssh"
    cp "$dir/key.pub" "$root/root/.ssh/authorized_keys"
    # authentication needs no PAM session, name look-up or banner; one key is enough
    cat >"$root/etc/ssh/sshd_config" <<'SSHD'
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
PrintMotd no
MaxSessions 100
AcceptEnv TERM
SSHD
    write_network_unit "$root"
    rm -f "$root"/etc/systemd/system/{sshd.service,multi-user.target.wants/ssh.service,sockets.target.wants/ssh.socket}
    ln -s /etc/systemd/system/test-channel.service "$root/etc/systemd/system/multi-user.target.wants/test-channel.service"
}

# The channel's network card is moved to a namespace of its own, so that tests see a machine with loopback and nothing else.
write_network_unit() {
    cat >"$1/etc/systemd/system/test-channel.service" <<'UNIT'
[Unit]
Description=Command channel of the test harness
DefaultDependencies=no
After=systemd-modules-load.service systemd-tmpfiles-setup.service systemd-remount-fs.service
[Service]
Type=exec
PrivateNetwork=yes
PrivateMounts=no
RuntimeDirectory=sshd
ExecStartPre=+/bin/sh -c 'nsenter -t 1 -n ip link set eth0 netns $$$$ && exec ip link set lo up'
ExecStartPre=ip addr add 10.0.2.15/24 dev eth0
ExecStartPre=ip link set eth0 up
ExecStart=/usr/sbin/sshd -D -e
KillMode=process
Restart=on-failure
UNIT
}

# make_disk TREE FILE SIZE: a sparse ext4 image of the tree
make_disk() {
    truncate -s "$3" "$2"
    mkfs.ext4 -q -F -d "$1" -E root_owner=0:0 "$2"
}
