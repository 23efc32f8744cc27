# shellcheck shell=bash
# The etcd cluster's members as this host sees them.

readonly BORN=$HOME_DIR/etcd-born LOCAL=https://127.0.0.1:2379

# There once this host has started a member of this cluster.
etcd_was_born() { [ -f "$BORN" ]; }
own_member() { member_list | awk -F', ' -v url="$PEER_URL" '$4 == url'; }
own_member_id() { own_member | cut -d, -f1; }

etcd_healthy_here() { ETCDCTL_ENDPOINTS=$LOCAL etcd_do endpoint health >/dev/null 2>&1; }
# What the unit of this host has become: a member in a quorum, or one that waits for one.
etcd_started_here() { systemctl is-active --quiet etcd || [ "$(systemctl show -p SubState --value etcd)" = start ]; }

# A peer answers: it has a quorum. A member that still waits for one lets clients connect and says nothing, so it gets 2 s.
peer_answers() { ETCD_TIMEOUT=2s etcd_do member list >/dev/null 2>&1; }
