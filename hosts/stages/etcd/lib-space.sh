# shellcheck shell=bash
# A database that has reached its quota raises the alarm NOSPACE, and then etcd takes neither writes nor leases until somebody makes
# room and disarms it. The turn is a lease, so here hosts go without it, in the order of the members' names. None waits for another
# without end, because its command may not have started. An early host does the same work in the same order, and skips members that have
# been defragmented.

space_is_out() { [[ $(etcd_do alarm list 2>/dev/null) == *alarm:NOSPACE* ]]; }

# Compacts, defragments and disarms; where that is not enough, this member restarts with the config's quota, and the last member to do
# so disarms.
make_space() {
  etcd_access || return 0
  space_is_out || return 0
  say "etcd's database has reached its quota, so it takes no writes: making room without the turn, which would be one"
  wait_for_earlier_members
  space_is_out || return 0
  forget_history
  defragment_members
  if room_everywhere; then
    disarm_alarm
    return
  fi
  raise_quota
}

# member_state ENDPOINT: `size used quota role` of the member there: bytes, and leader or follower. One that does not answer has - for each.
member_state() {
  local state
  state=$(ETCDCTL_ENDPOINTS=$1 etcd_do endpoint status -w fields 2>/dev/null | awk -F' : ' -v quota="$QUOTA_BYTES" '
    {is[$1] = $2}
    END {
      # etcd 3.5 does not tell its quota.
      if ("\"DBSizeQuota\"" in is) quota = is["\"DBSizeQuota\""]
      if (is["\"DBSize\""] != "") print is["\"DBSize\""], is["\"DBSizeInUse\""], quota, is["\"Leader\""] == is["\"MemberID\""] ? "leader" : "follower"
    }') || true
  echo "${state:-- - - -}"
}
# `name endpoint size used quota role` of each member that serves clients, by name.
member_states() {
  local name client
  member_list | awk -F', ' '$5 != "" {print $3, $5}' | sort | while read -r name client; do
    echo "$name ${client%%,*} $(member_state "${client%%,*}")"
  done
}

# Half a minute for each member before this one, no longer.
wait_for_earlier_members() {
  local earlier end
  earlier=$(member_list | awk -F', ' -v own="$HOST_NAME" '$3 != "" && $3 < own' | wc -l)
  end=$((SECONDS + 30 * earlier))
  while [ "$SECONDS" -lt "$end" ] && space_is_out && ! earlier_are_done; do pause 1; done
}
# They have been defragmented, run with this quota already and still have no room, so it is this member's turn.
earlier_are_done() {
  member_states | awk -v own="$HOST_NAME" -v quota="$QUOTA_BYTES" '$1 < own && ($5 != quota || ($3 - $4) * 20 >= $3) {left = 1} END {exit left}'
}

# Old revisions: nothing is written now, so clients are at the newest one or soon will be.
forget_history() {
  local revision said
  revision=$(etcd_surely endpoint status -w fields | sed -n 's/^"Revision" : //p' | sort -n | head -n 1)
  said=$(ETCD_TIMEOUT=10m etcd_do compact --physical "$revision" 2>&1) || [[ $said == *"has been compacted"* ]] ||
    fail "etcd can't be compacted to revision $revision: $(tail -n 1 <<<"$said")"
}

# One after another, the leader last; only where a twentieth of the file or more is unused.
defragment_members() {
  local name endpoint size used role
  member_states | sort -s -k6,6 | while read -r name endpoint _; do
    # As it is by now.
    read -r size used _ role < <(member_state "$endpoint")
    [ "$role" != - ] || continue
    [ $(((size - used) * 20)) -ge "$size" ] || continue
    wait_until 60 "all etcd members to answer before that of $name is defragmented" all_serve
    ETCDCTL_ENDPOINTS=$endpoint ETCD_TIMEOUT=10m etcd_do defrag >/dev/null || fail "the member of $name could not be defragmented"
    did "defragmented the member of $name, which had $((size / 1048576)) MiB with $((used / 1048576)) MiB in use"
  done
}

# Every voting member answers, alarm or not.
all_serve() {
  local list name client learner silent=""
  list=$(etcd_do member list) || return 1
  while IFS=, read -r _ _ name _ client learner; do
    [ "${learner// /}" = false ] || continue
    { [ "$client" != " " ] && ETCDCTL_ENDPOINTS=${client// /} etcd_do get ha-kubernetes/quorum >/dev/null 2>&1; } || silent+="${name:- (never started)}"
  done <<<"$list"
  [ -z "$silent" ] || {
    echo "not answering:$silent"
    return 1
  }
}

# A twentieth of its quota is free on each member: room for the turns of what comes next. Not where no member could be asked.
room_everywhere() { member_states | awk '$3 == "-" || $3 * 20 > $5 * 19 {full = 1} END {exit full || NR == 0}'; }

disarm_alarm() {
  etcd_surely alarm disarm >/dev/null
  ! space_is_out || fail "etcd raised the alarm NOSPACE again"
  did "disarmed etcd's alarm NOSPACE: it takes writes again"
}

raise_quota() {
  local states full
  states=$(member_states)
  full=$(awk '$3 != "-" {printf " %s has %d MiB of %d MiB in use;", $1, $4 / 1048576, $5 / 1048576}' <<<"$states")
  if awk -v quota="$QUOTA_BYTES" '$5 < quota {lower = 1} END {exit lower}' <<<"$states"; then
    fail "etcd's database is full, and nothing is left to give back:$full raise cluster.etcd.quotaMebibytes, or delete objects (that still works)," \
      "and run up with another cluster.repair"
  fi
  # Not of a member without data, and not where this one has its new quota already.
  if [ -d "$DATA_DIRECTORY/member/wal" ] && ! awk -v own="$HOST_NAME" -v quota="$QUOTA_BYTES" '$1 == own && $5 >= quota {had = 1} END {exit !had}' <<<"$states"; then
    wait_until 60 "all etcd members to answer before this one restarts with its new quota" all_serve
    install_all
    etcd_start
    wait_until 120 "etcd on this host to be healthy again" etcd_serves
    did "restarted etcd with a quota of $((QUOTA_BYTES / 1048576)) MiB"
  fi
  if room_everywhere; then disarm_alarm; else say "the alarm NOSPACE stays until the other members have the new quota, too"; fi
}

# etcd starts with a quota below its database, raises the alarm at once and takes no writes. Where this host's member has a higher quota
# and a database that would leave no twentieth of the new one free, nothing is changed.
quota_fits() {
  local own had size=0
  own=$(sed -n 's/^ETCD_QUOTA_BACKEND_BYTES=//p' /etc/etcd/etcd.env 2>/dev/null || true)
  [ -n "$own" ] && [ "$QUOTA_BYTES" -lt "$own" ] || return 0
  had=$DATA_DIRECTORY/member/snap/db
  [ -s "$had" ] || return 0
  size=$(stat -c %s "$had")
  [ $((size * 20)) -gt $((QUOTA_BYTES * 19)) ] || return 0
  fail "the new quota of etcd is too low: $((QUOTA_BYTES / 1048576)) MiB for a database of $((size / 1048576)) MiB, with which etcd would" \
    "take no writes; nothing was changed. Set cluster.etcd.quotaMebibytes to $((own / 1048576)) again (cluster.size sets it, too), or let etcd" \
    "give back what it does not use: delete objects, run etcdctl defrag on each member and run up with another cluster.repair"
}
