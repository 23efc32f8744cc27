# shellcheck shell=bash
# What this host's data is to the cluster, as the other members say. They list members only with a quorum, so what they say is so.

readonly RUN_BEGAN=$EPOCHSECONDS
# What etcd says when it can't live with its data: its log is damaged, cut short or gone, its database is damaged, or both are older
# than what this member once promised.
readonly DAMAGE='crc mismatch|failed to (read|open) WAL|cannot use none as id|has already been bootstrapped|invalid database|invalid page|Page expected to be|unexpected fault address|already freed|checksum error|file size too small|failed to recover v3 backend|Was the raft log corrupted, truncated, or lost|"error":"(proto:|unexpected EOF"|wal: (max entry size|slice bounds|snapshot|file not found|conflicting))'
PLACE=unknown

# ids_in_data DIRECTORY: `member cluster`, both in decimal, as the data there names them. Every file of etcd's write-ahead log begins with a checksum and with
# these two. A record follows eight bytes of its length, the last of which says how far it is padded.
ids_in_data() {
  local files=("$1"/member/wal/*.wal) byte at member
  [ -f "${files[-1]}" ] || return 1
  read -r -d '' -a byte < <(od -An -v -tu1 -N96 "${files[-1]}") || true
  [ ${#byte[@]} -eq 96 ] || return 1
  at=$((8 + byte[0] + (byte[7] & 7) + 8))
  # A record of type metadata, its checksum, and the length of what follows.
  [ "$at" -lt 50 ] && [ "${byte[*]:at:3}" = "8 1 16" ] || return 1
  at=$((at + 3))
  read_varint
  [ "${byte[at]}" = 26 ] && [ "${byte[at + 2]}" = 8 ] || return 1
  at=$((at + 3))
  read_varint
  member=$VARINT
  [ "${byte[at]}" = 16 ] || return 1
  at=$((at + 1))
  read_varint
  printf '%u %u\n' "$member" "$VARINT"
}
# read_varint: the number at `at` in `byte`, in protobuf's encoding, moves `at` behind it.
read_varint() {
  local shift=0 next=128
  VARINT=0
  while [ "$next" -ge 128 ]; do
    next=${byte[at]}
    at=$((at + 1))
    VARINT=$((VARINT | (next & 127) << shift))
    shift=$((shift + 7))
  done
}

# Sets PLACE: voter, learner, removed (the cluster that this data belongs to no longer lists it), foreign (the others are another
# cluster than the data's), unreadable (the data doesn't say whose it is), or unknown where none of the others has a quorum.
look_at_place() {
  local endpoint list="" member cluster
  PLACE=unknown
  for endpoint in $(tr , '\n' <"$KNOWN_MEMBERS"); do
    case $endpoint in "$LOCAL" | "${PEER_URL%:*}:"*) continue ;; esac
    if list=$(ETCDCTL_ENDPOINTS=$endpoint ETCD_TIMEOUT=2s etcd_do member list -w fields 2>/dev/null); then break; fi
  done
  [ -n "$list" ] || return 0
  if ! read -r member cluster < <(ids_in_data "$DATA_DIRECTORY"); then
    PLACE=unreadable
  elif ! grep -qx "\"ClusterID\" : $cluster" <<<"$list"; then
    PLACE=foreign
  elif ! grep -qx "\"ID\" : $member" <<<"$list"; then
    PLACE=removed
  elif [ "$(awk -F' : ' -v id="$member" '$1 == "\"ID\"" {own = ($2 == id)} own && $1 == "\"IsLearner\"" {print $2}' <<<"$list")" = true ]; then
    PLACE=learner
  else
    PLACE=voter
  fi
}

# Answers as a voter in a quorum, alarm or not.
etcd_serves() { ETCDCTL_ENDPOINTS=$LOCAL etcd_do get ha-kubernetes/quorum >/dev/null; }

# The line of etcd's log since this run began that reports damaged data. Lines about a full or failing disk don't count.
etcd_damage() {
  ! systemctl is-active --quiet etcd || return 0
  journalctl -q -u etcd --since "@$RUN_BEGAN" -o cat --no-pager | { grep -E "$DAMAGE" || true; } |
    { grep -vE 'no space left|permission denied|input/output error|read-only file system|cannot allocate' || true; } | tail -n 1 | sed 's/.*"error":"\([^"]*\).*/\1/' | cut -c1-200
}
etcd_serves_or_is_damaged() { etcd_serves || [ -n "$(etcd_damage)" ]; }
etcd_promoted_or_is_damaged() { etcd_promoted || [ -n "$(etcd_damage)" ]; }
why_not_etcd_serves_or_is_damaged() {
  local state
  state=$(systemctl show -p ActiveState,SubState --value etcd | paste -sd/)
  echo "etcd.service is $state: $(journalctl -q -u etcd -n 30 -o cat --no-pager | { grep -E '"level":"(error|fatal|panic)"|^panic|^fatal' || true; } | tail -n 1 | cut -c1-300)"
}

# The stage's end: where the others have a quorum, this member votes and answers. Where they have none there is nothing to prove it by.
prove_membership() {
  # A voter's place was asked for a moment ago, before anything was done.
  [ "$PLACE" = voter ] || look_at_place
  case $PLACE in
    voter | unreadable)
      wait_until 120 "etcd on this host to be healthy, as the other members are" etcd_serves_or_is_damaged
      ;;
    learner) with_turn etcd_promote_or_rejoin ;;
    *) refuse_foreign ;;
  esac
  if [ "$PLACE" = removed ] || { [ "$PLACE" != unknown ] && ! etcd_serves 2>/dev/null; }; then
    with_turn etcd_rejoin
  fi
  # It also keeps where members can be asked, for times when this one is down.
  if etcd_serves 2>/dev/null; then member_list >/dev/null; fi
}

