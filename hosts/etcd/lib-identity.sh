# shellcheck shell=bash
# Whose etcd data are, where no mark says it: those of a device that the release before took, on a machine that is new. etcd's log holds
# the id of the member that wrote it, which is a hash of its URL and of its cluster's token; or, of one that joined later, the time.

# says_ours DIRECTORY: this member's: a first member of this cluster by its id alone, another one by the word of its peers. A device that
# the program made for this host itself, as for a machine of a cloud, was never anybody else's.
says_ours() {
  local id token
  [ -d "$1/member/wal" ] || return 1
  if [ -n "${MACHINE:-}" ] && [ -n "$DATA_DEVICE" ]; then return 0; fi
  id=$(id_in_log "$1/member/wal") && [ -n "$id" ] || return 1
  for token in "$OWNER" "${RESTORE_TOKEN:-$OWNER}"; do
    [ "$id" != "$(first_member_id "$token")" ] || return 0
  done
  peers_know "$id"
}

# As etcd computes it and prints it, in hex without zeros at the front.
first_member_id() {
  local sum
  sum=$(printf %s "$PEER_URL$1" | sha1sum)
  printf '%x\n' "0x${sum:0:16}"
}

# Asked over TLS, with this cluster's certificates, which the bundle has and the host may not have yet.
peers_know() {
  local certificate endpoints
  certificate=$(staged "$ETCD_PKI/member.crt")
  endpoints=${BIRTH_ENDPOINTS:-$(cat "$KNOWN_MEMBERS" 2>/dev/null || true)}
  [ -n "$endpoints" ] && [ -n "$certificate" ] || return 1
  ETCDCTL_ENDPOINTS=$endpoints ETCDCTL_CERT=$certificate ETCDCTL_KEY=$(staged "$ETCD_PKI/member.key") ETCDCTL_CACERT=$(staged "$ETCD_PKI/ca.crt") \
    etcd_do member list 2>/dev/null | awk -F', ' -v id="$1" -v url="$PEER_URL" '$1 == id && $4 == url {found = 1} END {exit !found}'
}

# id_in_log FOLDER: each file of the log begins with a frame for the checksum and one for the ids. A frame is 8 bytes of length, the
# first of which is the lowest and the last tells what fills up; then a protobuf: 08 kind, 10 checksum, 1a length and 08 id 10 cluster.
id_in_log() {
  local file bytes at id=0 shift=0
  file=$(find "$1/" -maxdepth 1 -type f -name '*.wal' | sort | tail -n 1)
  [ -n "$file" ] || return 1
  read -r -a bytes < <(od -An -v -w96 -tu1 -N 96 "$file")
  [ ${#bytes[@]} -eq 96 ] || return 1
  at=$((8 + bytes[0] + (bytes[7] & 128 ? bytes[7] & 7 : 0) + 8))
  [ "$at" -lt 40 ] && [ "${bytes[at]} ${bytes[at + 1]} ${bytes[at + 2]}" = "8 1 16" ] || return 1
  at=$((at + 3))
  while ((bytes[at] & 128)); do at=$((at + 1)); done
  [ "${bytes[at + 1]} ${bytes[at + 3]}" = "26 8" ] || return 1
  at=$((at + 4))
  while :; do
    id=$((id | (bytes[at] & 127) << shift))
    ((bytes[at] & 128)) || break
    at=$((at + 1)) shift=$((shift + 7))
    [ "$at" -lt 96 ] || return 1
  done
  printf '%x\n' "$id"
}
