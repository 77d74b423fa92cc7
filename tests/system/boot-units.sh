#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# Machines at boot: those that are enabled and what they require, in their order, after the mounts that they bind, with
# Restart= and its back-off; a broken definition is a failed unit that says why, and no reason not to boot.
. "$(dirname "$0")/lib.bash"

directory=/etc/lodge/machines
db=$TEST-db web=$TEST-web flaky=$TEST-flaky broken=$TEST-broken target=$TEST.target
place=${TEST//-/_} # in /srv; a dash would be an escape in the unit's name
mount=srv-$place.mount
unit() { echo "lodge@$1.service"; }
shown() { systemctl show --property "$2" --value "$(unit "$1")"; } # shown NAME PROPERTY

before_the_boot() {
    mkdir -p "/srv/$place" "$TREES/$TEST-bound"
    touch "$TREES/$TEST-bound/is-mounted"
    printf '[Mount]\nWhat=%s\nType=none\nOptions=bind\nWhere=/srv/%s\n' "$TREES/$TEST-bound" "$place" >"/etc/systemd/system/$mount"
    printf '[Unit]\nDescription=Test\nWants=%s\n[Install]\nWantedBy=multi-user.target\n' "$mount" >"/etc/systemd/system/$target"
    systemctl daemon-reload
    systemctl enable --now "$target"
    create "$db" busybox -- "${IDLE[@]}"
    cat >"$directory/$web.machine" <<FILE
[Machine]
Image=busybox
[Exec]
Command=${IDLE[0]} ${IDLE[1]} '${IDLE[2]}'
[Files]
Bind=/srv/$place:/mnt
[Unit]
Requires=lodge@$db.service
After=lodge@$db.service
[Install]
WantedBy=$target
FILE
    create "$flaky" busybox Restart=on-failure RestartSec=100ms RestartSteps=4 RestartMaxDelaySec=1h -- /bin/sh -c 'exit 7'
    create "$broken" busybox -- "${IDLE[@]}"
    wait_for 60 'the new file' known "$web"
    wait_for 60 'what it says' eval "systemctl show -P Requires $(unit "$web") | grep -F lodge@$db"
    expect 0 lodgectl enable "$broken" "$flaky"
    expect 0 systemctl enable --now "$(unit "$web")"
    equal 'enabled and started, with what it requires' 'ready ready' "$(get "$web" State) $(get "$db" State)"
    printf '[Unit]\nAfter=db\n' >>"$directory/$broken.machine"
}

after_the_boot() {
    at_exit "systemctl disable --now $target; systemctl stop $mount; rm -f /etc/systemd/system/{$target,$mount}; rmdir /srv/$place; systemctl daemon-reload"
    at_exit "systemctl disable $(unit "$flaky") $(unit "$web") $(unit "$broken"); rm -f $directory/$broken.machine"
    wait_for 180 'the boot' eval "[[ \$(systemctl is-system-running) =~ ^(running|degraded)$ ]]"

    # what is enabled, and what that requires, which is first
    wait_for 120 'the enabled machine' has "$web" State ready
    equal 'what it requires' ready "$(get "$db" State)"
    equal 'which is enabled itself' disabled "$(systemctl is-enabled "$(unit "$db")" || true)"
    [[ $(shown "$db" ActiveEnterTimestampMonotonic) -le $(shown "$web" InactiveExitTimestampMonotonic) ]] ||
        fail "$web did not wait for $db"
    matches 'the mount of its bind' "$mount" "$(shown "$web" Requires)"
    matches 'the mount of its bind' "$mount" "$(shown "$web" After)"
    [[ $(systemctl show -P ActiveEnterTimestampMonotonic "$mount") -le $(shown "$web" InactiveExitTimestampMonotonic) ]] ||
        fail "$web did not wait for the mount of its bind"
    inside "$web" test -e /mnt/is-mounted || fail "$web does not see what is mounted there"

    # a broken definition
    equal 'the unit of a broken definition' failed "$(systemctl is-failed "$(unit "$broken")")"
    matches 'what its status says' "After='db' is not valid" "$(systemctl status "$(unit "$broken")" || true)"
    equal 'lodged on it' failed "$(get "$broken" State)"
    [[ $LODGE_TEST_HOST != vm-* ]] ||
        matches 'what the generator says' "$broken.machine:.*After='db' is not valid" "$(dmesg)"

    # restarts, later each time
    wait_for 120 'restarts' eval "[[ \$(systemctl show -P NRestarts $(unit "$flaky")) -ge 2 ]]"
    if [[ $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') -ge 254 ]]; then
        lacks 'the wait for the next' '^100ms$' "$(shown "$flaky" RestartUSecNext)"
        matches 'the longest' '1h' "$(shown "$flaky" RestartMaxDelayUSec)"
    else
        systemctl daemon-reload # at boot it said so when there was no journal yet
        journalctl --sync
        matches 'what it says of steps' 'RestartSteps' "$(journalctl -b -o cat _PID=1)"
    fi
    lodgectl stop "$flaky"
    equal 'stopped while it waits' inactive "$(shown "$flaky" ActiveState)"

    # all of them at once
    expect 0 systemctl start machines.target
    expect 0 systemctl stop machines.target
    wait_for 120 'all stop with their target' eval "[[ \$(systemctl is-active $(unit "$web"); systemctl is-active $(unit "$db")) == inactive*inactive ]]"
    expect 0 lodgectl rm "$web" "$db" "$flaky" "$broken"
    equal 'links of what is removed' '' "$(find /etc/systemd/system -name "lodge@$TEST-*")"
}

if [[ ${LODGE_TEST_BOOTS:?to be run by tests/run} == 0 ]]; then
    before_the_boot
    reboot_host
fi
after_the_boot
