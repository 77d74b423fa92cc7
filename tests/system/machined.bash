# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of systemd-machined share. To be sourced after lib.bash.
# shellcheck shell=bash
# shellcheck disable=SC2034

# machined since 258 knows a leader that is in a cgroup below its unit for what it is: there its unit is not the machine
SYSTEMD=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')

machined_get() { # machined_get NAME PROPERTY: as machined has it; fails if it knows no such machine
    machinectl show --property "$2" --value "$1" 2>/dev/null
}

machined_has() { # machined_has NAME: its present PID 1
    [[ $(machined_get "$1" Leader) == "$(get "$1" Leader)" ]]
}

listed() { # listed NAME: once its registration is through
    wait_for 10 "machined lists $1" machined_has "$1"
}

unlisted() { # unlisted NAME: also soon
    wait_for 10 "machined lists $1 no more" eval "! machined_get '$1' Leader"
}

warnings() { # of lodged, about machined
    journalctl --no-pager -o cat -u lodged.service -p warning -g machined || true
}
