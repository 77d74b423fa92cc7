#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lodgectl on a real terminal, tmux's: colour, pager, width, C-c, the question for a password, a shell.
. "$(dirname "$0")/lib.bash"

m=$TEST-a
stubborn=$TEST-stubborn
run_idle "$m"
create "$stubborn" busybox StopTimeoutSec=15s -- /bin/sh -c 'trap "" TERM; while :; do sleep 1000 & wait; done'
start "$stubborn"

has_state() { [[ $(get "$1" State) == "$2" ]]; }

sleeps() { pgrep -xf 'sleep 1000'; } # a C-c that comes before exec(3) may be lost in the shell

prompt='ready>'

# A terminal of 100 by 30; an own server and no configuration
server=$TEST
terminal() { tmux -L "$server" -f /dev/null "$@"; }
at_exit 'terminal kill-server 2>/dev/null || true'
terminal new-session -d -x 100 -y 30 env LANG=C.UTF-8 'PS1=ready> ' bash --norc --noprofile
screen() { terminal capture-pane -p "$@" | sed -e 's/ *$//' -e '/^$/d'; }
screen_has() { [[ $(screen) =~ $1 ]]; }
until_screen() { wait_for 15 "the terminal to show '$1', instead of: $(screen)" screen_has "$1"; }
keys() { terminal send-keys "$@"; }
at_prompt() { [[ $(screen | tail -n 1) == *"$prompt" ]]; }
type_line() { # type_line COMMAND: on a cleared screen
    keys C-l
    wait_for 10 'a prompt' at_prompt
    keys -l "$1"
    keys Enter
}
status_is() { # status_is NUMBER: of what has just ended
    wait_for 20 "a prompt, instead of: $(screen)" at_prompt
    keys -l "echo status=\$?"
    keys Enter
    until_screen "(^|$NL)status=$1($NL|$)"
}
wait_for 10 'a prompt' at_prompt

# colour, unless it is not wanted
type_line 'lodgectl list'
until_screen "$m +ready"
lacks 'a pager for a short list' 'END|lines' "$(screen | tail -n 1)"
matches 'colour' $'\033\\[[0-9;]*32m.*ready' "$(screen -e)"
type_line 'NO_COLOR=1 lodgectl list'
until_screen "$m +ready"
lacks 'colour' $'\033\\[[0-9;]*3[0-9]m' "$(screen -e)"
type_line 'TERM=dumb lodgectl list'
until_screen "$m +ready"
lacks 'colour' $'\033\\[[0-9;]*3[0-9]m' "$(screen -e)"

# what does not fit goes into the pager, which shows colours; --no-pager cuts columns and nothing else
type_line 'lodgectl help >/dev/null; lodgectl show "?*"'
until_screen ':$|lines'
keys q
status_is 0
type_line 'SYSTEMD_PAGER= lodgectl show "?*"'
status_is 0
terminal resize-window -x 44 -y 30
type_line 'lodgectl --no-pager list'
until_screen 'cli-t.*\.\.\. +ready'
equal 'lines of a narrow list' 3 "$(screen | grep -c -E '^(NAME|cli-t)')"
terminal resize-window -x 100 -y 30

# C-c: the command ends, what was begun goes on, and that is said
type_line "lodgectl stop $stubborn"
wait_for 10 'stopping' has_state "$stubborn" stopping
keys C-c
until_screen "no longer waiting to stop '$stubborn'; what lodged has begun goes on"
matches 'the hint' "hint: lodgectl status $stubborn" "$(screen)"
status_is 130
equal 'the stop goes on' stopping "$(get "$stubborn" State)"
lodgectl terminate "$stubborn"
type_line "lodgectl wait --for=running $stubborn"
sleep 0.3
keys C-c
status_is 130

# inside, C-c is a key, and the size follows the window
type_line "lodgectl shell $m"
until_screen '# ?$'
keys -l 'stty size; sleep 1000; echo after=$?'
keys Enter
until_screen "(^|$NL)30 100($NL|$)"
wait_for 10 'the command' sleeps
keys C-c
until_screen 'after=130|# ?$'
terminal resize-window -x 90 -y 25
# tmux tells its programs of a new size a moment later, and keys may be faster
keys -l 'until [ "$(stty size)" = "25 90" ]; do sleep 0.1; done; echo resi""zed'
keys Enter
until_screen "(^|$NL)resized($NL|$)"
keys -l 'exit 4'
keys Enter
status_is 4
type_line "lodgectl exec $m sleep 1000"
wait_for 10 'the command' sleeps
keys C-c
status_is 130

# a user who has logged in is asked for a password, and C-c leaves the terminal as it was
terminal kill-server
server=$TEST-user
prompt='$'
# trixie's login closes the terminal before it opens it anew; meanwhile tmux would take that for the end
terminal new-session -d -x 100 -y 30 '(trap "" HUP; exec sleep 60) & exec login -f tester'
wait_for 15 "a prompt, instead of: $(screen)" at_prompt
type_line "lodgectl stop $m"
until_screen "Authentication is required to stop machine '$m'"
until_screen 'Password:'
keys C-c
status_is 130
type_line 'stty -a | tr " ;" "\n\n" | grep -cx -e echo -e icanon'
until_screen "(^|$NL)2($NL|$)"
equal 'the machine' ready "$(get "$m" State)"
type_line "lodgectl --no-ask-password stop $m"
status_is 5
lacks 'a question' 'AUTHENTICATING|Password' "$(screen)"
matches 'a hint' "hint: sudo lodgectl --no-ask-password stop $m" "$(screen)"
