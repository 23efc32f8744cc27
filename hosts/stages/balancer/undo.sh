# shellcheck shell=bash
# Takes this balancer away: the address first, then what still runs through it, then the proxy.

undo_balancer() {
  local kind kinds
  kinds=$(kinds_here "${PROXIES[@]}" "${ADDRESS_HOLDERS[@]}")
  give_up_address
  for kind in $(kinds_here "${PROXIES[@]}"); do
    let_connections_end
    "${kind}_stop"
  done
  remove_files
  for kind in $kinds; do "${kind}_remove"; done
  rm -f "$HOME_DIR/balancer-peers"
  forget_saved
  did "removed the balancer"
}

# Ten seconds for those that end by themselves: the rest comes back through the balancer that has the address now.
let_connections_end() {
  local end=$((SECONDS + 10))
  if [ -z "$PEERS" ] || connections_drained >/dev/null || teardown; then return 0; fi
  until connections_drained >/dev/null || [ "$SECONDS" -ge "$end" ]; do pause 0.2; done
}

undo_balancer
