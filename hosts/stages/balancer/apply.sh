# shellcheck shell=bash
# Makes this host a balancer and keeps it one. At birth no apiserver exists yet, so the services are only started.

readonly LAST_PEERS=$HOME_DIR/balancer-peers

apply_balancer() {
  "${PROXY}_take_over"
  holder take_over
  if ! is_running; then
    balancer_converge
  elif [ -n "$(differing_files)" ] || "${PROXY}_is_stale" || holder_is_stale; then
    # A node's own balancer serves that node alone, so all of them may change at once.
    if [ "$HOLDER" = none ]; then balancer_change; else with_turn balancer_change; fi
  fi
  note_peers
}

# Whichever kinds these are.
is_running() {
  local kind
  [ "$(kinds_here "${PROXIES[@]}")" ] || return 1
  [ "$HOLDER" = none ] || [ "$(kinds_here "${ADDRESS_HOLDERS[@]}")" ] || return 1
  for kind in $(kinds_here "${PROXIES[@]}" "${ADDRESS_HOLDERS[@]}"); do "${kind}_runs" || return 1; done
}

# If this balancer serves, another one must serve while it changes, and it must serve again afterwards.
balancer_change() {
  local served=no
  if balancer_healthy; then served=yes; fi
  if [ "$served" = yes ] && knows_a_peer; then wait_until 120 "another balancer to be healthy before this one changes" peer_balancer_healthy; fi
  balancer_converge
  if [ "$served" = no ]; then return 0; fi
  wait_until 60 "this balancer to be healthy again" balancer_healthy
  # While the address moves: clients are told of the new one next.
  local address
  for address in ${ADDRESSES:-}; do wait_until 60 "a balancer to hold $address" balancer_healthy "$address"; done
}

# Balancers that are added start after this one: where it was the only one, none of them serves yet. A run that was killed may have named
# them in the configuration, so it is the last whole run that counts; earlier releases did not note it.
knows_a_peer() {
  local peer known=()
  if [ -f "$LAST_PEERS" ]; then read -r -a known <"$LAST_PEERS" || true; else
    mapfile -t known < <(sed -n 's/^    \([0-9a-f.:]*\)$/\1/p' "$CONFIG/keepalived.conf" 2>/dev/null)
  fi
  for peer in $PEERS; do if [[ " ${known[*]} " == *" $peer "* ]]; then return 0; fi; done
  return 1
}
# None are noted, too: without a note the configuration counts.
note_peers() {
  if [ -f "$LAST_PEERS" ] && [ "$(<"$LAST_PEERS")" = "$PEERS" ]; then return 0; fi
  write_file 0644 root:root "$LAST_PEERS" <<<"$PEERS"
}

balancer_converge() {
  install_files "$CONFIG/kubernetes-ca.crt"
  "${PROXY}_check"
  holder check
  stop_other_kinds
  install_files
  remove_other_kinds
  still_my_turn
  "${PROXY}_converge"
  wait_until 20 "$PROXY to answer" balancer_answers
  holder converge
}

# Kinds that the config no longer has. Another proxy can start only once the ports are free, so clients go to another balancer first.
other_kinds() { kinds_here "${PROXIES[@]}" "${ADDRESS_HOLDERS[@]}" | grep -vxF -e "$PROXY" -e "$HOLDER" || true; }
stop_other_kinds() {
  local kind kinds
  kinds=$(other_kinds)
  [ -n "$kinds" ] || return 0
  still_my_turn
  give_up_address
  for kind in $kinds; do if declare -F "${kind}_stop" >/dev/null; then "${kind}_stop"; fi; done
}
remove_other_kinds() {
  local kind
  for kind in $(other_kinds); do
    "${kind}_remove"
    did "removed $kind"
  done
}

apply_balancer
