# shellcheck shell=bash
# What both scripts of this stage know about the two services.

readonly CONFIG=/etc/ha-kubernetes UNITS=/etc/systemd/system
readonly HAPROXY_UNIT=$UNITS/haproxy.service.d/ha-kubernetes.conf KEEPALIVED_UNIT=$UNITS/keepalived.service.d/ha-kubernetes.conf
readonly HAPROXY_FILES=("$CONFIG/haproxy.cfg" "$CONFIG/kubernetes-ca.crt")
readonly FORMER_FILE=$CONFIG/keepalived-former.conf
readonly KEEPALIVED_FILES=("$CONFIG/keepalived.conf" "$CONFIG/keepalived-host.conf" "$FORMER_FILE")

# balancer_healthy [ADDRESS]: that balancer has an apiserver to offer.
balancer_healthy() { curl -sS --fail --output /dev/null --max-time 2 "http://$(host_port "${1:-127.0.0.1}" "$STATISTICS_PORT")/health"; }
peer_balancer_healthy() {
  local peer
  for peer in $PEERS; do
    if balancer_healthy "$peer"; then return 0; fi
  done
  return 1
}

balancer_is_stale() {
  stale haproxy "$HAPROXY_UNIT" || stale haproxy:configuration "${HAPROXY_FILES[@]}" ||
    stale keepalived "$KEEPALIVED_UNIT" || stale keepalived:configuration "${KEEPALIVED_FILES[@]}"
}

# Connections of clients that this host still carries.
client_connections() { ss -Htn state established "( sport = :$API_PORT${FORMER_PORT:+ or sport = :$FORMER_PORT} )" | wc -l; }
connections_drained() {
  local count
  count=$(client_connections)
  echo "$count connections"
  [ "$count" -eq 0 ]
}

# Stops keepalived, so that another balancer takes the address. The new holder resets connections that it does not know, so a request
# that is on its way would fail. For a moment none begins here: a client whose SYN is dropped sends it again after a second, to the new
# holder. Requests on their way end in the meantime; watches come back through the new holder.
give_up_address() {
  local addresses
  addresses=$(held_addresses)
  if [ -n "$PEERS" ] && [ -n "$addresses" ] && command -v nft >/dev/null; then
    hold_new_connections "$addresses"
    requests_end
  fi
  systemctl stop keepalived || fail "keepalived does not stop"
  nft delete table inet ha_kubernetes_move 2>/dev/null || true
}
held_addresses() {
  local address
  sed -n -E 's,^ *([0-9a-f.:]*)/(32|128)$,\1,p' "$CONFIG/keepalived.conf" 2>/dev/null | while read -r address; do
    if ip -o address show to "$address" | grep . >/dev/null; then echo "$address"; fi
  done
}
# hold_new_connections ADDRESSES: for two seconds, after which the kernel forgets the ports: a run that is killed here costs no more.
hold_new_connections() {
  local address rules="" word
  for address in $1; do
    word=ip
    [[ $address != *:* ]] || word=ip6
    rules+="$word daddr $address tcp dport @ports tcp flags & (fin | syn | rst | ack) == syn drop"$'\n'
  done
  nft -f - <<EOF || true
table inet ha_kubernetes_move
delete table inet ha_kubernetes_move
table inet ha_kubernetes_move {
  set ports { type inet_service; timeout 2s; elements = { $API_PORT${FORMER_PORT:+, $FORMER_PORT} }; }
  chain input {
    type filter hook input priority -10;
    $rules
  }
}
EOF
}
# At most 0.6 s, less than a client waits before it sends its SYN again: until no connection has ended for 0.2 s.
requests_end() {
  local before now quiet=0
  before=$(client_connections)
  for _ in 1 2 3 4 5 6; do
    pause 0.1
    now=$(client_connections)
    if [ "$now" -lt "$before" ]; then quiet=0; else quiet=$((quiet + 1)); fi
    [ "$quiet" -lt 2 ] || return 0
    before=$now
  done
}
