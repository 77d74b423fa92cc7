#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every error has its name, and a sentence that says what failed on which object.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
for method in Start Stop Restart Terminate Remove Plan ReadOutput; do
    refused NoSuchMachine "$TEST-none" "${method}Machine" "'$TEST-none'" '{}'
done
refused NoSuchMachine "$TEST-none" KillMachine "'$TEST-none'" "'leader'" 15 '{}'
refused NoSuchMachine "$TEST-none" WaitMachine "'$TEST-none'" "'ready'" '{}'
refused NoSuchMachine "$TEST-none" RunMachine "'$TEST-none'" "['true']" '{}'
refused NoSuchMachine "$TEST-none" GetMachine "'$TEST-none'"
refused InvalidName '-wrong-' CreateMachine "'-wrong-'" "'busybox'" '{}'
refused NoSuchImage "$TEST-none" CreateMachine "'$m'" "'$TEST-none'" '{}'
refused InvalidOption 'StopTimeoutSecs.*StopTimeoutSec' CreateMachine "'$m'" "'busybox'" "{'StopTimeoutSecs': <'5'>}"

create "$m" busybox -- "${IDLE[@]}"
refused Exists "$m" CreateMachine "'$m'" "'busybox'" '{}'
refused NotRunning "$m" KillMachine "'$m'" "'leader'" 15 '{}'
refused NotRunning "$m" RunMachine "'$m'" "['true']" '{}'
refused NotRunning "$m" ShellMachine "'$m'" "''" '{}'
refused NotRunning "$m" LoginMachine "'$m'" '{}'
refused TimedOut "$m" WaitMachine "'$m'" "'ready'" "{'TimeoutSec': <'100ms'>}"

start "$m"
refused Busy "$m" StartMachine "'$m'" '{}'
refused Busy "$m" RemoveMachine "'$m'" '{}'
refused CommandNotFound 'no-such-program' RunMachine "'$m'" "['no-such-program']" '{}'
refused CommandNotFound '/no/such/program' RunMachine "'$m'" "['/no/such/program']" '{}'
refused ExecFailed '/etc/passwd' RunMachine "'$m'" "['/etc/passwd']" '{}'
refused ExecFailed 'nosuchuser' RunMachine "'$m'" "['true']" "{'User': <'nosuchuser'>}"
refused ExecFailed '/no/such/directory' RunMachine "'$m'" "['true']" "{'WorkingDirectory': <'/no/such/directory'>}"
refused TimedOut "$m" RunMachine "'$m'" "['sleep', '4711']" "{'TimeoutSec': <'200ms'>}"
refused NotSupported "$m" ResizeMachine "'$m'" 24 80 '{}'
wait_for 5 'the program that timed out is gone' eval "! pgrep -f '^sleep 4711$'"

create "$TEST-b" busybox -- /no/such/command
refused CommandNotFound "/no/such/command" StartMachine "'$TEST-b'" '{}'
equal 'state of what did not start' failed "$(get "$TEST-b" State)"

# busctl prints the sentence and nothing else
expect 1 call StartMachine 'sa{sv}' "$TEST-none" 0
matches 'what busctl says' "^Call failed: .*$TEST-none" "$ERR"
