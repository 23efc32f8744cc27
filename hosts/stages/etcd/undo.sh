# shellcheck shell=bash
# Takes this host out of the etcd cluster: as one member of a cluster that lives on, or with all of it.

undo_etcd() {
  if [ -d "$DATA_DIRECTORY/member" ] && is_ours "$DATA_DIRECTORY"; then
    leave_in_turn etcd_leave etcd_try_to_leave
  fi
  stop_backup
  # A foreign unit may be the reason why this stage never installed its own.
  if grep -qs '^ExecStart=/opt/ha-kubernetes/' /etc/systemd/system/etcd.service; then systemctl disable --quiet --now etcd 2>/dev/null || true; fi
  release_place
  remove_files
  forget_started etcd
  rm -f /etc/etcd/birth.env
  rmdir /etc/etcd/pki /etc/etcd 2>/dev/null || true
  rm -rf "$BORN" "$KNOWN_MEMBERS" "$RESTORED" "$APPROVED" "$UPGRADE"
  remove_link /usr/local/bin/etcdutl
  [ -s "$KUBERNETES_PKI/apiserver-etcd-client.crt" ] || remove_link /usr/local/bin/etcdctl
  systemctl daemon-reload
  did "removed etcd and its data"
  leave_snapshots
  drop_user
  forget_saved
}

etcd_leave() {
  local id others
  id=$(own_member_id)
  [ -n "$id" ] || return 0
  wait_until 60 "the other members to be healthy before this one leaves" other_members_healthy "$PEER_URL"
  [ -n "$(other_members "$PEER_URL")" ] || fail "this is the only etcd member: removing it loses the cluster. Run destroy if that is meant; where destroy" \
    "says this, touch $TEARDOWN on this host and run it again"
  still_my_turn
  etcd_hand_over
  others=$(other_members "$PEER_URL" | awk -F', ' '$5 != "" {print $5}' | cut -d, -f1 | paste -sd,)
  ETCDCTL_ENDPOINTS=$others wait_until 60 "etcd to take this member out" member_gone "$id"
  did "left the etcd cluster"
}

# Where the first `up` never came to its end: the others are told once, if they can go on without this member. Nothing is lost where not.
etcd_try_to_leave() {
  local list others id
  if ! etcd_has_quorum || ! list=$(etcd_do member list); then return 0; fi
  id=$(awk -F', ' -v url="$PEER_URL" '$4 == url {print $1}' <<<"$list")
  others=$(awk -F', ' -v url="$PEER_URL" '$4 != url' <<<"$list")
  if [ -z "$id" ] || [ -z "$others" ] || ! all_healthy <<<"$others" >/dev/null; then return 0; fi
  ETCDCTL_ENDPOINTS=$(awk -F', ' '{print $5}' <<<"$others" | paste -sd,) etcd_do member remove "$id" >/dev/null 2>&1 || say "the others did not take this member out"
}

# The leader gives up its place before it goes, so that writes hardly stop.
etcd_hand_over() {
  local to
  etcd_is_leader || return 0
  to=$(other_members "$PEER_URL" | awk -F', ' '$6 == "false" {print $1; exit}')
  ETCDCTL_ENDPOINTS=$LOCAL etcd_do move-leader "$to" >/dev/null || say "leadership did not move; an election will follow"
}
# Both ids as etcdctl prints them here, in decimals of 64 bits: more than awk can tell apart.
etcd_is_leader() {
  local status
  status=$(ETCDCTL_ENDPOINTS=$LOCAL etcd_do endpoint status -w fields) || return 1
  [ "$(sed -n 's/^"Leader" : //p' <<<"$status")" = "$(sed -n 's/^"MemberID" : //p' <<<"$status")" ]
}

undo_etcd
