# SPDX-License-Identifier: LGPL-2.1-or-later
# What every booted Debian guest must show, whatever its release. To be sourced by a test after lib.bash.
# shellcheck shell=bash

boot() { # boot NAME IMAGE: create, start, wait for ready
    create "$1" "$2"
    start "$1"
    within 60 on "$1" Wait 'sa{sv}' ready 0 >/dev/null
    equal 'State' ready "$(get "$1" State)"
}

no_failed_units() { # no_failed_units NAME
    local state
    state=$(inside "$1" systemctl is-system-running --wait) ||
        fail "the guest is $state: $(inside "$1" systemctl --failed --no-legend --plain; inside "$1" journalctl -p warning -n 20)"
    equal 'the guest' running "$state"
    equal 'failed units' '' "$(inside "$1" systemctl --failed --no-legend --plain)"
}

# As systemd's CONTAINER_INTERFACE asks for
guest_contract() { # guest_contract NAME
    local m=$1 id
    id=$(inside "$m" cat /etc/machine-id)
    matches 'machine-id' '^[0-9a-f]{32}$' "$id"
    equal 'MachineID' "$id" "$(get "$m" MachineID | cut -d' ' -f2- | xargs printf '%02x')"
    equal 'machine-id as systemd has it' "$id" "$(inside "$m" systemd-id128 machine-id)"
    equal 'container_uuid' "$id" "$(inside "$m" sh -c "tr '\\0' '\\n' </proc/1/environ" | sed -n 's/^container_uuid=//p' | tr -d -)"
    equal '/run/host/container-uuid' "$id" "$(inside "$m" cat /run/host/container-uuid | tr -d -)"
    equal '$container' lodge "$(inside "$m" sh -c "tr '\\0' '\\n' </proc/1/environ" | sed -n 's/^container=//p')"
    equal '/run/host/container-manager' lodge "$(inside "$m" cat /run/host/container-manager)"
    equal 'systemd-detect-virt' container-other "$(inside "$m" systemd-detect-virt -c | sed 's/^lodge$/container-other/')"
    equal 'os-release of the host' "$(</etc/os-release)" "$(inside "$m" cat /run/host/os-release)"
    equal 'host name' "$m" "$(inside "$m" hostname)"
    equal 'PID 1' systemd "$(inside "$m" ps -o comm= -p 1)"
    matches '/sys' ',ro' ",$(inside "$m" findmnt -n -o OPTIONS /sys)"
    matches '/proc/sys' ',ro' ",$(inside "$m" findmnt -n -o OPTIONS /proc/sys)"
    equal '/dev' tmpfs "$(inside "$m" findmnt -n -o FSTYPE /dev)"
    matches '/dev/console' '^136:' "$(inside "$m" sh -c 'printf "%d:%d" 0x$(stat -c %t /dev/console) 0x$(stat -c %T /dev/console)')"
    equal 'cgroup' 0::/init.scope "$(inside "$m" grep ^0: /proc/1/cgroup)"
    equal 'propagation of /' shared "$(inside "$m" findmnt -n -o PROPAGATION /)"
}

network_is_own() { # network_is_own NAME: loopback and nothing else, up
    equal 'network devices' lo "$(inside "$1" ls /sys/class/net)"
    matches 'loopback' 'inet 127.0.0.1/8' "$(inside "$1" ip -o addr show dev lo up)"
}

# unmodified_guest IMAGE: the whole way of a Debian guest from its boot to its end
unmodified_guest() {
    local m=$TEST-a unit
    boot "$m" "$1"
    no_failed_units "$m"
    guest_contract "$m"
    network_is_own "$m"
    for unit in systemd-journald systemd-logind dbus; do
        equal "$unit" active "$(inside "$m" systemctl is-active "$unit")"
    done
    # by the guest's own means, once they are enabled
    inside "$m" systemctl start systemd-networkd systemd-resolved
    no_failed_units "$m"
    matches 'a unit with a sandbox and a user of its own' '^[0-9]+$' \
        "$(inside "$m" systemd-run --quiet --wait --pipe -p DynamicUser=yes -p PrivateTmp=yes -p PrivateDevices=yes id -u)"
    matches StatusText '.' "$(get "$m" StatusText)"
    within 30 stop "$m"
    equal 'reason' 'stopped 0' "$(reason "$m") $(reason "$m" ExitStatus)"
    nothing_runs "$m"
}
