# shellcheck shell=bash
# Makes this host a worker and keeps it one.

# The authority that issues now.
readonly ISSUER=$STAGE/inputs/issuer.crt

apply_worker() {
  valid_now "$ISSUER"
  note_before_kubelet
  reserve_by_size
  mkdir -p /etc/kubernetes/pki "$MANIFESTS" /var/lib/kubelet/pki
  chmod 0700 /var/lib/kubelet
  local running
  if [ -s "$KUBELET_KUBECONFIG" ]; then follow_api; fi
  running=$(kubelet_version)
  renew_serving_certificate
  if ! credential_is_valid; then
    prepare_trust
    worker_join
  elif [ -n "$running" ] && [ "$running" != "$KUBERNETES_VERSION" ]; then
    with_pool_turn "$KUBERNETES_VERSION" worker_change_version "$running"
  elif differing_files | grep -x "$KUBERNETES_PKI/ca.crt" >/dev/null || ! issued_by "$ISSUER" "$KUBELET_CREDENTIAL"; then
    with_pool_turn "authorities-$(cat "$(staged "$KUBERNETES_PKI/ca.crt")" "$ISSUER" | sha256sum | cut -c1-12)" worker_change_authority
  elif turn_was_cut; then
    with_pool_turn "$KUBERNETES_VERSION" worker_change_version "$running"
  else
    worker_converge
  fi
  if node_is_gone; then register_again; fi
  uncordon
  set_labels
  set_annotations
  tell_authorities
  # The add-ons let every node read this, and before them none may.
  prove_node /api/v1/namespaces/kube-system/configmaps/ha-kubernetes with_pool_turn network
}

# What the API proves itself with, before this host first asks it.
prepare_trust() { install_files "$KUBERNETES_PKI/ca.crt"; }

# Restarting the kubelet leaves running pods alone.
worker_converge() {
  link_kubernetes kubelet kubectl
  install_files
  if kubelet_is_stale; then
    start_kubelet
    did "started kubelet $KUBERNETES_VERSION"
  fi
}

worker_change_version() {
  not_ahead_of_the_api
  still_my_pool_turn
  empty_across_minors "$1"
  still_my_pool_turn
  worker_converge
  wait_until 180 "this node to be ready with kubelet $KUBERNETES_VERSION" ready_with_version
  uncordon
}

# A kubelet must never be newer than an apiserver that it may meet. The program puts workers last; this looks.
not_ahead_of_the_api() {
  local api
  api=$(this_kubectl get --raw /version | sed -n 's/.*"gitVersion": "v\([0-9.]*\).*/\1/p')
  [ -n "$api" ] || fail "the API does not say its version"
  older_or_same "$KUBERNETES_VERSION" "$api" ||
    fail "the API is Kubernetes $api, older than this kubelet's $KUBERNETES_VERSION: the control planes go first. Mend them, then run up again"
}

# Another authority to trust, or another one that issued the kubelet's own certificate. Pods are left alone.
worker_change_authority() {
  local since
  since=$(date -u +%FT%T)
  worker_converge
  if ! issued_by "$ISSUER" "$KUBELET_CREDENTIAL"; then
    ask_for_credential
    worker_converge
  fi
  wait_until 120 "the kubelet to reach the API with what it has now" renewed_since "$since"
}
# The kubelet renews its node's lease every 10 s.
renewed_since() {
  local at
  at=$(this_kubectl get lease "$HOST_NAME" -n kube-node-lease -o 'jsonpath={.spec.renewTime}')
  echo "it last did at $at"
  [[ "$at" > "$1" ]]
}

apply_worker
