#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trees that systemd-machined knows are images too, and are never written to.
. "$(dirname "$0")/lib.bash"

tree=$(new_tree tree)
create "$TEST-a" "$TEST-tree" -- "${IDLE[@]}"
start "$TEST-a"
inside "$TEST-a" touch /mark
absent "$tree/mark"
equal 'Image' "$TEST-tree" "$(get "$TEST-a" Image)"
equal 'RootDirectory' '' "$(get "$TEST-a" RootDirectory)"
# machined's own commands see the same tree
matches 'machinectl list-images' "$TEST-tree" "$(machinectl list-images --no-legend --no-pager)"
