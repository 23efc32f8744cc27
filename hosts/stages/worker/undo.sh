# shellcheck shell=bash
# Takes this worker away: drained out of a cluster that lives on, or with all of it.

undo_worker() {
  # A worker that never had a credential never was a Node. One whose join was cut off may have no kubectl yet.
  if [ -s "$KUBELET_CREDENTIAL" ]; then link_kubernetes kubectl; fi
  if [ -s "$KUBELET_KUBECONFIG" ] && [ -s "$KUBELET_CREDENTIAL" ] && ! cluster_goes; then
    drain_node
    this_kubectl delete node "$HOST_NAME" --ignore-not-found >/dev/null
    did "left the cluster"
  fi
  reset_node
  remove_files
  rm -f "$HOME_DIR"/worker-{labels,annotations} "$CORDONED" "$TURN_MARK"
  forget_saved
  did "removed the worker"
}

# The API says whether every control plane leaves. Where it does not answer, the balancer passes the question on to the control
# planes: they answer for themselves when etcd has no quorum, and sign it.
cluster_goes() {
  local end=$((SECONDS + 60)) data said=""
  while [ "$SECONDS" -lt "$end" ]; do
    # shellcheck disable=SC2016 # a Go template
    if data=$(this_kubectl get configmap ha-kubernetes -n kube-system \
      -o go-template='{{range $k, $v := .data}}{{$k}}{{"\n"}}{{end}}' 2>&1); then
      api_says_all_leave "$data"
      return
    fi
    # The right to ask comes with the add-ons.
    if [[ $data == *"(Forbidden)"* || $data == *"(NotFound)"* ]]; then
      say_birth_unfinished
      return 0
    fi
    if [ -n "$BALANCER" ] && curl -s --max-time 3 "http://$BALANCER/leaving" | vouched "$KUBERNETES_PKI/ca.crt"; then
      say "the API does not answer, and a control plane says that it leaves: not drained"
      return 0
    fi
    [ -n "$said" ] || say "the API does not answer; asking for 60 s: $(tail -n 1 <<<"$data")"
    said=yes
    pause 1
  done
  if ! openssl x509 -noout -checkend 0 -in "$KUBELET_CREDENTIAL" >/dev/null 2>&1; then
    fail "this worker's credential ended at $(openssl x509 -noout -enddate -in "$KUBELET_CREDENTIAL" | cut -d= -f2), so it can't be drained. Put it back into" \
      "the config, give cluster.repair another word and run up, which gives it another one; then take it out again"
  fi
  fail "the API does not answer, so this worker can't be drained: $(tail -n 1 <<<"$data"). Mend the control planes first; if this host is" \
    "gone for good, set lost: true for it"
}
# api_says_all_leave ENTRIES: every control plane that announces it does. Where none announces, the first `up` never came to its end.
api_says_all_leave() {
  local name some=""
  while read -r name; do
    grep -qxF "leaving.$name" <<<"$1" || return 1
    some=yes
  done < <(sed -n 's/^announces\.//p' <<<"$1")
  [ -n "$some" ] || say_birth_unfinished
}
say_birth_unfinished() { say "the first up never came to its end: not drained"; }

undo_worker
