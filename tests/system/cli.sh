#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodgectl for people and for scripts: mistakes, exit statuses, JSON, output that is piped.
. "$(dirname "$0")/lib.bash"

json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# mistakes: status 2, one line that helps
expect 2 lodgectl startt x
matches 'a mistyped verb' 'start' "$ERR"
expect 2 lodgectl start
matches 'no name' 'NAME' "$ERR"
expect 2 lodgectl stop --tmeout=3 x
matches 'a mistyped option' 'timeout' "$ERR"
expect 2 lodgectl create --stop-timeout-secs=3 "$TEST-a" busybox
matches 'a mistyped setting' 'stop-timeout-sec' "$ERR"
expect 0 lodgectl help
expect 0 lodgectl --help
expect 0 lodgectl version
matches version '[0-9]' "$OUT"
for verb in list status show create rm start stop restart kill terminate wait run exec shell login attach logs events plan pull import df enable disable doctor version; do
    expect 0 lodgectl help "$verb"
    matches "help on $verb" "lodgectl $verb" "$OUT"
done

# life
m=$TEST-a
expect 0 lodgectl create --description='for a test' "$m" busybox "${IDLE[@]}"
expect 0 lodgectl start "$m"
expect 4 lodgectl create "$m" busybox
expect 3 lodgectl start "$TEST-none"
matches 'no such machine' "$TEST-none" "$ERR"
expect 3 lodgectl create "$TEST-b" no-such-image
matches 'list' "$m +.*(ready|running)" "$(lodgectl list)"
matches 'list, only names' "(^|$NL)$m($NL|$)" "$(lodgectl list -q)"
equal 'list of one' "$m" "$(lodgectl list -q "$m")"
matches status "$m.*busybox" "$(lodgectl status "$m" | tr '\n' ' ')"
equal 'show' ready "$(lodgectl show -p State --value "$m")"
matches 'show' "(^|$NL)Leader=$(get "$m" Leader)" "$(lodgectl show "$m")"
matches images 'busybox' "$(lodgectl images)"
matches plan '/bin/sh' "$(lodgectl plan "$m")"

# JSON: what D-Bus has, under its names
equal 'JSON of show' "ready $m True" "$(lodgectl show --json=short "$m" |
    json "' '.join(str(x) for x in (d['State'], d['Name'], d['Leader'] > 0))")"
equal 'JSON of list' True "$(lodgectl list -j | json "any('$m' in str(m) for m in d)")"
for verb in images version "status $m" "logs $m"; do
    # shellcheck disable=SC2086
    expect 0 lodgectl $verb --json=pretty
    json d <<<"$OUT" >/dev/null || fail "lodgectl $verb --json=pretty prints no JSON: $OUT"
done

# piped, to who stops reading
lodgectl list | head -n 1 >/dev/null
lacks 'escapes in what is piped' $'\033' "$(lodgectl list; lodgectl status "$m")"

# several names: all are tried, and the one that failed is named
expect 0 lodgectl create "$TEST-b" busybox "${IDLE[@]}"
expect 3 lodgectl start "$TEST-none" "$TEST-b"
matches 'the one that failed' "$TEST-none" "$ERR"
equal 'the other' ready "$(get "$TEST-b" State)"
expect 4 lodgectl rm "$TEST-b"
expect 0 lodgectl rm -f "$TEST-b"

expect 0 lodgectl wait --for=ready "$m"
expect 6 lodgectl wait --for=stopped --timeout=200ms "$m"
expect 0 lodgectl kill --signal=TERM "$m"
expect 0 lodgectl wait "$m"
expect 4 lodgectl kill "$m"
expect 0 lodgectl restart "$m"
expect 0 lodgectl terminate "$m"
expect 0 lodgectl stop "$m"
expect 0 lodgectl rm "$m"
