# shellcheck shell=bash
# Makes this host a control plane and keeps it one. The PKI is placed beforehand and etcd is external, so any number start at once and
# none is the first.

apply_control_plane() {
  valid_now "$(staged "$KUBERNETES_PKI/signing-ca.crt")" "$(staged "$KUBERNETES_PKI/apiserver-etcd-client.crt")"
  note_before_kubelet
  reserve_by_size
  mkdir -p "$MANIFESTS" /etc/kubernetes/pki/etcd /var/lib/kubelet
  chmod 0700 /etc/kubernetes/pki /var/lib/kubelet
  # On the way to a later version than this stage's: not for a host that is further already, or no control plane yet.
  if [ -f "$STAGE/inputs/artifacts" ]; then
    if [ ! -f "$HOME_DIR/control-plane-born" ] || ! older_or_same "$(apiserver_version)" "$KUBERNETES_VERSION"; then return 0; fi
    stage_artifacts "$STAGE/inputs/artifacts"
    import_images "$STAGE/inputs/artifacts" passing
  fi
  one_minor_up Kubernetes "$(apiserver_version)" "$KUBERNETES_VERSION" cluster.kubernetesVersion
  renew_serving_certificate
  if [ ! -f "$HOME_DIR/control-plane-born" ]; then
    control_plane_converge
    write_file 0644 root:root "$HOME_DIR/control-plane-born" <<<"$OWNER"
    restore_seen
    did "started control plane $KUBERNETES_VERSION"
  elif restore_unseen; then
    control_plane_begin_again
    if asks_the_others; then with_turn control_plane_change; fi
  elif ! is_converged || kept_differs || [ "$(certificates_wanted)" != "$(certificates_made)" ]; then
    with_turn control_plane_change
    did "changed control plane $KUBERNETES_VERSION"
  elif kubelet_is_stale || ! apiserver_answers "$HOST_ADDRESS"; then
    control_plane_converge
    did "started control plane $KUBERNETES_VERSION again"
  fi
  if node_is_gone; then
    register_again
    register_control_plane
  fi
  set_node_taints
  set_labels
  set_annotations
  tell_authorities
  # Without a pod network: that comes with the add-ons, whose stage waits for it. They are noted before the first of them is made.
  prove_node /api/v1/namespaces/kube-system/configmaps/ha-kubernetes-addons
}

# The gates hold in every state of this host. Its own apiserver knows what the others say, so where that one does not answer it is
# repaired first, with the authorities as they are.
control_plane_change() {
  if apiserver_ready "$HOST_ADDRESS"; then
    wait_until 120 "another control plane to be ready before this one changes" another_apiserver_ready
  elif asks_the_others; then
    control_plane_converge "$(files_of_own)"
  fi
  step_is_safe
  control_plane_converge
}

# control_plane_converge [GLOB]: with all files of this stage, or those alone.
control_plane_converge() {
  link_kubernetes kubeadm kubelet kubectl
  # The program itself: a link to the link would end nowhere.
  put_link "$(readlink -f "$(etcdctl_path)")" /usr/local/bin/etcdctl
  if [ "${SERVING_CERTIFICATE:-}" != signed ]; then stop_approver; fi
  install_files "${1:-*}"
  [ "$ETCD_SERVERS" = "$(cat "$APISERVER_MEMBERS" 2>/dev/null)" ] || write_file 0600 root:root "$APISERVER_MEMBERS" <<<"$ETCD_SERVERS"
  # The quorum gate: members start without waiting for each other.
  wait_until 180 "a quorum of etcd" etcd_has_quorum
  make_certificates
  make_serving_certificate
  trust_in_kubeconfigs
  mend_kubeconfigs
  renew_kubelet_credential
  if [ "${SERVING_CERTIFICATE:-}" = signed ]; then keep_approver; fi
  still_my_turn
  local component log found_no_api=no
  log=$(newest_log kube-apiserver)
  write_manifests
  # The running kubelet restarts the rewritten pods. The kubelet itself is upgraded last: it must never be newer than its apiserver.
  if ! systemctl is-active --quiet kubelet; then
    start_kubelet
    found_no_api=yes
  fi
  comes_up kube-apiserver "$log" 240 "the apiserver of this host to be ready" apiserver_ready_here
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    # Only from now on: until then the others may have ended for want of an apiserver.
    log=$(newest_log "$component")
    comes_up "$component" "$log" 180 "$component to run with the current settings" component_restarted "$component" "$(stat -c %Y "$MANIFESTS/$component.yaml")"
  done
  drop_serving_certificate
  if kubelet_is_stale; then
    change_kubelet
  elif [ "$found_no_api" = yes ]; then
    # It asked in vain when it started, and asks again only after 6 s, then 13. Another start asks at once; containers run on.
    systemctl restart kubelet || fail "kubelet does not start again: $(journalctl -u kubelet -n 3 -o cat | tr '\n' ' ')"
  fi
  uncordon
  wait_until 60 "the apiserver of this host to stay ready" apiserver_ready "$HOST_ADDRESS"
  register_control_plane
  mark_converged
}

# Across minor versions, pods such as CoreDNS move away first. A kubelet of another minor version sees changed containers and would kill
# the apiserver at once, so the apiserver shuts down gracefully before: it leaves the balancers first.
change_kubelet() {
  local before
  before=$(kubelet_version)
  empty_across_minors "$before"
  if [ "${before%.*}" != "${KUBERNETES_VERSION%.*}" ]; then
    still_my_turn
    systemctl stop kubelet
    own_processes kube-apiserver | xargs -r kill -TERM || true
    wait_until 120 "the apiserver of this host to end" apiserver_gone
  fi
  start_kubelet
  wait_until 240 "the apiserver of this host to be ready with kubelet $KUBERNETES_VERSION" apiserver_ready_here
  wait_until 180 "this node to be ready with kubelet $KUBERNETES_VERSION" ready_with_version
}

apply_control_plane
