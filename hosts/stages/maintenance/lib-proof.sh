# shellcheck shell=bash
# What must be well before this host goes away, and what of this host must be well afterwards.

if has_role control-plane; then
  api_as_admin "https://$(host_port "$HOST_ADDRESS" 6443)"
else
  api_as_kubelet
fi

# Every other host that does what this one does is asked itself, so that no more than one of them is away.
others_are_well() {
  if is_balancer; then wait_until 120 "every other balancer to be healthy before this host goes away" other_balancers_healthy; fi
  if ! etcd_access; then return 0; fi
  wait_until 120 "every other etcd member to be healthy before this host goes away" other_members_healthy "$PEER_URL"
  # A host of etcd alone trusts no authority of apiservers, and takes none away.
  if has_role control-plane; then
    wait_until 120 "every other control plane to be ready before this host goes away" other_control_planes_ready
  fi
}
other_control_planes_ready() {
  local name address away=()
  while read -r name address; do
    if [ "$name" != "$HOST_NAME" ] && ! apiserver_ready "$address"; then away+=("$name"); fi
  done < <(control_planes)
  [ ${#away[@]} -eq 0 ] || {
    echo "not ready: ${away[*]}. Bring them back, then run up again"
    return 1
  }
}

prove_host() {
  if has_role etcd; then wait_until 180 "etcd on this host to be healthy" own_member_healthy; fi
  if has_role control-plane; then wait_until 300 "the apiserver of this host to be ready" apiserver_ready "$HOST_ADDRESS"; fi
  serve_clients
  if is_node; then
    # Whatever it was before.
    # shellcheck disable=SC2034 # the proof reads it
    KUBERNETES_VERSION=$(kubelet_version)
    prove_node ""
  fi
}
own_member_healthy() { etcd_access && ETCDCTL_ENDPOINTS=https://127.0.0.1:2379 etcd_do endpoint health >/dev/null 2>&1; }
