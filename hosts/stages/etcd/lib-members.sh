# shellcheck shell=bash
# The etcd cluster's members as this host sees them.

# shellcheck disable=SC2034 # used by apply.sh and undo.sh
readonly BORN=$HOME_DIR/etcd-born LOCAL=https://127.0.0.1:2379

own_line() { member_list | awk -F', ' -v url="$PEER_URL" '$4 == url'; }
own_id() { own_line | cut -d, -f1; }
others() {
  local list
  list=$(member_list) || return 1
  awk -F', ' -v url="$PEER_URL" '$4 != url' <<<"$list"
}

local_healthy() { ETCDCTL_ENDPOINTS=$LOCAL etcd_do endpoint health >/dev/null 2>&1; }
# What the unit of this host has become: a member in a quorum, or one that waits for one.
local_started() { systemctl is-active --quiet etcd || [ "$(systemctl show -p SubState --value etcd)" = start ]; }

# A peer answers: it has a quorum. A member that still waits for one lets clients connect and says nothing, so it gets 2 s.
peer_answers() { ETCD_TIMEOUT=2s etcd_do member list >/dev/null 2>&1; }

# Every other voting member answers, so that one may be away for a moment.
others_healthy() {
  local list
  list=$(others) || return 1
  [ -z "$list" ] || all_healthy <<<"$list"
}
