# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds of the checkout: natively, with clang, and inside a cached chroot of another Debian release.
# To be sourced after common.bash. Every build directory is kept and reused; its name says checkout and variant.
# shellcheck shell=bash

build_dir() { # build_dir VARIANT
    echo "$LODGE_CACHE/build-$(sha256sum <<<"$CHECKOUT" | cut -c1-8)-$1"
}

# build VARIANT [MESON_OPTION...]: VARIANT is SUITE-COMPILER, with "-sanitize" or "-release" after it where the options
# differ. Output goes to the caller. The result is installed below DIR/destdir.
build() { in_build_root "$1" compile "$@"; }

# test_build VARIANT [MESON_TEST_OPTION...]: runs the tests that need no host in that build's own surroundings
test_build() { in_build_root "$1" run_tests "$@"; }

# in_build_root VARIANT FUNCTION ARGS...: calls FUNCTION SOURCE DIR ARGS... here or in the suite's chroot
in_build_root() {
    local variant=$1 function=$2 dir suite
    shift 2
    dir=$(build_dir "$variant")
    suite=${variant%%-*}
    mkdir -p "$dir"
    if [[ $suite == "$(native_suite)" ]]; then
        "$function" "$CHECKOUT" "$dir" "$@"
    else
        in_build_chroot "$suite" "$dir" "$function" "$@"
    fi
}

run_tests() { # run_tests SOURCE DIR VARIANT [MESON_TEST_OPTION...]: may run in the chroot, like compile
    local dir=$2
    shift 3
    rm -f "$dir/tree/meson-logs/testlog.json"
    meson test --no-rebuild -C "$dir/tree" "$@"
}

# compile SOURCE DIR VARIANT [MESON_OPTION...]: also runs inside the chroot, so it uses nothing but its arguments
compile() {
    local source=$1 dir=$2 variant=$3 compiler=gcc warnings=--werror
    shift 3
    [[ $variant != *-clang* ]] || compiler=clang
    # gcc's own checks make it warn of what cannot be, see -fsanitize in its manual
    [[ $variant != *-sanitize ]] || warnings=-Dwerror=false
    # other options, other directory content: meson keeps the old ones otherwise
    if [[ "$(cat "$dir/options" 2>/dev/null)" != "$*" || ! -e $dir/tree/build.ninja ]]; then
        rm -rf "$dir/tree"
        CC=$compiler meson setup "$dir/tree" "$source" "$warnings" --prefix=/usr --sysconfdir=/etc --localstatedir=/var "$@" || return 1
        echo "$*" >"$dir/options"
    fi
    meson compile -C "$dir/tree" || return 1
    rm -rf "$dir/destdir"
    mkdir "$dir/destdir"
    DESTDIR="$dir/destdir" meson install --no-rebuild --quiet -C "$dir/tree" || return 1
    # LeakSanitizer traces its own process at the end: the shim cannot be traced, and the sandboxes have no ptrace(2)
    if [[ $variant == *-sanitize ]]; then
        local unit
        mkdir -p "$dir/destdir/usr/lib/systemd/system/"{lodged,lodge@,lodge-import@,lodge-export@,lodge-copy@,lodge-files@,lodge-work@,lodge-net,lodge-relay}.service.d
        printf '[Service]\nSystemCallFilter=@debug\n' >"$dir/destdir/usr/lib/systemd/system/lodged.service.d/sanitize.conf"
        for unit in lodge@ lodge-import@ lodge-export@ lodge-copy@ lodge-files@ lodge-work@ lodge-net lodge-relay; do
            printf '[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' >"$dir/destdir/usr/lib/systemd/system/$unit.service.d/sanitize.conf"
        done
    fi
    # what the system tests run, and nobody else is to have
    mkdir -p "$dir/destdir/usr/lib/lodge-tests"
    find "$dir/tree/tests/clients" -maxdepth 1 -type f -perm -100 -exec cp -t "$dir/destdir/usr/lib/lodge-tests" {} +
}

make_build_root() {
    local dir=$1 suite=$2
    # shellcheck disable=SC2046
    debootstrap_into "$dir" "$suite" essential $(build_packages_of "$suite") || return 1
    mkdir "$dir/source" "$dir/build"
}

# The checkout is bound read-only, the build directory writable; both only in a mount namespace that ends with the build.
in_build_chroot() {
    local suite=$1 dir=$2 function=$3 root
    root=$(build_root "$suite") || return 1
    shift 3
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child -- bash -ec '
        root=$1 source=$2 dir=$3
        mount --bind "$source" "$root/source"
        mount -o remount,bind,ro "$root/source"
        mount --bind "$dir" "$root/build"
        mount --rbind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        shift 3
        exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" bash -c "$@"' \
        - "$root" "$CHECKOUT" "$dir" "$(declare -f "$function"); $function \"\$@\"" - /source /build "$@"
}

build_root() {
    cached_tree "build-$1" "$1 $(build_packages_of "$1") $(declare -f debootstrap_into)" make_build_root "$1"
}