# Asked before anything is started: a member that the others no longer list would only stop again.
removed_or_foreign() {
  etcd_access || return 1
  look_at_place
  refuse_foreign
  [ "$PLACE" = removed ]
}

refuse_foreign() {
  [ "$PLACE" != foreign ] ||
    fail "the data in $DATA_DIRECTORY belongs to another etcd cluster than the other members, who have a quorum, so this member can't join them." \
      "Raise hosts.$HOST_NAME.incarnation, which replaces it by a member with empty data, and run up"
}

etcd_promote_or_rejoin() {
  wait_until 600 "this learner to catch up and be promoted" etcd_promoted_or_is_damaged
  [ -n "$(etcd_damage)" ] || {
    wait_until 60 "etcd on this host to be healthy" etcd_serves
    did "promoted this member, which was still a learner"
  }
}

# Under the turn. Data of a member that the others no longer list is worth nothing to them, and data that etcd can't read is worth
# nothing to anybody; the others have everything that was committed, because they have a quorum and are all healthy. So it joins as a member without data
# would. The old data is kept beside the new; that of an earlier time like this one goes.
etcd_rejoin() {
  local why aside=$DATA_DIRECTORY/before-rejoin
  look_at_place
  why=$(etcd_damage)
  if [ "$PLACE" = removed ]; then
    why="this member was removed from the cluster"
  elif [ -z "$why" ]; then
    fail "etcd does not serve, and not because of its data: $(why_not_etcd_serves_or_is_damaged). Mend that, then run up again with another" \
      "cluster.repair. If nothing helps, raise hosts.$HOST_NAME.incarnation: the member is replaced by one with empty data"
  fi
  wait_until 60 "the other members to be healthy before this one joins again, because $why" other_members_healthy "$PEER_URL"
  systemctl stop etcd
  rm -rf "$aside"
  mv -T "$DATA_DIRECTORY/member" "$aside"
  did "put the old data into $aside: $why"
  install_all
  etcd_join
}
