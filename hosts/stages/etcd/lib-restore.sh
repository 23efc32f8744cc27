# shellcheck shell=bash
# Brings back the whole cluster as one snapshot has it. Every host restores the same file, with today's members and a token of this
# restore alone, so the result is another etcd cluster, whose id is known beforehand. A host does so once for each RESTORE_ID, and only
# while that cluster has no quorum yet: who comes later joins it as any member without data would.
#
# Killed anywhere, the next run goes on: until APPROVED names the id nothing has been touched; then the new data is made beside the
# old, which is moved aside (never removed) and replaced in two renames; RESTORED names the id once it is in place.

readonly RESTORED=$HOME_DIR/etcd-restored APPROVED=$HOME_DIR/etcd-restore-approved

restore_wanted() { [ -n "${RESTORE_ID:-}" ] && ! grep -qxF -- "$RESTORE_ID" "$RESTORED" 2>/dev/null; }

etcd_restore() {
  local snapshot
  install_all
  place_timed
  etcd_access || fail "no credential for etcd was placed"
  # Asked each time until the new data is in its place, also after a run that was killed: meanwhile somebody may have mended the old cluster.
  case $(repeatedly_answering) in
    restored)
      if ! restore_is_placed && [ "$(cat "$APPROVED" 2>/dev/null)" != "$RESTORE_ID" ]; then
        join_restored
        return
      fi
      ;;
    other)
      [ "$RESTORE_REPLACES_HEALTHY" = yes ] ||
        fail "etcd is healthy, so nothing is restored: all writes since the snapshot would be lost. If that is meant, set" \
          "cluster.etcd.restoreFrom.replaceHealthyCluster: true; if not, take cluster.etcd.restoreFrom out.$(placed_already)"
      ;;
  esac
  snapshot=$(snapshot_file)
  write_file 0600 root:root "$APPROVED" <<<"$RESTORE_ID"
  place_restored "$snapshot"
  restore_done
  etcd_start
  did "restored etcd from $RESTORE_SNAPSHOT"
}

restore_is_placed() { [ "$(cat "$DATA_DIRECTORY/member/restored" 2>/dev/null)" = "$RESTORE_ID" ]; }
placed_already() {
  ! restore_is_placed || echo " This host already has the snapshot's data: with restoreFrom taken out, also raise hosts.$HOST_NAME.incarnation, and it joins the others again"
}

# Which cluster has a quorum: `restored`, the one that this restore makes; `other`; or none, asked for 15 s. An answer tells the id.
repeatedly_answering() {
  local end=$((SECONDS + 15)) who
  while who=$(answering_cluster) && [ -z "$who" ] && [ "$SECONDS" -lt "$end" ]; do pause 0.5; done
  echo "$who"
}
answering_cluster() {
  local endpoint id who=""
  for endpoint in $(printf '%s,%s' "$RESTORE_ENDPOINTS" "$(cat "$KNOWN_MEMBERS")" | tr , '\n' | sort -u); do
    ETCDCTL_ENDPOINTS=$endpoint ETCD_TIMEOUT=2s etcd_do get ha-kubernetes/quorum >/dev/null 2>&1 || continue
    id=$(ETCDCTL_ENDPOINTS=$endpoint ETCD_TIMEOUT=2s etcd_do endpoint status -w fields 2>/dev/null | sed -n 's/^"ClusterID" : //p') || continue
    if [ "$id" = "$RESTORE_CLUSTER_ID" ]; then who=restored; elif [ -z "$who" ]; then who=other; fi
  done
  echo "$who"
}

