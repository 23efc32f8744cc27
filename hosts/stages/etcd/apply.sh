# shellcheck shell=bash
# Makes this host an etcd member and keeps it one. A member with data starts. A member without data joins as a learner when a peer
# answers. A new cluster starts only while the state knows of none, and never because peers are silent.

BOOTSTRAPPED=no
# Files that a running member does not read again.
readonly READ_AT_START=(/etc/systemd/system/etcd.service /etc/etcd/etcd.env /etc/etcd/pki/ca.crt)

apply_etcd() {
  valid_now "$(staged /etc/etcd/pki/ca.crt)" "$(staged /etc/etcd/pki/member.crt)"
  restore_wanted || quota_fits
  have_user
  take_place
  take_backup_directory
  mkdir -p /etc/etcd/pki
  [ -s "$KNOWN_MEMBERS" ] || write_file 0600 root:root "$KNOWN_MEMBERS" <<<"${BIRTH_ENDPOINTS:?this member was never started here and its first run was not told of any peer}"

  drop_timers
  restore_wanted || make_space
  restore_wanted || one_minor_up etcd "$(etcd_unit_version)" "$ETCD_VERSION" cluster.versions.etcd
  if etcd_started_here && ! restore_wanted; then snapshot_before_upgrade; fi
  if restore_wanted; then
    etcd_restore
    # Hosts restore at once, and none waits for another.
    BOOTSTRAPPED=yes
  elif [ ! -d "$DATA_DIRECTORY/member/wal" ]; then
    install_all
    etcd_enter
  elif removed_or_foreign; then
    with_turn etcd_rejoin
  elif ! etcd_started_here; then
    install_alone
    etcd_start
    did "started etcd $ETCD_VERSION again"
    # A host that knows no member but itself asks the others once they answer.
    [ "$(cat "$KNOWN_MEMBERS")" != "$LOCAL" ] || ! etcd_access || quorum_lost || say "etcd answers"
    take_put_off
  elif [ -n "$(differing_files)" ] || outdated etcd "${READ_AT_START[@]}"; then
    install_reloaded
    # A learner is never healthy, so it could not show after a restart that it is well again.
    [ "$PLACE" != learner ] || with_turn etcd_promote_or_rejoin
    if [ -n "$(differing_files)" ] || outdated etcd "${READ_AT_START[@]}"; then etcd_roll; fi
  fi
  rm -f /etc/etcd/birth.env
  keep_snapshots
  upgrade_begun
  systemctl is-enabled --quiet etcd || enable_units etcd
  etcd_access
  # A cluster that is just being born has no quorum yet, and nothing to look after.
  [ "$BOOTSTRAPPED" = yes ] || prove_membership
}

# The version that this host's unit runs; empty where there is none.
etcd_unit_version() { sed -n 's|^ExecStart=/opt/ha-kubernetes/etcd-\([0-9.]*\)/etcd\( .*\)\{0,1\}$|\1|p' /etc/systemd/system/etcd.service 2>/dev/null || true; }

install_all() { install_configured '/etc/etcd/*'; }
# install_configured GLOB: so much of the configuration, and what reads it.
install_configured() {
  local tool
  for tool in etcdctl etcdutl; do put_link "/opt/ha-kubernetes/etcd-$ETCD_VERSION/$tool" "/usr/local/bin/$tool"; done
  install_files "$1"
  install_files /etc/systemd/system/etcd.service
  systemctl is-enabled --quiet etcd || enable_units etcd
  reread_units etcd
}

# etcd reads its certificate and key at every handshake, and snapshots do not concern it: nothing is interrupted.
install_reloaded() {
  install_files '/etc/etcd/pki/member.*'
  place_timed
}

# Does not wait for a quorum: the other members' commands may not have started. The control plane's stage is what waits for one.
etcd_start() {
  local before
  before=$(etcd_invocation)
  systemctl reset-failed etcd 2>/dev/null || true
  systemctl restart --no-block etcd
  # Until then the old process may still answer and be healthy.
  wait_until 120 "systemd to start etcd again" etcd_has_another_invocation "$before"
  started etcd "${READ_AT_START[@]}"
  wait_until 60 "etcd to write its log" test -d "$DATA_DIRECTORY/member/wal"
  etcd_was_born || write_file 0644 root:root "$BORN" <<<"$OWNER"
}

