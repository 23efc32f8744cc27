#!/usr/bin/env bash
# Takes a snapshot of this host's etcd member, checks it, keeps the newest ones, and copies it off the host. Any failure is the
# unit's failure; earlier snapshots stay.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

take() {
  local new size revision keys name
  size=$(etcd_at 2379 endpoint status -w fields | status DBSize) || fail "etcd on this host does not answer: see systemctl status etcd"
  CLUSTER=$(etcd_at 2379 endpoint status -w fields | status ClusterID)
  make_room "$size"
  new=$(mktemp -d "$BACKUP_DIRECTORY/.new.XXXXXXXX")
  etcd_at 2379 --command-timeout=15m snapshot save "$new/db" >/dev/null 2>"$new/log" || fail "etcdctl snapshot save: $(tail -n 2 "$new/log" | tr '\n' ' ')"
  sealed "$new/db" || fail "the snapshot is not what etcd sent: its disk or memory can't be trusted"
  revision=$(etcdutl snapshot status "$new/db" -w fields | status Revision)
  [ -n "$revision" ] || fail "etcdutl can't read the snapshot that etcd gave"
  keys=$(keys_at 2379 "$revision")
  [ -n "$keys" ] || fail "etcd did not say how many keys it has at revision $revision"
  # gzip is on every host. Its fastest level: the disk is what this is about, and etcd wants the processor.
  gzip -1n <"$new/db" >"$new/db.gz" || fail "the snapshot could not be compressed"
  [ "$(gzip -dc "$new/db.gz" | sha256sum)" = "$(sha256sum <"$new/db")" ] || fail "the snapshot does not unpack to what it was: its disk or memory can't be trusted"
  name=$BACKUP_NAME.$(date -u +%Y%m%dT%H%M%SZ).r$revision.db.gz
  cat >"$new/facts" <<END
sha256=$(sha256_of "$new/db.gz")
size=$(stat -c %s "$new/db.gz")
database=$(stat -c %s "$new/db")
revision=$revision
keys=$keys
cluster=$CLUSTER
taken=$(date +%s)
END
  sync "$new/db.gz" "$new/facts"
  # The facts come first: no snapshot is ever without them.
  mv "$new/facts" "$BACKUP_DIRECTORY/$name.facts"
  mv "$new/db.gz" "$BACKUP_DIRECTORY/$name"
  rm -rf "$new"
  sync "$BACKUP_DIRECTORY"
  TAKEN=$BACKUP_DIRECTORY/$name
}

# surplus KEEP MEBIBYTES <lines `bytes name`, newest first: the names of those that go.
surplus() {
  awk -v keep="$1" -v bytes="$(($2 * 1048576))" '{n++; sum += $1; if (n > 1 && (n > keep || sum > bytes)) {full = 1}} full {print $2}'
}

# prune DIRECTORY KEEP MEBIBYTES: the newest stay, so many and so large together. The snapshot of this run is the newest, whatever its revision.
prune() {
  local file new=/
  [ -z "$TAKEN" ] || new=$(basename "$TAKEN")
  { snapshots "$1" | { grep -vF "/$new" || true; }; [ "$new" = / ] || echo "$1/$new"; } | tac |
    while read -r file; do stat -c '%s %n' "$file"; done | surplus "$2" "$3" |
    while read -r file; do rm -f "$file" "$file.facts"; done
}

# make_room BYTES: for a database of that size and its compressed copy. What the new one would push out goes first, then the oldest, so that a
# disk that others fill costs old snapshots rather than the new one; never the last three.
make_room() {
  local file needed=$(($1 * 3 / 2)) last=0
  file=$(snapshots "$BACKUP_DIRECTORY" | tail -n 1)
  [ -z "$file" ] || last=$(($(stat -c %s "$file") / 1048576))
  prune "$BACKUP_DIRECTORY" $((BACKUP_KEEP > 1 ? BACKUP_KEEP - 1 : 1)) $((BACKUP_MEBIBYTES > last ? BACKUP_MEBIBYTES - last : 0))
  while read -r file; do
    if has_room "$needed"; then break; fi
    rm -f "$file" "$file.facts"
    echo "removed $file to make room"
  done < <(snapshots "$BACKUP_DIRECTORY" | head -n -3)
  room_for "$needed"
}

