# shellcheck shell=bash
# What the snapshot, the drill and the defragmentation share. All run as the user etcd under systemd. The first two get their settings from it:
# BACKUP_NAME, BACKUP_DIRECTORY, BACKUP_KEEP, BACKUP_MEBIBYTES, BACKUP_MINUTES, DATA_DIRECTORY, COPY_DIRECTORY and SSH_DIRECTORY (empty: no
# such copy), and S3_URL and S3_REGION where there is a copy in S3.
#
# A snapshot is <cluster>-<id>.<host>.<UTC time>.r<revision>.db.gz; earlier releases left it uncompressed, as .db. Beside it, ending in .facts,
# are its facts at that time: lines `name=value` of sha256 and size (of the file, in bytes), database (bytes when unpacked), revision,
# keys (at that revision), cluster (etcd's id) and taken (seconds since 1970).

set -euo pipefail
umask 077
export LC_ALL=C PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export ETCDCTL_CACERT=/etc/etcd/pki/ca.crt ETCDCTL_CERT=/etc/etcd/pki/member.crt ETCDCTL_KEY=/etc/etcd/pki/member.key

fail() {
  printf 'ERROR: %s\n' "$*" >&2
  exit 1
}

# etcd_at PORT ARGS...: etcdctl against an etcd on this host.
etcd_at() { etcdctl --endpoints="https://127.0.0.1:$1" --dial-timeout=5s "${@:2}" </dev/null; }

# keys_at PORT REVISION: how many keys there were, as far as this very member knows.
keys_at() { etcd_at "$1" get "" --prefix --count-only --consistency=s --rev="$2" -w fields | sed -n 's/^"Count" : //p'; }

# status FIELD <what an -w fields answer said.
status() { sed -n "s/^\"$1\" : //p"; }

# fact NAME FILE: noted when the snapshot was taken.
fact() { sed -n "s/^$1=//p" "$2.facts"; }

# This host's own snapshots in a directory, oldest first. Clocks can be wrong, so it is revisions that tell their order; what another etcd
# cluster than CLUSTER wrote, before a restore, is older than all of this one. Without CLUSTER revisions alone do.
CLUSTER=""
snapshots() {
  local file own
  find "$1" -maxdepth 1 \( -name "$BACKUP_NAME.*.db" -o -name "$BACKUP_NAME.*.db.gz" \) | while read -r file; do
    own=1
    if [ -n "$CLUSTER" ] && [ -f "$file.facts" ] && [ "$(fact cluster "$file")" != "$CLUSTER" ]; then own=0; fi
    echo "$own $(revision_of "$file") $file"
  done | sort -k1,1n -k2,2n -k3,3 | cut -d' ' -f3-
}
revision_of() { sed -n 's/.*\.r\([0-9]*\)\.db\(\.gz\)\{0,1\}$/\1/p' <<<"$1"; }

# unpacked FILE: the snapshot as etcd gave it, on stdout.
unpacked() { if [[ $1 == *.gz ]]; then gzip -dc "$1"; else cat "$1"; fi; }

# from_the_future: the snapshots here that say that they were taken later than now, to which a minute is added.
from_the_future() {
  local file now
  now=$(($(date +%s) + 60))
  snapshots "$BACKUP_DIRECTORY" | while read -r file; do
    if [ "$(fact taken "$file" 2>/dev/null)" -gt "$now" ] 2>/dev/null; then echo "$file"; fi
  done
}
refuse_future() {
  local files
  files=$(from_the_future)
  [ -z "$files" ] ||
    fail "$(wc -l <<<"$files") snapshots say that they were taken later than now, such as $(tail -n 1 <<<"$files"): this host's clock was ahead then," \
      "or is behind now. See chronyc tracking. If the clock is right, delete these files and their .facts; no new snapshot is lost by them"
}

sha256_of() { sha256sum "$1" | cut -d' ' -f1; }

# The snapshot ends in the SHA-256 that etcd made of all before it.
sealed() { [ "$(head -c -32 "$1" | sha256sum | cut -d' ' -f1)" = "$(tail -c 32 "$1" | od -An -v -tx1 | tr -d ' \n')" ]; }

# has_room BYTES: so much is free where snapshots are kept, and a tenth of the disk beside it. A fifth where etcd, images or pods live on the
# same disk: at 15 % free the kubelet removes images, at 10 % it evicts pods.
has_room() {
  local device place
  SHARE=10
  device=$(stat -c %d "$BACKUP_DIRECTORY")
  for place in "$DATA_DIRECTORY" /var/lib/containerd /var/lib/kubelet; do
    if [ "$(stat -c %d "$place" 2>/dev/null)" = "$device" ]; then SHARE=5; fi
  done
  read -r DISK FREE < <(df --output=size,avail -B1 "$BACKUP_DIRECTORY" | tail -n 1)
  [ $((FREE - DISK / SHARE)) -ge "$1" ]
}
room_for() {
  has_room "$1" ||
    fail "$BACKUP_DIRECTORY has $((FREE / 1048576)) MiB free of $((DISK / 1048576)) MiB; $(($1 / 1048576)) MiB are needed and $((100 / SHARE)) % of the disk" \
      "stay free: make room, or name another etcd.backup.directory"
}

minutes_ago() { echo $((($(date +%s) - $1) / 60)); }
