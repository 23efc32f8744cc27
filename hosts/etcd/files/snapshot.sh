#!/usr/bin/env bash
# Takes a snapshot of this host's etcd member, checks it, keeps the newest ones, and copies it off the host. Any failure is the
# unit's failure; what was taken before stays.
# shellcheck source=hosts/etcd/files/common.sh
. "$(dirname "$0")/common.sh"

take() {
  local new size revision keys cluster name
  size=$(etcd_at 2379 endpoint status -w fields | status DBSize) || fail "etcd on this host does not answer: see systemctl status etcd"
  room_for "$size"
  new=$(mktemp -d "$BACKUP_DIRECTORY/.new.XXXXXXXX")
  etcd_at 2379 --command-timeout=15m snapshot save "$new/db" >/dev/null 2>"$new/log" || fail "etcdctl snapshot save: $(tail -n 2 "$new/log" | tr '\n' ' ')"
  sealed "$new/db" || fail "the snapshot is not what etcd sent: its disk or memory can't be trusted"
  revision=$(etcdutl snapshot status "$new/db" -w fields | status Revision)
  [ -n "$revision" ] || fail "etcdutl can't read the snapshot that etcd gave"
  keys=$(keys_at 2379 "$revision")
  [ -n "$keys" ] || fail "etcd did not say how many keys it has at revision $revision"
  cluster=$(etcd_at 2379 endpoint status -w fields | status ClusterID)
  name=$BACKUP_NAME.$(date -u +%Y%m%dT%H%M%SZ).r$revision.db
  cat >"$new/facts" <<END
sha256=$(sha256_of "$new/db")
size=$(stat -c %s "$new/db")
revision=$revision
keys=$keys
cluster=$cluster
taken=$(date +%s)
END
  sync "$new/db" "$new/facts"
  # The facts come first: no snapshot is ever without them.
  mv "$new/facts" "$BACKUP_DIRECTORY/$name.facts"
  mv "$new/db" "$BACKUP_DIRECTORY/$name"
  sync "$BACKUP_DIRECTORY"
  TAKEN=$BACKUP_DIRECTORY/$name
}

prune() {
  local file
  snapshots "$1" | head -n "-$BACKUP_KEEP" | while read -r file; do rm -f "$file" "$file.facts"; done
}

copy_to_directory() {
  [ -n "$COPY_DIRECTORY" ] || return 0
  [ -d "$COPY_DIRECTORY" ] || fail "$COPY_DIRECTORY (etcd.backup.copyToDirectory) is no directory on this host"
  [ "$(stat -c %d "$COPY_DIRECTORY")" != "$(stat -c %d "$BACKUP_DIRECTORY")" ] ||
    fail "$COPY_DIRECTORY (etcd.backup.copyToDirectory) is on the same filesystem as $BACKUP_DIRECTORY: is what belongs there mounted?"
  local part
  part=$COPY_DIRECTORY/.$(basename "$TAKEN")
  rm -f "$COPY_DIRECTORY/.$BACKUP_NAME".*
  cp "$TAKEN" "$part" || fail "can't write to $COPY_DIRECTORY (etcd.backup.copyToDirectory); the user etcd needs to"
  sync "$part"
  [ "$(sha256_of "$part")" = "$(fact sha256 "$TAKEN")" ] || fail "the copy in $COPY_DIRECTORY is not what was copied"
  cp "$TAKEN.facts" "$COPY_DIRECTORY/"
  mv "$part" "$COPY_DIRECTORY/$(basename "$TAKEN")"
  prune "$COPY_DIRECTORY"
}

# sftp_do: runs the commands on stdin; ends at the first that fails, but for those with a leading "-".
sftp_do() {
  sftp -b - -F /etc/etcd-backup/ssh_config target 2>"$SAID" || fail "the copy by SFTP (etcd.backup.copyToSsh): $(tail -n 3 "$SAID" | tr '\n' ' ')"
}

copy_to_ssh() {
  [ -n "$SSH_DIRECTORY" ] || return 0
  local name there size
  name=$(basename "$TAKEN")
  SAID=$BACKUP_DIRECTORY/.new.sftp
  there=$(
    sftp_do <<END
cd $SSH_DIRECTORY
put $TAKEN .$name
put $TAKEN.facts $name.facts
rename .$name $name
ls -ln $name
ls -1 $BACKUP_NAME.*.db
END
  )
  size=$(awk -v name="$name" '$NF == name && NF > 5 {print $5}' <<<"$there")
  [ "$size" = "$(fact size "$TAKEN")" ] || fail "the copy in $SSH_DIRECTORY of etcd.backup.copyToSsh has ${size:-no} bytes, the snapshot $(fact size "$TAKEN")"
  { grep -x "$BACKUP_NAME\\..*\\.db" <<<"$there" || true; } | sort | head -n "-$BACKUP_KEEP" |
    while read -r name; do printf 'rm %s\n-rm %s.facts\n' "$SSH_DIRECTORY/$name" "$SSH_DIRECTORY/$name"; done | sftp_do >/dev/null
}

copy_to_s3() {
  [ -n "${S3_URL:-}" ] || return 0
  # shellcheck source=hosts/aws/aws.sh
  . "$(dirname "$0")/aws.sh"
  local file said=$BACKUP_DIRECTORY/.new.s3
  for file in "$TAKEN.facts" "$TAKEN"; do
    (s3_put "$S3_REGION" "$file" "$S3_URL/$(basename "$file")") >"$said" 2>&1 || fail "the copy to $S3_URL: $(tail -c 600 "$said" | tr '\n' ' ')"
  done
}

# One at a time, whoever starts it.
exec 9<"$BACKUP_DIRECTORY"
flock 9
clean() { rm -rf "$BACKUP_DIRECTORY"/.new.*; }
trap clean EXIT
clean
take
prune "$BACKUP_DIRECTORY"
copy_to_directory
copy_to_ssh
copy_to_s3
echo "$TAKEN: revision $(fact revision "$TAKEN"), $(fact keys "$TAKEN") keys, $(fact size "$TAKEN") bytes"
# A snapshot of a member without a quorum is whole, but the cluster is not: the unit says so.
etcd_at 2379 endpoint health >/dev/null 2>&1 || fail "the snapshot was taken, but this member has no quorum: it may be behind the others"
