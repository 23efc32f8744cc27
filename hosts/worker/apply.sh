# shellcheck shell=bash
# Makes this host a worker and keeps it one.

apply_worker() {
  mkdir -p /etc/kubernetes/pki "$MANIFESTS" /var/lib/kubelet
  chmod 0700 /var/lib/kubelet
  link_kubernetes kubelet kubectl
  install_files
  [ -s "$NODE_KUBECONFIG" ] || write_file 0600 root:root /etc/kubernetes/bootstrap-kubelet.conf <"$STAGE/inputs/bootstrap-kubelet.conf"
  if kubelet_is_stale; then
    start_kubelet
    did "started kubelet $KUBERNETES_VERSION"
  fi
  wait_until 180 "the API to admit this worker" admitted
  rm -f /etc/kubernetes/bootstrap-kubelet.conf
  wait_until 60 "this node to register" node_registered
  set_labels
}

# The kubelet writes its own credential once the API has signed it. A spent token shows in its log, not in its exit.
admitted() {
  if [ -s "$NODE_KUBECONFIG" ]; then return 0; fi
  if journalctl -u kubelet --since -60s -o cat 2>/dev/null | grep 'Unauthorized' >/dev/null; then
    echo "the join credential was refused: it was made for the first run and has expired. Raise hosts.$HOST_NAME.incarnation, which mints a new one"
  else
    echo "the kubelet has no certificate yet: $(journalctl -u kubelet -n 1 -o cat 2>/dev/null | cut -c1-200)"
  fi
  return 1
}

# A kubelet may label its own Node. Labels that an earlier config asked for and this one does not are taken away.
set_labels() {
  local kept=$HOME_DIR/worker-labels before=() wanted=() changes=() label
  [ ! -f "$kept" ] || read -r -a before <"$kept"
  read -r -a wanted <<<"$LABELS"
  [ "${before[*]}" != "${wanted[*]}" ] || return 0
  for label in "${before[@]}"; do
    [[ " $LABELS" == *" ${label%%=*}="* ]] || changes+=("${label%%=*}-")
  done
  this_kubectl label node "$HOST_NAME" --overwrite "${wanted[@]}" "${changes[@]}" >/dev/null
  write_file 0644 root:root "$kept" <<<"$LABELS"
  did "set labels $LABELS"
}

apply_worker
