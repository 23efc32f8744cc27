# shellcheck shell=bash
# What the snapshot and the drill share. Both run as the user etcd under systemd, which gives them their settings as environment:
# BACKUP_NAME, BACKUP_DIRECTORY, BACKUP_KEEP, BACKUP_MINUTES, COPY_DIRECTORY and SSH_DIRECTORY (empty: no such copy), and S3_URL and
# S3_REGION where there is a copy in S3.
#
# A snapshot is <cluster>-<id>.<host>.<UTC time>.r<revision>.db. Beside it, ending in .facts, is what etcd said when it was taken:
# lines `name=value` of sha256, size (bytes), revision, keys (at that revision), cluster (etcd's id) and taken (seconds since 1970).

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

# fact NAME FILE: what was noted when the snapshot was taken.
fact() { sed -n "s/^$1=//p" "$2.facts"; }

# This host's own snapshots in a directory, oldest first.
snapshots() { find "$1" -maxdepth 1 -name "$BACKUP_NAME.*.db" | sort; }

sha256_of() { sha256sum "$1" | cut -d' ' -f1; }

# The snapshot ends in the SHA-256 that etcd made of all before it.
sealed() { [ "$(head -c -32 "$1" | sha256sum | cut -d' ' -f1)" = "$(tail -c 32 "$1" | od -An -v -tx1 | tr -d ' \n')" ]; }

# room_for BYTES: so much, and a tenth of the disk beside it, is free where snapshots are kept.
room_for() {
  local size free
  read -r size free < <(df --output=size,avail -B1 "$BACKUP_DIRECTORY" | tail -n 1)
  [ $((free - size / 10)) -ge "$1" ] ||
    fail "$BACKUP_DIRECTORY has $((free / 1048576)) MiB free of $((size / 1048576)) MiB; $(($1 / 1048576)) MiB are needed and a tenth of the disk" \
      "stays free: make room, name another etcd.backup.directory or lower etcd.backup.keep"
}

minutes_ago() { echo $((($(date +%s) - $1) / 60)); }
