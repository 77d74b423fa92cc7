#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `lodgectl run -D`: a directory of the host as it is, without import, and never written to.
. "$(dirname "$0")/lib.bash"

digest() { (cd "$1" && find . -printf '%p %y %m %U %G %s %l %T@\n' | sort && find . -type f -exec md5sum {} + | sort) | md5sum; }
tree=$(new_tree tree)
before=$(digest "$tree")
expect 0 lodgectl run -D "$tree" sh -c 'echo x >/new; rm /etc/passwd; chmod 700 /etc; echo done' </dev/null
equal 'output' 'done' "$OUT"
equal 'the directory' "$before" "$(digest "$tree")"

# a relative path is the caller's
cd "$TREES"
expect 0 lodgectl run -D "./${tree##*/}" echo relative </dev/null
equal 'output' relative "$OUT"

expect 125 lodgectl run -D "$tree/etc/passwd" true </dev/null
matches 'a file' "$tree/etc/passwd.*not a directory" "$(tr '[:upper:]' '[:lower:]' <<<"$ERR")"
expect 125 lodgectl run -D /no/such/directory true </dev/null
matches 'nothing' '/no/such/directory' "$ERR"
