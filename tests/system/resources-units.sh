#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits in what systemd knows of a unit: from the definition when it reads its units, from lodged at each start, which
# counts more, and none of a machine that is gone, whoever keeps its unit loaded. None of that costs a reload without need.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
unit=lodge@$m.service
generated=/run/systemd/generator/$unit.d/10-lodge-limits.conf
control=/run/systemd/system.control/$unit.d
shown() { systemctl show --property "$1" --value "$unit"; } # shown PROPERTY
is() { [[ $(shown "$1") == "$2" ]]; }                       # is PROPERTY VALUE
left() { [[ -e $generated || -e $control || -e /run/lodge/limits/$unit ]]; }
disk=/dev/null # of any path systemd takes the name; nothing here is a disk

create "$m" busybox MemoryMax=1G MemoryHigh=50% TasksMax=99 AllowedCPUs=0 "IOWriteBandwidthMax=$disk 5M" LimitNOFILE=99 -- "${IDLE[@]}"
absent "$generated"
systemctl daemon-reload
equal MemoryMax $((1 << 30)) "$(shown MemoryMax)"
matches MemoryHigh '^[0-9]+$' "$(shown MemoryHigh)"
equal TasksMax 99 "$(shown TasksMax)"
equal AllowedCPUs 0 "$(shown AllowedCPUs)"
equal IOWriteBandwidthMax "$disk 5000000" "$(shown IOWriteBandwidthMax)"
lacks 'the limit of processes, which is not the supervisor'"'"'s' '^99$' "$(shown LimitNOFILE)"

# other ones while it runs: lodged's count, also when systemd has read its units
start "$m"
before=$(reloads)
expect 0 lodgectl set "$m" MemoryMax=2G "IOWriteBandwidthMax=$disk 6M"
wait_for 10 MemoryMax is MemoryMax $((2 << 30))
stop "$m"
equal 'reloads for limits' "$before" "$(reloads)"
start "$m"
systemctl daemon-reload
equal 'MemoryMax after a reload' $((2 << 30)) "$(shown MemoryMax)"
equal 'IOWriteBandwidthMax after a reload' "$disk 6000000" "$(shown IOWriteBandwidthMax)"
stop "$m"

# one that is taken away while the machine is stopped, which systemd has in a file
sed -i '/^MemoryMax=/d; /^IOWrite/d; /^AllowedCPUs/d' "/etc/lodge/machines/$m.machine"
wait_for 5 'the change of the file' eval "! busctl get-property org.lodge1 $(object "$m") org.lodge1.Machine Settings | grep MemoryMax"
start "$m"
for again in no yes; do
    equal "MemoryMax, systemd has read its units again: $again" infinity "$(shown MemoryMax)"
    equal "AllowedCPUs, systemd has read its units again: $again" '' "$(shown AllowedCPUs)"
    equal "IOWriteBandwidthMax, systemd has read its units again: $again" '' "$(shown IOWriteBandwidthMax)"
    equal "TasksMax, systemd has read its units again: $again" 99 "$(shown TasksMax)"
    systemctl daemon-reload
done
stop "$m"

# the machine is gone, and what systemd had of it
[[ -e $generated ]] || fail "no $generated"
remove "$m"
wait_for 20 'nothing is left' eval '! left'
equal 'TasksMax of no machine' 16384 "$(shown TasksMax)"

# likewise where another unit keeps this one loaded, and lodged is killed before systemd knows
printf '[Unit]\nWants=%s\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n' "$unit" >"/run/systemd/system/$TEST.service"
at_exit "systemctl stop $TEST.service; rm -f /run/systemd/system/$TEST.service; systemctl daemon-reload"
run_idle "$m" MemoryMax=1G
systemctl start "$TEST.service"
stop "$m"
equal 'MemoryMax of a unit that is kept' $((1 << 30)) "$(shown MemoryMax)"
before=$(reloads)
remove "$m"
kill -9 "$(daemon_pid)"
wait_for 20 'nothing is left' eval 'lodgectl list && ! left'
equal 'MemoryMax of no machine' infinity "$(shown MemoryMax)"
[[ $(reloads) -gt $before ]] || fail 'systemd was not asked to read its units'
systemctl stop "$TEST.service"

# and where nobody does; systemd may still have a unit right after it was let go, so one reload for each machine at most,
# which says two lines
before=$(reloads)
expect 0 lodgectl run --rm --memory-max=64M busybox true </dev/null
run_idle "$m" MemoryMax=1G
stop "$m"
remove "$m"
wait_for 20 'nothing is left' eval '! left'
equal 'MemoryMax of no machine' infinity "$(shown MemoryMax)"
after=$(reloads)
[[ $after -le $((before + 4)) ]] || fail "systemd has read its units again and again for machines that are gone: $before, then $after"
