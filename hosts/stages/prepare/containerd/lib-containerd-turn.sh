# shellcheck shell=bash
# On a node that lives already, containerd restarts one host at a time: one that does not start again must not be everywhere at once.
# This stage comes before the one that brings etcd back, so where nobody can give a turn it does not wait: the restart is put off.

restart_in_turn() {
  if [ -f "$HOME_DIR/control-plane-born" ] && etcd_access; then
    if quorum_lost; then
      put_off_restart "etcd has no quorum"
    elif ! wait_quietly 30 control_planes_say; then
      put_off_restart "no apiserver says how the other control planes are"
    else
      with_turn restart_beside_others
    fi
  elif [ -n "$POOL" ] && [ -s "$KUBELET_KUBECONFIG" ] && [ -s "$KUBELET_CREDENTIAL" ]; then
    if ! wait_quietly 60 api_answers_worker; then
      put_off_restart "the API does not answer this worker"
    elif has_joined; then
      with_pool_turn "containerd-$(fingerprint "${CONTAINERD_FILES[@]}" "$(readlink -f /usr/local/bin/containerd)" | cut -c1-12)" restart_for_the_pool
    else
      restart_containerd
    fi
  else
    restart_containerd
  fi
}

put_off_restart() {
  did "left containerd running with the settings it was started with, because $1: to restart it, give cluster.repair another word and run up once that is mended"
}

wait_quietly() {
  local end=$((SECONDS + $1))
  until "$2" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    pause 1
  done
}

# A worker that the API knows, and that can ask for a turn there.
has_joined() { [ -s "$KUBELET_KUBECONFIG" ] && this_kubectl get --raw /version --request-timeout=5s >/dev/null 2>&1; }
# An answer, be it that this worker's credential is worth nothing.
api_answers_worker() {
  local answer
  answer=$(this_kubectl get --raw /version --request-timeout=5s 2>&1) || [[ $answer == *Unauthorized* ]]
}

# `name status` of every control plane's Node, from this host's apiserver or whichever has the API's address.
control_planes_say() {
  local server
  for server in "--server=https://$(host_port "$HOST_ADDRESS" 6443)" ""; do
    kubectl --kubeconfig /etc/kubernetes/admin.conf ${server:+"$server"} --request-timeout=5s get nodes -l node-role.kubernetes.io/control-plane \
      -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' </dev/null && return 0
  done
  return 1
}
# Where containerd is dead, the kubelet reports its Node as not Ready. A kubelet that reports nothing proves nothing.
others_run_containers() {
  local list name ready sick=""
  list=$(control_planes_say) || return 1
  while read -r name ready; do
    if [ "$name" != "$HOST_NAME" ] && [ "$ready" = False ]; then sick+=" $name"; fi
  done <<<"$list"
  [ -z "$sick" ] || {
    echo "not Ready:$sick"
    return 1
  }
}

restart_beside_others() {
  wait_until 120 "the other control planes to be Ready before containerd restarts on this one" others_run_containers
  still_my_turn
  restart_containerd
}
restart_for_the_pool() {
  still_my_pool_turn
  restart_containerd
}
