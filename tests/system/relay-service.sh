#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodge-relay gives root up, keeps one capability, and comes back whatever kills it.
. "$(dirname "$0")/lib.bash"

status_of() { sed -n "s/^$2:\t*//p" "/proc/$1/status"; }
main_pid() { systemctl show -P MainPID lodge-relay.service; }
is_back() { [[ $(main_pid) != "$1" ]] && systemctl is-active -q lodge-relay.service; }

expect 0 systemctl start lodge-relay.service
at_exit 'systemctl stop lodge-relay.service'
pid=$(main_pid)
read -r uid rest < <(status_of "$pid" Uid)
[[ $uid -ge 1000 ]] || fail "lodge-relay runs as uid $uid"
equal 'all its uids' "$uid $uid $uid" "${rest//$'\t'/ }"
equal 'what it may' 0000000000000400 "$(status_of "$pid" CapPrm)"
equal 'what its groups are' '' "$(status_of "$pid" Groups | tr -d ' ')"

# the process that connects to lodged for it
helper=$(pgrep -P "$pid")
equal 'what the helper may' 0000000000000000 "$(status_of "$helper" CapPrm)"

kill -KILL "$pid"
wait_for 10 'lodge-relay is back' is_back "$pid"
pid=$(main_pid)
kill -KILL "$(pgrep -P "$pid")"
wait_for 10 'both are back' is_back "$pid"
