# shellcheck shell=bash
# Whose etcd data are, where no mark says it: those of a device that the previous release took, on a machine that is new. etcd's log holds
# the id of the member that wrote it, which is a hash of its URL and of its cluster's token; or, of one that joined later, the time.

# data_is_ours DIRECTORY: this member's: a first member of this cluster by its id alone, another one by the word of its peers. A device that
# the program made for this host itself, as for a machine of a cloud, was never anybody else's.
data_is_ours() {
  local ids id token
  [ -d "$1/member/wal" ] || return 1
  if [ -n "${MACHINE:-}" ] && [ -n "$DATA_DEVICE" ]; then return 0; fi
  ids=$(ids_in_data "$1") || return 1
  id=$(printf %x "${ids% *}")
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
