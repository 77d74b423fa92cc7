#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# [Resources]: systemd has the limits of a machine's unit before PID 1 runs, follows the file while it runs, and keeps
# nothing of a value or a machine that is gone. This host has no controllers: whether limits bind is shown in tests/vm.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
unit=lodge@$m.service
control=/run/systemd/system.control/$unit.d
file=/etc/lodge/machines/$m.machine
shown() { systemctl show --property "$1" --value "$unit"; } # shown PROPERTY
is() { [[ $(shown "$1") == "$2" ]]; }                       # is PROPERTY VALUE
ours() { cat "/run/lodge/limits/$unit"; }
disk=/dev/null # of any path systemd takes the name; nothing here is a disk

create "$m" busybox MemoryMax=1G MemoryHigh=50% MemorySwapMax=0 MemoryLow=16M MemoryMin=8M CPUQuota=150% CPUWeight=200 \
    AllowedCPUs=0-1,3 TasksMax=100 IOWeight=50 "IOWriteBandwidthMax=$disk 5M" LimitNOFILE=100:99999999999 -- "${IDLE[@]}"
expect 0 grep -c '^\[Resources\]' "$file"
# more of them than the kernel has
refused StartFailed 'LimitNOFILE=99999999999' StartMachine "'$m'" '{}'
sed -i 's/:99999999999/:200/' "$file"
wait_for 5 'the change of the file' eval "busctl get-property org.lodge1 $(object "$m") org.lodge1.Machine Settings | grep 100:200"
start "$m"
equal MemoryMax $((1 << 30)) "$(shown MemoryMax)"
[[ $(shown MemoryHigh) -gt $((16 << 20)) ]] || fail "MemoryHigh is $(shown MemoryHigh)"
equal MemorySwapMax 0 "$(shown MemorySwapMax)"
equal MemoryLow $((16 << 20)) "$(shown MemoryLow)"
equal MemoryMin $((8 << 20)) "$(shown MemoryMin)"
matches CPUQuota '^1\.50*s$' "$(shown CPUQuotaPerSecUSec)"
equal CPUWeight 200 "$(shown CPUWeight)"
equal AllowedCPUs '0-1 3' "$(shown AllowedCPUs)"
equal TasksMax 100 "$(shown TasksMax)"
equal IOWeight 50 "$(shown IOWeight)"
equal IOWriteBandwidthMax "$disk 5000000" "$(shown IOWriteBandwidthMax)"
equal 'written down by lodged' "$(cd "$control" && printf '%s\n' 50-*.conf | sed 's/^50-//; s/\.conf$//' | sort)" \
    "$(ours | tr ' ' '\n' | sort)"
# of processes: PID 1 and what is executed later
equal 'open files' '100 200' "$(inside "$m" sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)')"
equal 'open files of PID 1' '100 200' "$(awk '/^Max open files/ { print $4, $5 }' "/proc/$(get "$m" Leader)/limits")"

# while it runs, by its file: changed, added, taken away; systemd's own value of what somebody else sets is left
systemctl set-property --runtime "$unit" CPUWeight=77
at_exit "rm -rf $control"
sed -i 's/^MemoryMax=.*/MemoryMax=2G/; s/^TasksMax=.*/TasksMax=infinity/; /^MemoryHigh=/d; /^CPUWeight=/d; /^IOWrite/d' "$file"
wait_for 5 'MemoryMax' is MemoryMax $((2 << 30))
equal TasksMax infinity "$(shown TasksMax)"
wait_for 5 'MemoryHigh' is MemoryHigh infinity
wait_for 5 'IOWriteBandwidthMax' is IOWriteBandwidthMax ''
wait_for 5 'no drop-in' absent "$control/50-MemoryHigh.conf"
absent "$control/50-CPUWeight.conf" "$control/50-IOWriteBandwidthMax.conf"
lacks 'written down' 'MemoryHigh|CPUWeight|IOWrite' "$(ours)"
systemctl set-property --runtime "$unit" CPUWeight=78
equal 'no restart' ready "$(get "$m" State)"

# a lodged that is killed, and what the file says meanwhile
systemctl stop lodged.socket lodged.service
sed -i 's/^MemoryMax=.*/MemoryMax=3G/; /^MemoryLow=/d' "$file"
systemctl start lodged.socket lodged.service
stop "$m"
start "$m"
wait_for 5 'MemoryMax of a later lodged' is MemoryMax $((3 << 30))
equal MemoryLow 0 "$(shown MemoryLow)"
equal "what is not lodge's" 78 "$(shown CPUWeight)"
stop "$m"

# a start without lodged's doing
sed -i 's/^MemoryMax=.*/MemoryMax=4G/' "$file"
systemctl start "$unit"
equal 'MemoryMax after systemctl start' $((4 << 30)) "$(shown MemoryMax)"
stop "$m"

remove "$m"
rm -f "$control/50-CPUWeight.conf"
gone() { [[ ! -e /run/lodge/limits/$unit && -z $(ls "$control" 2>/dev/null) ]]; }
wait_for 5 'nothing is left' gone
run_idle "$m"
equal 'a new machine of that name' infinity "$(shown MemoryMax)"
equal 'tasks of it' 16384 "$(shown TasksMax)"
stop "$m"
remove "$m"

# one that is removed while there is no lodged
run_idle "$TEST-b" MemoryMax=1G
stop "$TEST-b"
systemctl stop lodged.socket lodged.service
rm "/etc/lodge/machines/$TEST-b.machine"
systemctl start lodged.socket lodged.service
lodgectl list >/dev/null
rm -f "/run/lodge/exit/$TEST-b"
wait_for 5 'nothing of a machine that went' absent "/run/lodge/limits/lodge@$TEST-b.service" "/run/systemd/system.control/lodge@$TEST-b.service.d"

# wrong values
refused InvalidOption "MemoryMax='0' is not valid: give bytes above 0" CreateMachine "'$TEST-c'" "'busybox'" "{'MemoryMax': <'0'>}"
refused InvalidOption "IOReadIOPSMax='sda 5' is not valid: the device" CreateMachine "'$TEST-c'" "'busybox'" "{'IOReadIOPSMax': <['sda 5']>}"
expect 125 lodgectl run --rm --cpu-quota=1.5 busybox true
matches 'a quota' "CPUQuota='1.5' is not valid: give a whole percentage" "$ERR"
expect 0 lodgectl run --memory-max=64M --tasks-max=10% --allowed-cpus=0 --limit-nofile=64 busybox sh -c 'ulimit -n' </dev/null
equal 'open files of run' 64 "$OUT"
