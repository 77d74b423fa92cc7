#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
# A registry that breaks off, stalls, lies, limits, sends elsewhere (tests/clients/flaky-registry): what can be borne is borne, all
# else fails with a sentence of its own, and leaves nothing behind.
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/../lib/registry.bash"

pull() { lodgectl pull --progress=none "$@" </dev/null; }
store_list() { find /var/lib/lodge/{layers,blobs,images,incoming} -mindepth 1 -maxdepth 1 | sort; }
store_is_as_before() { [[ $(store_list) == "$before" ]]; }
works() { # works FAULT
    flaky_reset
    expect 0 pull "$FLAKY/$1/busybox:1"
    expect 0 lodgectl run "$FLAKY/$1/busybox:1" /bin/cat /noise/sum </dev/null
    equal "$1: a file" "$sum" "$OUT"
    forget_images "$FLAKY/$1/busybox:1"
}
fails() { # fails FAULT REGEX [STATUS]
    expect "${3:-1}" pull "$FLAKY/$1/busybox:1"
    matches "$1" "$FLAKY/$1/busybox:1.?: .*($2)" "$ERR"
    wait_for 5 "nothing is left of $1" store_is_as_before
}

mkdir -p "$WORK/noise/noise"
head -c 1500000 /dev/urandom >"$WORK/noise/noise/bytes"
sum=$(sha256sum <"$WORK/noise/noise/bytes")
echo "$sum" >"$WORK/noise/noise/sum"
"$TESTS/lib/oci.py" image --ref 1 "$WORK/image" "$IMAGES/busybox,gzip" "$WORK/noise,zstd"
start_flaky "$WORK/image"
before=$(store_list)

# --- what is borne -----------------------------------------------------------------------------------------------

for fault in ok drop drop-norange redirect bearer limit broken-once; do works "$fault"; done
within 60 works stall

flaky_reset
expect 0 pull "$FLAKY/drop/busybox:1"
[[ $(flaky_log | grep -c '"range": "bytes=') -ge 10 ]] || fail 'a broken download is not continued where it broke off'
forget_images "$FLAKY/drop/busybox:1"

# --- what is not -------------------------------------------------------------------------------------------------

fails drop-always 'broke in the middle of layer sha256:.*try again later'
fails wrong-blob 'sha256:.* instead of sha256:'
fails short 'bytes at the registry, but [0-9]+ are announced'
fails long-chunked 'has more than [0-9]+ bytes'
fails endless 'has more than [0-9]+ bytes'
fails huge-manifest 'manifest .* too large'
fails wrong-header 'damaged on its way'
fails missing 'has no configuration'
fails limit-always 'too many requests from here \(429\); try again in 3600 s'
fails denied "lets nobody read 'denied/busybox' without a login" 5
fails forbidden '403' 5
fails broken 'answers 500 .*try again later'
fails garbage "$FLAKY"
fails bearer-newline 'characters that none has'
fails bearer-file 'file:///etc/passwd'
fails redirect-file "sends on to 'file:///etc/passwd', where lodge does not go"
fails redirect-loop 'without an end'
expect 1 pull "$FLAKY/ok/busybox:2"
matches 'no such tag' "has no tag '2'" "$ERR"
expect 1 pull 127.0.0.1:9/busybox:1
matches 'nobody there' '127\.0\.0\.1:9/busybox:1.?: .*nothing answers at the registry 127\.0\.0\.1:9 ' "$ERR"
expect 1 pull registry.invalid/busybox:1
matches 'no such host' 'the address of the registry registry\.invalid cannot be found' "$ERR"

# --- the login stays with its host -------------------------------------------------------------------------------

write_auth "$WORK/auth.json" "$FLAKY"
flaky_reset
expect 0 pull --authfile="$WORK/auth.json" "$FLAKY/basic/busybox:1"
forget_images "$FLAKY/basic/busybox:1"
expect 0 pull --authfile="$WORK/auth.json" "$FLAKY/redirect/busybox:1"
flaky_log >"$WORK/log"
grep -q '"other": true' "$WORK/log" || fail 'no redirect was followed'
if grep '"other": true' "$WORK/log" | grep -qv '"authorization": null'; then fail "a login went to another host: $(grep '"other": true' "$WORK/log")"; fi
grep -q '"authorization": "Basic' "$WORK/log" || fail 'the login did not even go to its own host'
forget_images "$FLAKY/redirect/busybox:1"

# --- a download that is cancelled --------------------------------------------------------------------------------

job=$(lodgectl pull --detach "$FLAKY/stall-always/busybox:1")
wait_for 5 'the job runs' eval "lodgectl job ls | grep -q '$job'"
within 3 lodgectl job cancel "$job"
gone() { store_is_as_before && ! systemctl is-active -q "lodge-import@$job.service"; }
wait_for 5 'nothing is left of a cancelled pull' gone
