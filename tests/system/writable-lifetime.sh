#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What becomes of what a machine has written, by WritableLayer= and by how the run ends.
. "$(dirname "$0")/lib.bash"

kill_shim() { kill -KILL "$(systemctl show --property MainPID --value "lodge@$1.service")"; }
ended() { [[ $(get "$1" State) == stopped || $(get "$1" State) == failed ]]; }
start_again() {
    wait_for 10 'it has ended' ended "$1"
    start "$1"
}
reboot_inside() {
    local before
    before=$(get "$1" BootCount)
    call KillMachine 'ssia{sv}' "$1" leader 10 0
    wait_for 10 'the next boot' has "$1" BootCount $((before + 1))
}

end_by() { # end_by HOW NAME: it runs again afterwards
    case $1 in
        reboot) reboot_inside "$2" ;;
        stop) stop "$2" && start "$2" ;;
        restart) lodgectl restart "$2" ;;
        unit-restart) systemctl restart "lodge@$2.service" ;;
        kill) call KillMachine 'ssia{sv}' "$2" leader 9 0 && start_again "$2" ;;
        shim-killed) kill_shim "$2" && start_again "$2" ;;
        both-killed) kill -KILL "$(daemon_pid)" && kill_shim "$2" && start_again "$2" ;;
    esac
}

declare -A KEPT=([stop]='' [reboot]=' reboot ' [keep]=' reboot stop restart unit-restart kill shim-killed both-killed ')
for lifetime in stop reboot keep; do
    m=$TEST-$lifetime
    # a PID 1 that reboots when it gets SIGUSR1
    create "$m" busybox WritableLayer="$lifetime" Capability=CAP_SYS_BOOT -- \
        /bin/sh -c 'trap "exit 0" TERM; trap "reboot -f" USR1; while :; do sleep 100000 & wait; done'
    start "$m"
    for how in reboot stop restart unit-restart kill shim-killed both-killed; do
        inside "$m" touch "/$how"
        end_by "$how" "$m"
        found=gone
        if inside "$m" test -e "/$how"; then found=kept; fi
        wanted=gone
        if [[ ${KEPT[$lifetime]} == *" $how "* ]]; then wanted=kept; fi
        equal "WritableLayer=$lifetime, $how" "$wanted" "$found"
    done
    stop "$m"
    remove "$m"
    wait_for 10 'nothing is left' eval "[[ ! -e /var/lib/lodge/machines/$m ]]"
done
wait_for 10 'the trash is emptied' eval '[[ -z $(ls /var/lib/lodge/trash) ]]'
