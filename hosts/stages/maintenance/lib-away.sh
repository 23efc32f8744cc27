# shellcheck shell=bash
# What this host gives up before it goes away, and takes up again. Settings of balancers alone: API_PORT, FORMER_PORT, STATISTICS_PORT.

# As the balancer's stage noted them.
PEERS=$(cat "$HOME_DIR/balancer-peers" 2>/dev/null || true)
readonly PEERS
# Each has an addition of ours to its unit, or is ours altogether.
readonly BALANCER_UNITS=(haproxy nginx ha-kubernetes-upstreams keepalived frr ha-kubernetes-address)

is_balancer() { [ -n "${STATISTICS_PORT:-}" ]; }
is_our_unit() {
  local units=${HAK_ROOT:-}/etc/systemd/system
  [ -f "$units/$1.service.d/ha-kubernetes.conf" ] || { [[ $1 == ha-kubernetes-* ]] && [ -f "$units/$1.service" ]; }
}
vrrp_is_here() { is_our_unit keepalived; }
routed_is_here() { is_our_unit frr; }

other_balancers_healthy() {
  local peer away=()
  for peer in $PEERS; do if ! balancer_healthy "$peer" 2>/dev/null; then away+=("$peer"); fi; done
  [ ${#away[@]} -eq 0 ] || {
    echo "not healthy: ${away[*]}. Bring them back, then run up again"
    return 1
  }
}

# Clients go to another balancer before an upgrade or a reboot ends their connections.
leave_clients() {
  is_balancer || return 0
  give_up_address
}
# serve_clients: starts the units again that leave_clients or an upgrade stopped.
serve_clients() {
  local unit
  is_balancer || return 0
  for unit in "${BALANCER_UNITS[@]}"; do
    if ! is_our_unit "$unit" || systemctl is-active --quiet "$unit"; then continue; fi
    systemctl start "$unit" || fail "$unit does not start: $(journalctl -u "$unit" -n 3 -o cat | tr '\n' ' '). Mend that, then run up again"
  done
  wait_until 180 "the balancer on this host to be healthy" balancer_healthy
}

# Pods go elsewhere, where there is an elsewhere.
leave_pods() {
  is_node || return 0
  if has_role control-plane && is_only_node; then
    say "this is the only node: pods stay on it, and stop with it"
    return 0
  fi
  [ "$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.spec.unschedulable}')" = true ] || touch "$CORDONED"
  drain_node
}
is_only_node() {
  local nodes
  nodes=$(this_kubectl get nodes -o name) || fail "the API does not list the nodes, so this one can't be drained. Run up again once it does"
  [ "$nodes" = "node/$HOST_NAME" ]
}
