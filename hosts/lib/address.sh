# shellcheck shell=bash
# The API's address on a balancer, and how it goes to another one. A holder brings it here: vrrp (keepalived) or routed (FRR); of each, a stage
# says with KIND_is_here whether it was put on this host. Settings: API_PORT, FORMER_PORT, STATISTICS_PORT, PEERS.

readonly CONFIG=/etc/ha-kubernetes ADDRESS_HOLDERS=(vrrp routed)

# kinds_here KIND...: those that were put on this host.
kinds_here() {
  local kind
  for kind in "$@"; do if "${kind}_is_here"; then echo "$kind"; fi; done
}

# balancer_healthy [ADDRESS]: that balancer has an apiserver to offer.
balancer_healthy() { curl -sS --fail --output /dev/null --max-time 2 "http://$(host_port "${1:-127.0.0.1}" "$STATISTICS_PORT")/health"; }

# Connections of clients that this host still carries: of a process, and of IPVS.
client_connections() {
  local ports
  printf -v ports ' %04X' "$API_PORT" ${FORMER_PORT:+"$FORMER_PORT"}
  {
    ss -Htn state established "( sport = :$API_PORT${FORMER_PORT:+ or sport = :$FORMER_PORT} )"
    awk -v ports="$ports " 'index(ports, " " $5 " ") && $8 == "ESTABLISHED"' /proc/net/ip_vs_conn 2>/dev/null || true
  } | wc -l
}
connections_drained() {
  local count
  count=$(client_connections)
  echo "$count connections"
  [ "$count" -eq 0 ]
}

# Takes the address away from this host, so that clients reach another balancer. The new holder resets connections that it does not know,
# so a request that is on its way would fail. For a moment none begins here: a client whose SYN is dropped sends it again after a second,
# to the new holder. Requests on their way end in the meantime; watches come back through the new holder.
give_up_address() {
  local addresses kind
  addresses=$(held_addresses)
  if [ -n "$PEERS" ] && [ -n "$addresses" ] && command -v nft >/dev/null; then
    hold_new_connections "$addresses"
    requests_end
  fi
  for kind in $(kinds_here "${ADDRESS_HOLDERS[@]}"); do "${kind}_let_go"; done
  nft delete table inet ha_kubernetes_move 2>/dev/null || true
}
held_addresses() {
  local address kind
  for kind in $(kinds_here "${ADDRESS_HOLDERS[@]}"); do "${kind}_addresses"; done | while read -r address; do
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

vrrp_addresses() { sed -n -E 's;^ *([0-9a-f.:]*)/(32|128)( dev .*)?$;\1;p' "$CONFIG/keepalived.conf" 2>/dev/null || true; }
# It says so to the others: the address moves at once.
vrrp_let_go() { systemctl stop keepalived || fail "keepalived does not stop"; }

routed_addresses() { sed -n 's|^ *network \([0-9.]*\)/32 .*|\1|p; s|^ip prefix-list ha-kubernetes-api .* permit \([0-9.]*\)/32$|\1|p' /etc/frr/frr.conf 2>/dev/null || true; }
# With the address goes its route: FRR tells the routers at once.
routed_let_go() { systemctl stop ha-kubernetes-address 2>/dev/null || true; }
