#!/usr/bin/env bash
# Gives back what this host's etcd member no longer uses of its database file. Without this the file grows until it reaches its quota. One
# member at a time, under the cluster's turn; not while another member is away; followers first; a leader hands over before. Runs as the
# user etcd under systemd, which sets UNUSED_PERCENT: from this part of the file on it is worth the moment in which the member stands still.

# shellcheck source-path=SCRIPTDIR source=common.sh
. /usr/local/lib/etcd-backup/common.sh
readonly LOCAL=https://127.0.0.1:2379
# Below this a file is not worth it, however little of it is used.
readonly SMALL=$((100 * 1048576))

later() {
  echo "not now: $*"
  exit 0
}
member_at() { etcdctl --endpoints="$1" --dial-timeout=2s "${@:2}" </dev/null; }

# state ENDPOINT: sets SIZE, USED, QUOTA (bytes; 0 where etcd 3.5 does not tell it), MEMBER, LEADER (ids) and LEARNER of the member there.
state() {
  local said
  said=$(member_at "$1" --command-timeout=5s endpoint status -w fields 2>/dev/null) || return 1
  field() { sed -n "s/^\"$1\" : //p" <<<"$said"; }
  SIZE=$(field DBSize) USED=$(field DBSizeInUse) QUOTA=$(field DBSizeQuota)
  MEMBER=$(field MemberID) LEADER=$(field Leader) LEARNER=$(field IsLearner)
  QUOTA=${QUOTA:-0}
}

# Of what `state` found. Where three quarters of the quota are taken, a tenth of the file is enough.
worth_it() {
  local percent=$UNUSED_PERCENT
  if [ "$QUOTA" -gt 0 ] && [ $((SIZE * 4)) -ge $((QUOTA * 3)) ] && [ "$percent" -gt 10 ]; then percent=10; fi
  [ "$SIZE" -ge "$SMALL" ] && [ $(((SIZE - USED) * 100)) -ge $((SIZE * percent)) ]
}

own_state() { state "$LOCAL" || later "etcd on this host does not answer"; }

# The members that are not this one, as `endpoint id`, the id in hexadecimal; all well, or nothing is done.
others_are_well() {
  local list id status name client learner
  list=$(member_at "$LOCAL" --command-timeout=5s member list) || later "the members can't be listed"
  OTHERS=()
  while IFS=, read -r id status name _ client learner; do
    client=${client// /} name=${name// /}
    [ "$(printf '%x' "$MEMBER")" != "$id" ] || continue
    [ "${learner// /}" = false ] || later "the member of ${name:-an unknown host} is still a learner"
    { [ "${status// /}" = started ] && member_at "$client" --command-timeout=5s endpoint health >/dev/null 2>&1; } ||
      later "the member of ${name:-an unknown host} is away or not healthy"
    OTHERS+=("$client $id")
  done <<<"$list"
}

# Under the turn. Followers first: as long as one is due, the leader waits for its next time.
defragment() {
  local other before to="" end
  own_state
  worth_it || later "nothing to do any more"
  others_are_well
  if [ "$LEADER" = "$MEMBER" ] && [ ${#OTHERS[@]} -gt 0 ]; then
    for other in "${OTHERS[@]}"; do
      state "${other% *}" || later "a member stopped answering"
      ! worth_it || later "this member leads, and a follower is due first"
      to=${other#* }
    done
    member_at "$LOCAL" --command-timeout=10s move-leader "$to" >/dev/null || later "leadership did not move"
    own_state
  fi
  before=$SIZE
  member_at "$LOCAL" --command-timeout=15m defrag >/dev/null || fail "etcd on this host could not be defragmented"
  end=$((SECONDS + 120))
  until member_at "$LOCAL" --command-timeout=5s endpoint health >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || fail "etcd on this host is not healthy 120 s after it was defragmented"
    sleep 0.5
  done
  own_state
  echo "defragmented: $((before / 1048576)) MiB were, $((SIZE / 1048576)) MiB are the database of this host"
}

if [ "${1:-}" = under-the-turn ]; then
  defragment
  exit
fi
own_state
[ "$LEARNER" = false ] || later "this member is still a learner"
case $(member_at "$LOCAL" --command-timeout=5s alarm list) in
  *NOSPACE*) fail "etcd's database has reached its quota: raise cluster.etcd.quotaMebibytes, or delete objects, and run up with another cluster.repair" ;;
esac
worth_it || {
  echo "nothing to do: $((USED / 1048576)) MiB of $((SIZE / 1048576)) MiB are in use"
  exit 0
}
others_are_well
# The same lock as that of `up`: neither changes a member while the other does.
member_at "$LOCAL" lock --ttl=120 -- ha-kubernetes/turn "$0" under-the-turn
