#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# Limits of [Resources] bind: memory, tasks, CPU time, bytes written; they are what the cgroup's files say and what GetStats
# says, with what the slice above has; and they can be changed while the machine runs.
. "$(dirname "$0")/../system/lib.bash"

file() { cat "$(cgroup_of "$1")/$2"; } # file NAME FILE
# number NAME KEY: of GetStats
number() {
    busctl --json=short call org.lodge1 "$(object "$1")" org.lodge1.Machine GetStats 'a{sv}' 0 |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][0][sys.argv[1]]["data"])' "$2"
}
# rate NAME KEY SECONDS: how much a second it grows by, by the clock that GetStats brings along
rate() {
    python3 - "$(object "$1")" "$2" "$3" <<'END'
import json, subprocess, sys, time

def look():
    done = subprocess.run(['busctl', '--json=short', 'call', 'org.lodge1', sys.argv[1], 'org.lodge1.Machine', 'GetStats', 'a{sv}', '0'],
                          check=True, stdout=subprocess.PIPE)
    stats = json.loads(done.stdout)['data'][0]
    return stats['MonotonicUSec']['data'], stats[sys.argv[2]]['data']
before = look()
time.sleep(float(sys.argv[3]))
after = look()
print(round((after[1] - before[1]) * 1000000 / (after[0] - before[0])))
END
}
between() { [[ $2 -ge $3 && $2 -le $4 ]] || fail "$1: $2 is not between $3 and $4"; } # between WHAT FOUND LEAST MOST

# ---- the files, and who else limits
m=$TEST-a
create "$m" busybox MemoryMax=256M MemoryHigh=200M MemorySwapMax=0 MemoryLow=8M MemoryMin=4M CPUQuota=150% CPUWeight=200 \
    AllowedCPUs=1 TasksMax=100 'IOReadIOPSMax=/var/lib/lodge 500' LimitNOFILE=100:1048576 -- "${IDLE[@]}"
start "$m"
equal memory.max $((256 << 20)) "$(file "$m" memory.max)"
equal memory.high $((200 << 20)) "$(file "$m" memory.high)"
equal memory.swap.max 0 "$(file "$m" memory.swap.max)"
equal memory.low $((8 << 20)) "$(file "$m" memory.low)"
equal memory.min $((4 << 20)) "$(file "$m" memory.min)"
equal cpu.max '150000 100000' "$(file "$m" cpu.max)"
equal cpu.weight 200 "$(file "$m" cpu.weight)"
equal cpuset.cpus 1 "$(file "$m" cpuset.cpus)"
equal pids.max 100 "$(file "$m" pids.max)"
matches io.max 'riops=500' "$(file "$m" io.max)"
equal 'more open files than the shim had' 1048576 "$(inside "$m" sh -c 'ulimit -Hn')"
# nothing inside is beside it
matches 'where PID 1 is' "/lodge@$m.service/payload" "$(</proc/"$(get "$m" Leader)"/cgroup)"

limit() { lodgectl stats --by=limit --no-legend "$m" | awk -v name="$1" '$2 == name { print $3, $4 }'; }
equal 'MemoryMax of the unit' "256.0M /machine.slice/lodge@$m.service" "$(limit MemoryMax)"
equal 'CPUQuota of the unit' "150% /machine.slice/lodge@$m.service" "$(limit CPUQuotaPerSecUSec)"
equal 'EffectiveCPUs' 1 "$(number "$m" EffectiveCPUs)"
at_exit 'systemctl revert machine.slice; systemctl daemon-reload'
systemctl set-property --runtime machine.slice MemoryMax=128M TasksMax=10000
equal 'MemoryMax of the slice' '128.0M /machine.slice' "$(limit MemoryMax)"
equal 'TasksMax of the unit' "100 /machine.slice/lodge@$m.service" "$(limit TasksMax)"
between 'memory in use' "$(number "$m" MemoryCurrent)" 4096 $((64 << 20))
equal 'the same in two ways' "$(file "$m" pids.current)" "$(number "$m" TasksCurrent)"
matches 'pressure' "^$m +Memory " "$(lodgectl stats --by=pressure --no-legend "$m" | grep Memory)"
matches 'kinds of memory' "^$m +[0-9.]+[KM] " "$(lodgectl stats --by=memory --no-legend "$m")"

# live, by the file; and what is not limited any more
sed -i 's/^MemoryMax=.*/MemoryMax=96M/; s/^CPUQuota=.*/CPUQuota=50%/; /^TasksMax=/d; /^IORead/d' "/etc/lodge/machines/$m.machine"
is() { [[ $(file "$m" "$1") == "$2" ]]; }
wait_for 20 memory.max is memory.max $((96 << 20))
wait_for 20 cpu.max is cpu.max '50000 100000'
wait_for 20 pids.max is pids.max 16384
wait_for 20 io.max is io.max ''
expect 137 inside "$m" dd if=/dev/zero of=/dev/shm/big bs=1M
equal 'the machine whose command was killed' ready "$(get "$m" State)"
between 'kills that were counted' "$(number "$m" OOMKills)" 1 100
stop "$m"

# ---- memory: PID 1 is killed, and the record says why
m=$TEST-b
create "$m" busybox MemoryMax=32M MemorySwapMax=0 -- dd if=/dev/zero of=/dev/shm/big bs=1M
start "$m" || true
wait_for 60 'stopped' has "$m" State stopped
equal 'reason' 'oom true 9' "$(reason "$m") $(reason "$m" OOM | tr '[:upper:]' '[:lower:]') $(reason "$m" Signal)"
matches 'the sentence' '[Mm]emory' "$(reason "$m" message)"

# ---- tasks: a bomb, which PID 1 outlives since it only reads
m=$TEST-c
create "$m" busybox TasksMax=40 -- /bin/sh -c 'trap : TERM; (while :; do sleep 1000 & done) 2>/dev/null; while :; do read -r line; done'
start "$m"
# before Linux 6.11 the event is counted where the fork was tried, not where the limit is
full() { grep -rqsE '^max [1-9]' --include=pids.events "$(cgroup_of "$m")"; }
wait_for 60 'the limit is reached' full
between 'tasks' "$(number "$m" TasksCurrent)" 30 40
within 30 call StopMachine 'sa{sv}' "$m" 1 TimeoutSec s 3s

# ---- CPU time within 5 %
m=$TEST-d
create "$m" busybox CPUQuota=20% -- /bin/sh -c 'while :; do :; done'
start "$m"
sleep 1
between 'CPU time of 20 %' "$(rate "$m" CPUUsageUSec 10)" 190000 210000
between 'throttled' "$(number "$m" CPUThrottledPeriods)" 10 100000
call TerminateMachine 'sa{sv}' "$m" 0

# ---- bytes written within 10 %
m=$TEST-e
# several at once, so that there is always something to be written, however slow this machine is
create "$m" debian12 Boot=no 'IOWriteBandwidthMax=/var/lib/lodge 5M' -- /bin/sh -c \
    'for i in 1 2 3 4; do dd if=/dev/zero of=/big$i bs=256K count=400 oflag=direct status=none & done; wait'
start "$m"
sleep 2
between 'bytes written' "$(rate "$m" IOWrittenBytes 10)" 4500000 5500000
matches 'by disk' "(^|$NL)$m +vda +" "$(lodgectl stats --by=disk --no-legend "$m")"
call TerminateMachine 'sa{sv}' "$m" 0
