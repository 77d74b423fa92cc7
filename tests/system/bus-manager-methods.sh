#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each method of a machine also exists on the manager, with the name in front.
. "$(dirname "$0")/lib.bash"

m=$TEST-a.b-1
create "$m" busybox -- "${IDLE[@]}"
start "$m"
equal 'object of a name with dots, dashes and digits' "o \"$(object "$m")\"" "$(call GetMachine s "$m")"
equal WaitMachine 'si "ready" -1' "$(call WaitMachine 'ssa{sv}' "$m" ready 0)"
equal RunMachine 'iayay 0 2 120 10 0' "$(call RunMachine 'sasa{sv}' "$m" 2 echo x 0)"
expect 0 call RestartMachine 'sa{sv}' "$m" 0
expect 0 call KillMachine 'ssia{sv}' "$m" '' 15 0
equal WaitMachine 'si "stopped" 0' "$(call WaitMachine 'ssa{sv}' "$m" stopped 0)"
matches PlanMachine 'arg.*/bin/sh' "$(call PlanMachine 'sa{sv}' "$m" 0)"
start "$m"
expect 0 call TerminateMachine 'sa{sv}' "$m" 0
expect 0 call RestartMachine 'sa{sv}' "$m" 0
equal 'restart of a stopped machine' ready "$(get "$m" State)"
expect 0 call StopMachine 'sa{sv}' "$m" 1 TimeoutSec s 20s
expect 0 call ReadOutputMachine 'sa{sv}' "$m" 0
start "$m"
expect 0 call RemoveMachine 'sa{sv}' "$m" 1 Force b true
expect 1 call GetMachine s "$m"

create "$TEST-list" busybox -- "${IDLE[@]}"
matches 'ListMachines' "\"$TEST-list\" 1 \"State\" s \"stopped\"" "$(call ListMachines as 1 State)"
matches 'images' '"busybox" 1 "Path" s "/var/lib/lodge/images/busybox"' "$(call ListImages as 1 Path)"
new_tree tree >/dev/null
matches 'images of machined' "\"$TEST-tree\" 1 \"Path\" s \"$TREES/$TEST-tree\"" "$(call ListImages as 1 Path)"
matches Version '^s "[0-9]' "$(busctl get-property org.lodge1 /org/lodge1 org.lodge1.Manager Version)"
matches Features '^as [1-9]' "$(busctl get-property org.lodge1 /org/lodge1 org.lodge1.Manager Features)"