# The last fault that it reported; of a wrong argument its first words, which its whole usage follows.
why_not_etcd_healthy_here() {
  local fault
  fault=$(journalctl -u etcd -n 300 -o cat 2>/dev/null | grep -E '^(flag provided|invalid value|.*"level":"(error|fatal|panic)"|.*"failed to verify flags")' | tail -n 1 | cut -c1-300)
  etcd_healthy_here || true
  echo "${fault:-$(journalctl -u etcd -n 1 -o cat | cut -c1-300)}"
}

etcd_invocation() { systemctl show -p InvocationID --value etcd; }
etcd_has_another_invocation() { [ "$(etcd_invocation)" != "$1" ]; }

etcd_enter() {
  etcd_access || fail "no credential for etcd was placed"
  if [ "${BIRTH_BOOTSTRAP:-no}" = yes ] && ! etcd_was_born && ! peer_answers; then
    write_birth_file "$BIRTH_CLUSTER" new
    etcd_start
    BOOTSTRAPPED=yes
    did "started etcd $ETCD_VERSION as a first member"
    return
  fi
  wait_until 60 "a quorum of the other etcd members to answer. This host has no etcd data, and the cluster was born before, so a new one is
not started here: start the other members first (or restore a backup, if none can be)" etcd_do member list
  with_turn etcd_join
}

etcd_join() {
  local id list lost
  read -r -a lost <<<"${BIRTH_LOST:-}"
  forget_lost_members "${lost[@]}"
  id=$(own_member_id)
  # A member that was never started may take its listed place. Any other member may have voted, and its promises went with its data.
  if [ -n "$id" ] && { [ "${BIRTH_BOOTSTRAP:-no}" != yes ] || etcd_was_born; }; then
    wait_until 60 "the other members to be healthy before the one without data is removed" other_members_healthy "$PEER_URL"
    still_my_turn
    wait_until 60 "etcd to let the member without data go" member_gone "$id"
    did "removed the stale member $id"
    id=""
  fi
  if [ -z "$id" ]; then
    wait_until 60 "the other members to be healthy before one is added" other_members_healthy "$PEER_URL"
    still_my_turn
    wait_until 60 "etcd to take this member in" etcd_member_added
  fi
  list=$(member_list | awk -F', ' -v url="$PEER_URL" -v own="$HOST_NAME" '{print ($4 == url ? own : $3) "=" $4}' | paste -sd,)
  write_birth_file "$list" existing
  etcd_start
  etcd_promote
  did "joined etcd $ETCD_VERSION as member $(own_member_id)"
}

# Asked again and again: etcd refuses while its members have been connected for less than 5 s.
etcd_member_added() {
  local id
  id=$(own_member_id) || return 1
  [ -n "$id" ] || etcd_do member add "$HOST_NAME" --peer-urls="$PEER_URL" --learner >/dev/null
}

write_birth_file() {
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=%s\n' "$1" "$2" | write_file 0644 root:root /etc/etcd/birth.env
}

# A learner votes once it has caught up.
etcd_promote() {
  still_my_turn
  wait_until 600 "this learner to catch up and be promoted" etcd_promoted
  wait_until 60 "etcd on this host to be healthy" etcd_healthy_here
}
etcd_promoted() {
  local line
  line=$(own_member)
  [ "$(awk -F', ' '{print $6}' <<<"$line")" = false ] || etcd_do member promote "${line%%,*}"
}

# Changes a running member: in turn when the others are healthy, alone when etcd has had no quorum for a while. Nothing else that runs is
# changed without a turn; this may be what brings the quorum back.
etcd_roll() {
  etcd_access || fail "no credential for etcd on this host"
  if quorum_lost; then
    say "etcd has no quorum: changing this member without a turn"
    install_alone
    etcd_start
    did "restarted etcd $ETCD_VERSION while there was no quorum"
    take_put_off
  else
    with_turn etcd_change
  fi
}

etcd_change() {
  if etcd_healthy_here; then wait_until 60 "the other members to be healthy before this one restarts" other_members_healthy "$PEER_URL"; fi
  old_is_unused
  still_my_turn
  install_all
  etcd_start
  wait_until 120 "etcd on this host to be healthy again" etcd_healthy_here
  did "restarted etcd $ETCD_VERSION"
}

apply_etcd
