# shellcheck shell=bash
# Takes this host out of the etcd cluster: as one member of a cluster that lives on, or with all of it.

undo_etcd() {
  if [ -d "$DATA_DIRECTORY/member" ] && is_ours "$DATA_DIRECTORY"; then leave_in_turn leave; fi
  stop_backup
  # A unit of somebody else's may be why this stage never came to its own.
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

leave() {
  local id others
  id=$(own_id)
  [ -n "$id" ] || return 0
  wait_until 60 "the other members to be healthy before this one leaves" others_healthy
  [ -n "$(others)" ] || fail "this is the only etcd member: removing it loses the cluster. Run destroy if that is meant"
  hand_over "$id"
  others=$(others | awk -F', ' '$5 != "" {print $5}' | cut -d, -f1 | paste -sd,)
  ETCDCTL_ENDPOINTS=$others wait_until 60 "etcd to take this member out" member_gone "$id"
  did "left the etcd cluster"
}

# The leader gives up its place before it goes, so that writes hardly stop.
hand_over() {
  local to
  if [ "$(ETCDCTL_ENDPOINTS=$LOCAL etcd_do endpoint status -w fields | awk -F' : ' '/"Leader"/ {printf "%x", $2}')" = "$1" ]; then
    to=$(others | awk -F', ' '$6 == "false" {print $1; exit}')
    ETCDCTL_ENDPOINTS=$LOCAL etcd_do move-leader "$to" >/dev/null || say "leadership did not move; an election will follow"
  fi
}

undo_etcd
