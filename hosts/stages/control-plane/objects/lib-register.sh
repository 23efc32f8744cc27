# shellcheck shell=bash
# What the cluster knows of this control plane, in the API and in etcd.

# Once the API answers: administrators and joining kubelets get their roles, kubeadm's own tools what they look for, this node its
# label and taint, and this control plane's entry in the lists of those that must all leave for a teardown.
register_control_plane() {
  # It says the version, too. Asked again: an apiserver that has just started may not know yet what administrators may do. Marking
  # waits for this node to register.
  wait_until 120 "kubeadm to upload its configuration and to mark this node" kubeadm_does kubeadm_here "$(only_phases upload-config/kubeadm mark-control-plane)"
  open_to_balancers
  rm -f /etc/kubernetes/super-admin.conf
  this_kubectl apply --server-side --force-conflicts --validate=false -f /etc/kubernetes/bootstrap-rbac.yaml >/dev/null
  etcd_access
  etcd_surely put "ha-kubernetes/control-plane/$HOST_NAME" "$HOST_ADDRESS" >/dev/null
  etcd_surely del "ha-kubernetes/leaving/$HOST_NAME" >/dev/null
  # Missing after the restore of an earlier snapshot.
  if announces; then etcd_surely put "ha-kubernetes/announces/$HOST_NAME" yes >/dev/null; fi
  etcd_surely put "ha-kubernetes/etcd-client/$HOST_NAME" "$(name_of issuer "$KUBERNETES_PKI/apiserver-etcd-client.crt")" >/dev/null
  # A new one has dropped nothing.
  [ ! -f "$HOME_DIR/control-plane-born" ] || prune_published
  remember_control_planes
  announce_control_plane here >/dev/null
}