copy_to_directory() {
  [ -n "$COPY_DIRECTORY" ] || return 0
  [ -d "$COPY_DIRECTORY" ] || fail "$COPY_DIRECTORY (etcd.backup.copyToDirectory) is not a directory on this host"
  [ "$(stat -c %d "$COPY_DIRECTORY")" != "$(stat -c %d "$BACKUP_DIRECTORY")" ] ||
    fail "$COPY_DIRECTORY (etcd.backup.copyToDirectory) is on the same filesystem as $BACKUP_DIRECTORY: is what belongs there mounted?"
  local part
  part=$COPY_DIRECTORY/.$(basename "$TAKEN")
  rm -f "$COPY_DIRECTORY/.$BACKUP_NAME".*
  cp "$TAKEN" "$part" || fail "can't write to $COPY_DIRECTORY (etcd.backup.copyToDirectory); the user etcd needs to"
  sync "$part"
  [ "$(sha256_of "$part")" = "$(fact sha256 "$TAKEN")" ] || fail "the copy in $COPY_DIRECTORY differs from the snapshot"
  cp "$TAKEN.facts" "$COPY_DIRECTORY/"
  mv "$part" "$COPY_DIRECTORY/$(basename "$TAKEN")"
  prune "$COPY_DIRECTORY" "$BACKUP_KEEP" "$BACKUP_MEBIBYTES"
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
ls -ln $BACKUP_NAME.*
END
  )
  there=$(awk '$NF ~ /\.r[0-9]+\.db(\.gz)?$/ && NF > 5 {revision = $NF; sub(/.*\.r/, "", revision); sub(/[.].*/, "", revision); print revision, $5, $NF}' <<<"$there")
  size=$(awk -v name="$name" '$3 == name {print $2}' <<<"$there")
  [ "$size" = "$(fact size "$TAKEN")" ] || fail "the copy in $SSH_DIRECTORY of etcd.backup.copyToSsh has ${size:-no} bytes, the snapshot $(fact size "$TAKEN")"
  { grep " $name\$" <<<"$there" && { grep -v " $name\$" <<<"$there" || true; } | sort -k1,1nr -k3,3r; } | cut -d' ' -f2- | surplus "$BACKUP_KEEP" "$BACKUP_MEBIBYTES" |
    while read -r name; do printf 'rm %s\n-rm %s.facts\n' "$SSH_DIRECTORY/$name" "$SSH_DIRECTORY/$name"; done | sftp_do >/dev/null
}

copy_to_s3() {
  [ -n "${S3_URL:-}" ] || return 0
  # shellcheck source=/dev/null
  . "$(dirname "$0")/s3.sh"
  local file said=$BACKUP_DIRECTORY/.new.s3
  for file in "$TAKEN.facts" "$TAKEN"; do
    (s3_put "$S3_REGION" "$file" "$S3_URL/$(basename "$file")") >"$said" 2>&1 || fail "the copy to $S3_URL: $(tail -c 600 "$said" | tr '\n' ' ')"
  done
}

# One at a time, no matter who starts it.
exec 9<"$BACKUP_DIRECTORY"
flock 9
TAKEN=""
clean() { rm -rf "$BACKUP_DIRECTORY"/.new.*; }
trap clean EXIT
clean
take
prune "$BACKUP_DIRECTORY" "$BACKUP_KEEP" "$BACKUP_MEBIBYTES"
copy_to_directory
copy_to_ssh
copy_to_s3
echo "$TAKEN: revision $(fact revision "$TAKEN"), $(fact keys "$TAKEN") keys, $(fact size "$TAKEN") bytes of $(fact database "$TAKEN")"
# A snapshot of a member without a quorum is whole, but the cluster is not: the unit says so. An alarm does not mean that the quorum is lost.
etcd_at 2379 get ha-kubernetes/quorum >/dev/null 2>&1 || fail "the snapshot was taken, but this member has no quorum: it may be behind the others"
refuse_future
