# shellcheck shell=bash
# What a host that is gone for good left behind in the cluster is removed by others, under the cluster-wide turn.

# forget_lost_members NAME...: their etcd members, which count against the quorum as long as they are listed.
forget_lost_members() {
  local name line client
  for name; do
    line=$(member_list | awk -F', ' -v name="$name" '$3 == name')
    [ -n "$line" ] || continue
    client=$(awk -F', ' '{print $5}' <<<"$line")
    if [ -n "$client" ] && ETCDCTL_ENDPOINTS=$client etcd_do endpoint health >/dev/null 2>&1; then
      fail "hosts.$name.lost is true, but its etcd member answers at $client. Take lost back, or switch the host off"
    fi
    still_my_turn
    wait_until 60 "etcd to take out the member of $name" member_gone "${line%%,*}"
    did "removed the etcd member of $name, which is lost"
  done
}

# member_gone ID: asks etcd to take this member out until it is no longer listed.
member_gone() {
  local list
  list=$(etcd_do member list) || return 1
  grep "^$1," <<<"$list" >/dev/null || return 0
  etcd_do member remove "$1" >/dev/null || return 1
  echo "it is still listed"
  return 1
}

# forget_lost_nodes KUBECTL NAME...: their Nodes, and their entries among the control planes.
forget_lost_nodes() {
  local kubectl=$1 name
  shift
  for name; do
    if [ -n "$("$kubectl" get node "$name" --ignore-not-found -o name)" ]; then
      # Kubernetes itself needs 50 s to see that a node is silent.
      wait_until 90 "the Node of $name to stop being Ready, because hosts.$name.lost is true. Take lost back, or switch the host off" \
        node_is_silent "$kubectl" "$name"
      still_my_turn
      "$kubectl" delete node "$name" >/dev/null
      did "deleted the Node of $name, which is lost"
    fi
    if [ -n "$(etcd_surely get "ha-kubernetes/control-plane/$name")" ]; then
      etcd_surely del "ha-kubernetes/control-plane/$name" >/dev/null
      etcd_surely del "ha-kubernetes/leaving/$name" >/dev/null
      etcd_surely del "ha-kubernetes/announces/$name" >/dev/null
      "$kubectl" patch configmap ha-kubernetes -n kube-system --type merge \
        -p "{\"data\":{\"control-plane.$name\":null,\"leaving.$name\":null,\"announces.$name\":null}}" >/dev/null
    fi
  done
}

node_is_silent() {
  local ready
  ready=$("$1" get node "$2" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
  echo "its condition Ready is $ready"
  [ "$ready" != True ]
}

# True when something of these hosts is still listed.
lost_are_listed() {
  local kubectl=$1 name members
  shift
  members=$(member_list | awk -F', ' '{print $3}')
  for name; do
    if grep -xF "$name" <<<"$members" >/dev/null; then return 0; fi
    if [ -n "$(etcd_surely get "ha-kubernetes/control-plane/$name")" ]; then return 0; fi
    if [ -n "$("$kubectl" get node "$name" --ignore-not-found -o name)" ]; then return 0; fi
  done
  return 1
}
