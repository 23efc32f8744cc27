# shellcheck shell=bash
# The taints of this control plane's Node, and what the role worker takes off it. Workers' taints are set by the add-ons' stage.
# Settings: TAINTS, all that it is to have, where that is another list than the usual one; WORKER where it has that role.

readonly USUAL_TAINT=node-role.kubernetes.io/control-plane:NoSchedule NOTED_TAINTS=$HOME_DIR/control-plane-taints
# kubeadm's: balancers of clouds, and those that announce addresses from Nodes, leave such a Node out.
readonly UNBALANCED=node.kubernetes.io/exclude-from-external-load-balancers

# What this stage set before is noted on this host; where nothing is, it was the usual.
set_node_taints() {
  local wanted=${TAINTS-$USUAL_TAINT} noted=$USUAL_TAINT
  if [ -z "${TAINTS+set}" ] && [ ! -f "$NOTED_TAINTS" ]; then return 0; fi
  [ ! -f "$NOTED_TAINTS" ] || noted=$(<"$NOTED_TAINTS")
  # It was open to ordinary pods: those that are here go elsewhere.
  if has_taint "$USUAL_TAINT" "$wanted" && ! has_taint "$USUAL_TAINT" "$noted"; then
    with_turn close_to_pods "$wanted" "$noted"
  else
    change_taints "$wanted" "$noted"
  fi
  if [ -z "${TAINTS+set}" ]; then rm -f "$NOTED_TAINTS"; else write_file 0644 root:root "$NOTED_TAINTS" <<<"$wanted"; fi
}
# change_taints WANTED NOTED
change_taints() {
  local has changes=()
  wait_until 60 "the Node of this host" node_is_known
  has=$(this_kubectl get node "$HOST_NAME" -o go-template="$TAINTS_TEMPLATE") || fail "the API does not say which taints this node has"
  read -r -a changes <<<"$(taint_changes "$1" "$2" "$has")" || true
  if [ ${#changes[@]} -gt 0 ]; then
    this_kubectl taint node "$HOST_NAME" --overwrite "${changes[@]}" >/dev/null
    did "set the taints of this node: ${1:-none}"
  fi
}
# close_to_pods WANTED NOTED: with the taints first, so that nothing comes back.
close_to_pods() {
  change_taints "$@"
  [ "$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.spec.unschedulable}')" = true ] || touch "$CORDONED"
  drain_node
  uncordon
}

# After kubeadm has marked this node, which puts the label back each time.
open_to_balancers() {
  [ "${WORKER:-}" = yes ] || return 0
  this_kubectl label node "$HOST_NAME" "$UNBALANCED-" >/dev/null
}
