#!/usr/bin/env bash
# A restore drill: restores this host's newest snapshot into a scratch etcd that answers on loopback alone, and compares what it holds
# with the facts that were noted when the snapshot was taken. Touches nothing of the running member.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

readonly CLIENT_PORT=2391 PEER_PORT=2392
SCRATCH="" SERVER=""

end() {
  if [ -n "$SERVER" ] && kill -KILL "$SERVER" 2>/dev/null; then wait "$SERVER" 2>/dev/null || true; fi
  [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
}

restore() {
  unpacked "$1" >"$SCRATCH/snapshot" || fail "$1 can't be unpacked"
  etcdutl snapshot restore "$SCRATCH/snapshot" --name drill --data-dir "$SCRATCH/data" --initial-cluster-token drill --initial-cluster "drill=https://127.0.0.1:$PEER_PORT" \
    --initial-advertise-peer-urls "https://127.0.0.1:$PEER_PORT" >"$SCRATCH/log" 2>&1 || fail "$1 can't be restored: $(tail -n 1 "$SCRATCH/log")"
}

# As closed as the real one. Its disk writes need not last.
serve() {
  "$(dirname "$(readlink -f "$(command -v etcdutl)")")/etcd" --name drill --data-dir "$SCRATCH/data" --unsafe-no-fsync --initial-cluster "drill=https://127.0.0.1:$PEER_PORT" \
    --listen-client-urls "https://127.0.0.1:$CLIENT_PORT" --advertise-client-urls "https://127.0.0.1:$CLIENT_PORT" \
    --listen-peer-urls "https://127.0.0.1:$PEER_PORT" --initial-advertise-peer-urls "https://127.0.0.1:$PEER_PORT" \
    --client-cert-auth --trusted-ca-file "$ETCDCTL_CACERT" --cert-file "$ETCDCTL_CERT" --key-file "$ETCDCTL_KEY" --peer-client-cert-auth \
    --peer-trusted-ca-file "$ETCDCTL_CACERT" --peer-cert-file "$ETCDCTL_CERT" --peer-key-file "$ETCDCTL_KEY" 9<&- >"$SCRATCH/log" 2>&1 &
  SERVER=$!
  local deadline=$((SECONDS + 300))
  until etcd_at "$CLIENT_PORT" endpoint health >/dev/null 2>&1; do
    kill -0 "$SERVER" 2>/dev/null || fail "the scratch etcd ended: $(tail -n 1 "$SCRATCH/log")"
    [ "$SECONDS" -lt "$deadline" ] || fail "the scratch etcd is not healthy after 300 s: $(tail -n 1 "$SCRATCH/log")"
    sleep 0.2
  done
}

compare() {
  [ "$2" = "$3" ] || fail "$FILE: $1 is ${2:-not to be had}, but was $3 when the snapshot was taken. Do not rely on it: see whether the others are right, and take a new one"
}

exec 9<"$BACKUP_DIRECTORY"
flock 9
trap end EXIT
rm -rf "$BACKUP_DIRECTORY"/.drill.*
CLUSTER=$(etcd_at 2379 endpoint status -w fields 2>/dev/null | status ClusterID) || CLUSTER=""
FILE=$(snapshots "$BACKUP_DIRECTORY" | tail -n 1)
[ -n "$FILE" ] || fail "there is no snapshot in $BACKUP_DIRECTORY yet"
compare "its SHA-256" "$(sha256_of "$FILE")" "$(fact sha256 "$FILE")"
database=$(fact database "$FILE")
room_for $((2 * ${database:-$(fact size "$FILE")} + 2 * 67108864)) # it unpacked, the database and two segments of etcd's log
SCRATCH=$(mktemp -d "$BACKUP_DIRECTORY/.drill.XXXXXXXX")
restore "$FILE"
serve
revision=$(fact revision "$FILE")
compare "its revision" "$(etcdutl snapshot status "$SCRATCH/snapshot" -w fields | status Revision)" "$revision"
keys=$(keys_at "$CLIENT_PORT" "$revision") || fail "$FILE: the restored etcd does not know revision $revision"
compare "its number of keys" "$keys" "$(fact keys "$FILE")"
refuse_future
age=$(minutes_ago "$(fact taken "$FILE")")
echo "$FILE restores: revision $revision, $keys keys, taken $age minutes ago, restored and serving in $SECONDS s"
[ "$age" -le $((3 * BACKUP_MINUTES)) ] || fail "but it is $age minutes old, and one is due every $BACKUP_MINUTES: see systemctl status etcd-backup.service"
