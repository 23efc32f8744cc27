# shellcheck shell=bash
# Makes this host a control plane and keeps it one. PKI is placed and etcd is outside, so any number start at once, and none is
# the first.

apply_control_plane() {
  valid_now "$(staged "$KUBERNETES_PKI/signing-ca.crt")" "$(staged "$KUBERNETES_PKI/apiserver-etcd-client.crt")"
  note_before_kubelet
  mkdir -p "$MANIFESTS" /etc/kubernetes/pki/etcd /var/lib/kubelet
  chmod 0700 /etc/kubernetes/pki /var/lib/kubelet
  # On the way to a later version than this stage's: not for a host that is further already, or no control plane yet.
  if [ -f "$STAGE/inputs/artifacts" ]; then
    if [ ! -f "$HOME_DIR/control-plane-born" ] || ! older_or_same "$(apiserver_version)" "$KUBERNETES_VERSION"; then return 0; fi
    stage_artifacts "$STAGE/inputs/artifacts"
    import_images "$STAGE/inputs/artifacts"
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
  tell_authorities
  # Without a pod network: that comes with the add-ons, whose stage waits for it. They are noted before the first of them is made.
  prove_node /api/v1/namespaces/kube-system/configmaps/ha-kubernetes-addons
}

# The gates hold whatever state this host is in. Its own apiserver is the one that knows what the others say, so where that does not
# answer it is mended first, with the authorities as they are.
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
  install_files "${1:-*}"
  [ "$ETCD_SERVERS" = "$(cat "$APISERVER_MEMBERS" 2>/dev/null)" ] || write_file 0600 root:root "$APISERVER_MEMBERS" <<<"$ETCD_SERVERS"
  # The quorum gate: members start without waiting for each other.
  wait_until 180 "a quorum of etcd" etcd_has_quorum
  make_certificates
  trust_in_kubeconfigs
  mend_kubeconfigs
  renew_kubelet_credential
  still_my_turn
  write_manifests
  local component found_no_api=no
  # The one that runs restarts what was written; itself it comes last, because it must never be newer than its apiserver.
  if ! systemctl is-active --quiet kubelet; then
    start_kubelet
    found_no_api=yes
  fi
  wait_until 240 "the apiserver of this host to be ready" apiserver_ready_here
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    wait_until 180 "$component to run with what is now set" component_restarted "$component" "$(stat -c %Y "$MANIFESTS/$component.yaml")"
  done
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

# What runs on a control plane beside its own static pods, such as CoreDNS, moves away across minor versions. To the kubelet of another
# one containers look changed: it would end the apiserver at once. So that one leaves the balancers and ends in order before.
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

# kubeadm_init ARGS...: `kubeadm init` with this host's configuration.
kubeadm_init() { kubeadm_does kubeadm "$@"; }
kubeadm_does() {
  "$1" init "${@:2}" --config /etc/kubernetes/kubeadm.yaml </dev/null >/run/ha-kubernetes/kubeadm.log 2>&1 ||
    fail "kubeadm: $(tail -n 3 /run/ha-kubernetes/kubeadm.log | tr '\n' ' ')"
}
# only_phases PHASE...: the option with which `kubeadm init` does these phases alone, in one process.
readonly KUBEADM_PHASES=(preflight certs kubeconfig etcd control-plane kubelet-start wait-control-plane upload-config/kubeadm
  upload-config/kubelet upload-certs mark-control-plane bootstrap-token kubelet-finalize addon show-join-command)
only_phases() {
  local phase skipped=""
  for phase in "${KUBEADM_PHASES[@]}"; do [[ " $* " == *" $phase "* ]] || skipped+=",$phase"; done
  echo "--skip-phases=${skipped:1}"
}
# Before 1.36 kubeadm asks the API where admin.conf leads, and no balancer may be there yet: it alone is shown one that leads to this host.
kubeadm_here() {
  local name status=0
  for name in admin super-admin; do
    [ ! -f "/etc/kubernetes/$name.conf" ] || sed "s|^\( *server:\).*|\1 $OWN_APISERVER|" "/etc/kubernetes/$name.conf" | write_file 0600 root:root "/run/ha-kubernetes/$name.conf"
  done
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount bash -c 'for name in admin super-admin; do
      [ ! -f "/etc/kubernetes/$name.conf" ] || mount --bind "/run/ha-kubernetes/$name.conf" "/etc/kubernetes/$name.conf" || exit 1
    done
    exec kubeadm "$@"' - "$@" || status=$?
  rm -f /run/ha-kubernetes/{admin,super-admin}.conf
  return "$status"
}

