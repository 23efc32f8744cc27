# shellcheck shell=bash
# The etcd cluster's members as this host sees them. `member list` prints a line
# `id, status, name, peer URLs, client URLs, is learner` for each.

# shellcheck disable=SC2034 # used by apply.sh and undo.sh
readonly BORN=$HOME_DIR/etcd-born LOCAL=https://127.0.0.1:2379

members() { etcd_surely member list; }
own_line() { members | awk -F', ' -v url="$PEER_URL" '$4 == url'; }
own_id() { own_line | cut -d, -f1; }
others() { members | awk -F', ' -v url="$PEER_URL" '$4 != url'; }

local_healthy() { ETCDCTL_ENDPOINTS=$LOCAL etcd_do endpoint health >/dev/null 2>&1; }
# What the unit of this host has become: a member in a quorum, or one that waits for one.
local_started() { systemctl is-active --quiet etcd || [ "$(systemctl show -p SubState --value etcd)" = start ]; }

# A peer answers: it has a quorum. A member that still waits for one lets clients connect and says nothing, so it gets 2 s.
peer_answers() { ETCD_TIMEOUT=2s etcd_do member list >/dev/null 2>&1; }

# Where members can be asked, kept for times when this host's own member is down.
remember_endpoints() {
  local urls
  urls=$(members | awk -F', ' '$5 != "" {print $5}' | cut -d, -f1 | sort | paste -sd,)
  [ -n "$urls" ] || fail "etcd lists no member that serves clients"
  [ "$urls" = "$(cat "$KNOWN_MEMBERS" 2>/dev/null)" ] || write_file 0600 root:root "$KNOWN_MEMBERS" <<<"$urls"
}

# Every other voting member answers, so that one may be away for a moment.
others_healthy() {
  local id name client learner list sick=""
  list=$(others) || return 1
  while IFS=, read -r id _ name _ client learner; do
    [ "${learner// /}" = false ] || continue
    if ! ETCDCTL_ENDPOINTS=${client// /} etcd_do endpoint health >/dev/null 2>&1; then sick+="${name:- $id}"; fi
  done <<<"$list"
  [ -z "$sick" ] || {
    echo "not healthy:$sick"
    return 1
  }
}
