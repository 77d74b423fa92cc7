#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Wrong options, settings, names and sizes on every method: a clear error each, and lodged goes on as it was.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
run_idle "$m"
pid=$(daemon_pid)
before=$(lodgectl list -q)
python3 -B "$TESTS/clients/wrong-calls" "$m" "$TEST-new" || fail 'see above'
equal 'the machines' "$before" "$(lodgectl list -q)"
equal 'lodged' "$pid" "$(daemon_pid)"
equal 'the machine still takes commands' fine "$(inside "$m" echo fine)"

# one that was given in two ways, settings that do not fit together
refused InvalidOption 'RootDirectory|Image' CreateMachine "'$TEST-new'" "'busybox'" "{'RootDirectory': <'/'>}"
refused InvalidOption 'Boot' CreateMachine "'$TEST-new'" "'busybox'" "{'Boot': <true>, 'Command': <['sh']>}"
refused InvalidOption 'Owner' CreateMachine "'$TEST-new'" "'busybox'" "{'Owner': <'0'>}"
for setting in StopTimeoutSec=fast StopSignal=SIGNOTHING WritableLayer=never Capability=CAP_NOTHING MachineID=12 \
    Hostname=-x- 'Environment=no assignment' WorkingDirectory=relative Boot=perhaps User=; do
    key=${setting%%=*} value=${setting#*=}
    [[ -n $value ]] || continue
    refused InvalidOption "$key" CreateMachine "'$TEST-new'" "'busybox'" "{'$key': <'$value'>}"
done
expect 1 call GetMachine s "$TEST-new"