# kubeadm's own certificates last as long as this host's etcd client leaf and are made anew with it, or when what they say changes.
certificates_wanted() {
  local file
  {
    # Of the authorities the first, which issues; what else is trusted is in no certificate.
    for file in "$KUBERNETES_PKI"/{ca,front-proxy-ca}.crt; do sed '/-----END CERTIFICATE-----/q' "$file"; done
    cat "$KUBERNETES_PKI/apiserver-etcd-client.crt"
    sed -n '/certSANs:/,/extraArgs:/p; /controlPlaneEndpoint:/p; /certificateValidityPeriod:/p; /clusterName:/p' /etc/kubernetes/kubeadm.yaml
  } 2>/dev/null | sha256sum | cut -c1-64
}
certificates_made() { cat "$HOME_DIR/kubernetes-certificates" 2>/dev/null || true; }

make_certificates() {
  local wanted
  wanted=$(certificates_wanted)
  if [ "$wanted" = "$(certificates_made)" ]; then return 0; fi
  rm -f "$KUBERNETES_PKI"/{apiserver,apiserver-kubelet-client,front-proxy-client}.{crt,key}
  rm -f /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf
  kubeadm_init "$(only_phases certs kubeconfig)"
  chmod 0600 /etc/kubernetes/*.conf
  write_file 0600 root:root "$HOME_DIR/kubernetes-certificates" <<<"$wanted"
  did "made certificates, valid until $(openssl x509 -noout -enddate -in "$KUBERNETES_PKI/apiserver.crt" | cut -d= -f2)"
}

# Apart from those that the kubelet reads, which must never see half a manifest. What differs takes its place whole, and restarts.
write_manifests() {
  local new=/run/ha-kubernetes/manifests name
  rm -rf "$new"
  mkdir -p "$new" "$MANIFESTS"
  KUBEADM_INIT_DRYRUN_DIR=$new kubeadm_init phase control-plane all --dry-run
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    if cmp -s "$new/$name.yaml" "$MANIFESTS/$name.yaml"; then continue; fi
    # The kubelet passes by names that begin with a dot.
    install -m 0600 "$new/$name.yaml" "$MANIFESTS/.$name.yaml"
    durable "$MANIFESTS/.$name.yaml"
    mv -f "$MANIFESTS/.$name.yaml" "$MANIFESTS/$name.yaml"
  done
  keep_manifests
}

# Once the API answers: administrators and joining kubelets get their roles, kubeadm's own tools what they look for, this node its
# label and taint, and this control plane's entry in the lists of those that must all leave for a teardown.
register_control_plane() {
  # It says the version, too. Asked again: an apiserver that has just started may not know yet what administrators may do. Marking
  # waits for this node to register.
  wait_until 120 "kubeadm to upload its configuration and to mark this node" kubeadm_does kubeadm_here "$(only_phases upload-config/kubeadm mark-control-plane)"
  rm -f /etc/kubernetes/super-admin.conf
  this_kubectl apply --server-side --force-conflicts --validate=false -f /etc/kubernetes/bootstrap-rbac.yaml >/dev/null
  etcd_access
  etcd_surely put "ha-kubernetes/control-plane/$HOST_NAME" "$HOST_ADDRESS" >/dev/null
  etcd_surely del "ha-kubernetes/leaving/$HOST_NAME" >/dev/null
  # Gone where a snapshot from before was restored.
  if announces; then etcd_surely put "ha-kubernetes/announces/$HOST_NAME" yes >/dev/null; fi
  etcd_surely put "ha-kubernetes/etcd-client/$HOST_NAME" "$(name_of issuer "$KUBERNETES_PKI/apiserver-etcd-client.crt")" >/dev/null
  # A new one has dropped nothing.
  [ ! -f "$HOME_DIR/control-plane-born" ] || prune_published
  remember_control_planes
  announce_control_plane here >/dev/null
}

apply_control_plane
