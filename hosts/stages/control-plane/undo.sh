# shellcheck shell=bash
# Takes this control plane away: out of a cluster that lives on, or with all of it.

undo_control_plane() {
  if [ -f "$HOME_DIR/control-plane-born" ]; then leave_in_turn control_plane_leave; fi
  stop_approver
  reset_node
  remove_files
  rmdir /usr/local/lib/ha-kubernetes 2>/dev/null || true
  rm -f "$HOME_DIR"/{control-plane-born,cordoned,converged-control-plane,control-plane-restored,kubernetes-certificates,manifests.sums,control-plane-labels,control-plane-annotations,control-plane-taints} "$APISERVER_MEMBERS"
  if [ ! -s "$ETCD_PKI/member.crt" ]; then
    remove_link /usr/local/bin/etcdctl
    rm -f "$KNOWN_MEMBERS"
  fi
  forget_saved
  did "removed the control plane"
}

control_plane_leave() {
  wait_until 120 "another control plane to be ready before this one leaves" another_apiserver_ready
  local other
  other=$(control_planes | awk -v own="$HOST_NAME" '$1 != own {print $2; exit}')
  [ -n "$other" ] || fail "this is the only control plane: removing it loses the API. Run destroy if that is meant; where destroy" \
    "says this, touch $TEARDOWN on this host and run it again"
  # Without it, a run before has come as far as stopping this host's apiserver, which was the one to be asked.
  if [ -e "$MANIFESTS/kube-apiserver.yaml" ]; then
    drain_node
    still_my_turn
    this_kubectl delete node "$HOST_NAME" --ignore-not-found >/dev/null
    announce_control_plane gone >/dev/null
  fi
  still_my_turn
  # It stops in order, out of the balancers first.
  rm -f "$MANIFESTS"/*.yaml
  wait_until 120 "the apiserver of this host to stop" apiserver_gone
  etcd_surely del "ha-kubernetes/control-plane/$HOST_NAME" >/dev/null
  etcd_surely del "ha-kubernetes/leaving/$HOST_NAME" >/dev/null
  etcd_surely del "ha-kubernetes/announces/$HOST_NAME" >/dev/null
  etcd_surely del "ha-kubernetes/etcd-client/$HOST_NAME" >/dev/null
  did "left the control plane"
}

undo_control_plane
