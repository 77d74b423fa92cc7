#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completes verbs, options, names of machines and images; quickly, and silently where lodged is not there.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
create "$m" busybox -- "${IDLE[@]}"
set +u +e
trap - ERR
# shellcheck source=/dev/null
. /usr/share/bash-completion/bash_completion
# shellcheck source=/dev/null
. /usr/share/bash-completion/completions/lodgectl

complete_line() { # complete_line WORD...: what TAB offers for the last word
    local function
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
    COMP_LINE="$*" && COMP_POINT=${#COMP_LINE}
    function=$(complete -p lodgectl | sed 's/.*-F \([^ ]*\).*/\1/')
    "$function" lodgectl "${@: -1}" "${@: -2:1}"
    printf '%s\n' "${COMPREPLY[@]}"
}

matches 'verbs' "(^|$NL)start *($NL|$)" "$(complete_line lodgectl sta)"
matches 'machines' "$m" "$(complete_line lodgectl start "$TEST-")"
matches 'images' busybox "$(complete_line lodgectl run busy)"
matches 'options' '--timeout' "$(complete_line lodgectl stop --ti)"
matches 'settings' '--stop-signal' "$(complete_line lodgectl create --stop-s)"
matches 'machines for shell' "$m" "$(complete_line lodgectl shell "$TEST-")"
lodgectl create --network=private -p 28080:80 "$TEST-net" busybox -- "${IDLE[@]}"
matches 'networks' default "$(complete_line lodgectl network status def)"
matches 'networks of create' "private" "$(complete_line lodgectl create --network = priv)"
matches 'profiles' sandbox "$(complete_line lodgectl create --profile = san)"
matches 'machines for a network' "$m" "$(complete_line lodgectl network attach default "$TEST-")"
matches 'ports' 28080:80 "$(complete_line lodgectl port rm "$TEST-net" 28)"
matches 'verbs of port' "(^|$NL)add *($NL|$)" "$(complete_line lodgectl port a)"

# each verb is completed
for verb in list status show create rm start stop restart kill terminate wait run exec shell login attach logs events plan image volume network port stats bandwidth job pull df enable disable doctor version; do
    matches "the verb $verb" "(^|$NL)$verb *($NL|$)" "$(complete_line lodgectl "${verb:0:2}")"
done

at_exit 'systemctl unmask --runtime lodged.service 2>/dev/null; systemctl daemon-reload; systemctl start lodged.service'
systemctl mask --runtime --now lodged.service 2>/dev/null
within 2 complete_line lodgectl start "$TEST-" >"$WORK/out" 2>"$WORK/err"
equal 'output without lodged' '' "$(cat "$WORK/out" "$WORK/err" | tr -d '\n')"