# Where the snapshot is on this host, fetched if need be, and checked.
snapshot_file() {
  local place fetched=$DATA_DIRECTORY/restore-$RESTORE_ID.db found="" places=("$RESTORE_SNAPSHOT")
  if [[ $RESTORE_SNAPSHOT != /* ]]; then
    places=("$BACKUP_DIRECTORY/$RESTORE_SNAPSHOT")
    [ -z "$BACKUP_COPY_DIRECTORY" ] || places+=("$BACKUP_COPY_DIRECTORY/$RESTORE_SNAPSHOT")
    if [ -n "$BACKUP_SSH_DIRECTORY" ]; then
      places+=("$fetched")
      as_etcd sftp -F /etc/etcd-backup/ssh_config "target:$BACKUP_SSH_DIRECTORY/$RESTORE_SNAPSHOT" "$fetched" </dev/null >&2 || say "$RESTORE_SNAPSHOT could not be fetched by SFTP"
    fi
    if [ -n "${BACKUP_S3_URL:-}" ]; then
      places+=("$fetched")
      fetch_from_s3 "$BACKUP_S3_URL/$RESTORE_SNAPSHOT" "$fetched" || say "$RESTORE_SNAPSHOT could not be fetched from $BACKUP_S3_URL"
    fi
  fi
  for place in "${places[@]}"; do
    [ -f "$place" ] || continue
    if [ "$(sha256_of "$place")" = "$RESTORE_SHA256" ]; then
      echo "$place"
      return
    fi
    found+=" $place has SHA-256 $(sha256_of "$place");"
  done
  fail "the snapshot with SHA-256 $RESTORE_SHA256 is not here.${found:-" None of these exists: ${places[*]}"} Put it there; etcd was not touched"
}

# fetch_from_s3 URL FILE: in a shell of its own, whose `fail` ends nothing else.
fetch_from_s3() {
  # shellcheck disable=SC2016 # that shell's own arguments
  as_etcd bash -c '. /usr/local/lib/etcd-backup/common.sh; . /usr/local/lib/etcd-backup/s3.sh; s3_get "$@"' - "$BACKUP_S3_REGION" "$1" "$2" >&2
}

# Whatever is written into etcd's directory is written as etcd: root would follow what that user may have put there.
as_etcd() { (cd / && exec runuser -u etcd -- "$@"); }

# unpack_snapshot FILE COPY: of one that only root may read, such as an earlier cluster's; compressed or not, as its first two bytes tell. It must
# be what it is called, and no link to what the user etcd may not read.
unpack_snapshot() {
  local file program=(cat)
  exec {file}<"$1"
  [ "$(readlink "/proc/self/fd/$file")" = "$(readlink -f "${1%/*}")/${1##*/}" ] || fail "the snapshot $1 is a link: name the file itself"
  [ "$(od -An -tx1 -N2 "/proc/self/fd/$file")" != " 1f 8b" ] || program=(gzip -dc)
  # shellcheck disable=SC2016 # expanded by the inner shell
  "${program[@]}" <&"$file" | as_etcd bash -c 'umask 077 && cat >"$1"' - "$2" || fail "the snapshot can't be unpacked into $DATA_DIRECTORY"
  exec {file}<&-
}

# The new data in the place of the old.
place_restored() {
  local new=$DATA_DIRECTORY/restore-$RESTORE_ID log=/run/ha-kubernetes/restore.log
  if restore_is_placed; then return 0; fi
  as_etcd rm -rf "$new"
  unpack_snapshot "$1" "$new.snapshot"
  # Clients may know later revisions than the snapshot's. They must find them gone instead of going back in time, so revisions jump far
  # ahead, further than at any earlier restore.
  as_etcd /usr/local/bin/etcdutl snapshot restore "$new.snapshot" --data-dir "$new" --name "$HOST_NAME" --initial-cluster "$RESTORE_CLUSTER" --initial-cluster-token "$RESTORE_TOKEN" \
    --initial-advertise-peer-urls "$PEER_URL" --bump-revision "$RESTORE_REVISIONS" --mark-compacted >"$log" 2>&1 || fail "the snapshot can't be restored: $(tail -n 2 "$log" | tr '\n' ' ')"
  as_etcd tee "$new/member/restored" <<<"$RESTORE_ID" >/dev/null
  sync -f "$new"
  put_aside
  mv -T "$new/member" "$DATA_DIRECTORY/member"
  sync -f "$DATA_DIRECTORY"
}

# The old data stays until somebody removes it.
put_aside() {
  local aside=$DATA_DIRECTORY/before-restore-$RESTORE_ID
  systemctl stop etcd 2>/dev/null || true
  [ -d "$DATA_DIRECTORY/member" ] || return 0
  while [ -e "$aside" ]; do aside+=-again; done
  mv -T "$DATA_DIRECTORY/member" "$aside"
  did "kept the previous data in $aside"
}

restore_done() {
  rm -rf /etc/etcd/birth.env "$DATA_DIRECTORY/restore-$RESTORE_ID"{,.db,.db.part,.snapshot}
  write_file 0600 root:root "$KNOWN_MEMBERS" <<<"$RESTORE_ENDPOINTS"
  { cat "$RESTORED" 2>/dev/null || true; echo "$RESTORE_ID"; } | write_file 0600 root:root "$RESTORED"
  rm -f "$APPROVED"
}

join_restored() {
  put_aside
  write_file 0600 root:root "$KNOWN_MEMBERS" <<<"$RESTORE_ENDPOINTS"
  etcd_access
  with_turn etcd_join
  restore_done
}
