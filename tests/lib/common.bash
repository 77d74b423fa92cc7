# SPDX-License-Identifier: LGPL-2.1-or-later
# Shared by the test tools (host, images, vm, run, demo): messages, package installation, cached Debian trees.
# To be sourced. Everything here runs as root on the developer's own machine, so nothing is removed or mounted
# outside $LODGE_CACHE, the hosts' own directories and the tool's own mount namespace.
# shellcheck shell=bash

LODGE_CACHE=${LODGE_CACHE:-/var/cache/lodge/tests}
# The variables below are for the tools that source this file.
# shellcheck disable=SC2034
{
    TOOL=${0##*/}
    LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    CHECKOUT=$(cd "$LIB_DIR/../.." && pwd)
    SUITES=(bookworm trixie)
}

# build_packages_of SUITE: what the project needs to be built there; one list for the machine at hand, the build
# chroots and the README command. In bookworm systemd.pc is in the package systemd.
build_packages_of() {
    echo gcc libc6-dev meson ninja-build pkg-config python3 \
        libsystemd-dev libglib2.0-dev libseccomp-dev libdbus-1-dev libjansson-dev dbus-daemon python3-gi mandoc \
        libblkid-dev libmount-dev libcryptsetup-dev libssl-dev libzstd-dev libisal-dev libarchive-dev libcurl4-openssl-dev openssl \
        libmnl-dev libnftables-dev nftables iproute2 \
        fdisk e2fsprogs xfsprogs btrfs-progs squashfs-tools erofs-utils dosfstools cryptsetup-bin
    if [[ $1 == bookworm ]]; then echo systemd; else echo systemd-dev; fi
}

say() { printf '%s: %s\n' "$TOOL" "$*" >&2; }
die() { say "$*"; exit 1; }

need_root() {
    [[ $EUID -eq 0 ]] || die "must be root to make namespaces and Debian trees; run it with sudo"
}

# Installs what is missing of the named packages, and says so. $DEBIAN_FRONTEND etc. are local to apt.
need_packages() {
    local name missing=()
    for name; do
        [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null) == ii* ]] || missing+=("$name")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    say "installing ${missing[*]}"
    apt_quietly update || say "apt-get update failed; trying with the package lists at hand"
    apt_quietly install -y --no-install-recommends "${missing[@]}" ||
        die "apt-get could not install ${missing[*]}; install them by hand and try again"
}

apt_quietly() {
    local log
    log=$(mktemp)
    if ! DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

native_suite() { (. /etc/os-release && echo "${VERSION_CODENAME:-unknown}"); }

check_suite() {
    case $1 in
        bookworm | trixie | sid) ;;
        *) die "suite \"$1\" is not known; use bookworm, trixie or sid" ;;
    esac
}

check_id() {
    [[ $1 =~ ^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$ ]] ||
        die "\"$1\" is no valid host ID; use up to 40 lower-case letters, digits and inner dashes"
}

# cached_tree KIND RECIPE MAKE ARGS...: prints the directory of a cached tree, made by `MAKE DIR ARGS...` if it is not
# there. RECIPE is all that decides what the tree contains: another recipe is another tree. The tree is built
# under a temporary name and renamed, so a killed build leaves no half tree; the lock keeps two harnesses from
# building the same one twice.
cached_tree() {
    local kind=$1 recipe=$2 make=$3 key dir
    shift 3
    key=$(printf '%s\n' "$recipe" "$(declare -f "$make")" | sha256sum | cut -c1-12)
    dir=$LODGE_CACHE/$kind-$key
    mkdir -p "$LODGE_CACHE"
    (
        flock 9
        drop_unused_trees
        [[ ! -d $dir ]] || exit 0
        say "building $dir (cached from then on)"
        rm -rf --one-file-system "$dir.new"
        if ! "$make" "$dir.new" "$@" >"$LODGE_CACHE/$kind.log" 2>&1; then
            tail -n 30 "$LODGE_CACHE/$kind.log" >&2
            die "could not build $dir; the whole log is $LODGE_CACHE/$kind.log"
        fi
        mv -T "$dir.new" "$dir"
    ) 9>"$LODGE_CACHE/$kind.lock" || exit 1
    touch "$dir.used"
    printf '%s\n' "$dir"
}

# Trees of old recipes: other checkouts may still use them, so they go when nobody asked for them for a week.
drop_unused_trees() {
    local stamp
    find "$LODGE_CACHE" -maxdepth 1 -name '*.used' -mtime +7 | while read -r stamp; do
        rm -rf --one-file-system "${stamp%.used}" "${stamp%.used}.ext4" "$stamp"
    done
}

# debootstrap_into DIR SUITE VARIANT PACKAGES...: a Debian tree without documentation and translations but with man pages.
# mmdebstrap gets a mount namespace of its own, so that even a killed one leaves no mount behind. A mirror may be a
# snapshot: sid's index would have expired after a week.
debootstrap_into() {
    local dir=$1 suite=$2 variant=$3
    shift 3
    need_packages mmdebstrap debian-archive-keyring
    unshare -m -- mmdebstrap --mode=root --variant="$variant" --format=directory \
        --include="$(IFS=, && echo "$*")" \
        --aptopt='APT::Install-Recommends "false"' \
        --aptopt='Acquire::Languages "none"' \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/man/??/*' \
        --dpkgopt='path-exclude=/usr/share/man/??_??/*' \
        --dpkgopt='force-unsafe-io' \
        "$suite" "$dir" </dev/null || return 1
    rm -rf "$dir"/var/cache/apt/* "$dir"/var/lib/apt/lists/* "$dir"/var/log/*.log "$dir"/var/log/apt
    # Each boot makes its own; an empty file (not a missing one) means "not the first boot".
    : >"$dir/etc/machine-id"
    rm -f "$dir/etc/hostname" "$dir/etc/resolv.conf" "$dir/var/lib/dbus/machine-id"
}
