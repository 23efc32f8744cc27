# shellcheck shell=bash
# Makes this host a balancer and keeps it one. At birth no apiserver exists yet, so the services are only started.

apply_balancer() {
  take_over_services
  FOUND_INTERFACE=$(vrrp_interface)
  FORMER_PEERS=$(former_peers)
  if ! systemctl is-active --quiet haproxy || ! systemctl is-active --quiet keepalived; then
    balancer_converge
  elif [ -n "$(differing_files)" ] || interface_differs || former_differ || balancer_is_stale; then
    with_turn balancer_change
  fi
}

# The packages' own services become ours. Someone's own haproxy is not taken away from them.
take_over_services() {
  local unit
  for unit in haproxy keepalived; do
    systemctl cat "$unit" >/dev/null 2>&1 || fail "there is no service $unit: install the package, or turn hostPreparation.packages on"
  done
  if [ ! -f "$HAPROXY_UNIT" ]; then
    if ss -Hltnp | grep '"haproxy"' >/dev/null; then fail "haproxy already runs here for something else: take another host as balancer, or stop it"; fi
    if [ -s /etc/keepalived/keepalived.conf ] && systemctl is-active --quiet keepalived; then
      fail "keepalived already runs here for something else: take another host as balancer, or stop it"
    fi
  fi
  save_service haproxy
  save_service keepalived
}

# If this balancer serves, another one must serve while it changes, and it must serve again afterwards.
balancer_change() {
  local served=no
  if balancer_healthy; then served=yes; fi
  if [ "$served" = yes ] && [ -n "$PEERS" ]; then wait_until 120 "another balancer to be healthy before this one changes" peer_balancer_healthy; fi
  balancer_converge
  if [ "$served" = no ]; then return 0; fi
  wait_until 60 "this balancer to be healthy again" balancer_healthy
  # While the address moves: clients are told of the new one next.
  local address
  for address in ${ADDRESSES:-}; do wait_until 60 "a balancer to hold $address" balancer_healthy "$address"; done
}

balancer_converge() {
  install_files "$CONFIG/kubernetes-ca.crt"
  host_file | put_file 0644 "$CONFIG/keepalived-host.conf"
  former_file | put_file 0644 "$FORMER_FILE"
  check_configurations
  install_files
  reread_units haproxy keepalived
  still_my_turn
  if stale haproxy "$HAPROXY_UNIT"; then
    # A restart ends every connection, so the address goes to another balancer first.
    if [ -n "$PEERS" ] && systemctl is-active --quiet haproxy; then give_up_address; fi
    turn_on restart haproxy "$HAPROXY_UNIT"
    started haproxy:configuration "${HAPROXY_FILES[@]}"
  elif stale haproxy:configuration "${HAPROXY_FILES[@]}"; then
    turn_on reload haproxy:configuration "${HAPROXY_FILES[@]}"
  fi
  wait_until 20 "haproxy to answer" haproxy_answers
  if stale keepalived "$KEEPALIVED_UNIT"; then
    if systemctl is-active --quiet keepalived; then give_up_address; fi
    turn_on restart keepalived "$KEEPALIVED_UNIT"
    started keepalived:configuration "${KEEPALIVED_FILES[@]}"
  elif stale keepalived:configuration "${KEEPALIVED_FILES[@]}"; then
    turn_on reload keepalived:configuration "${KEEPALIVED_FILES[@]}"
  fi
}

# turn_on restart|reload UNIT[:PART] FILE...
turn_on() {
  local unit=${2%%:*}
  systemctl is-enabled --quiet "$unit" || enable_units "$unit"
  systemctl "$1" "$unit" || fail "$unit does not $1: $(journalctl -u "$unit" -n 3 -o cat | tr '\n' ' ')"
  started "${@:2}"
  did "${1}ed $unit"
}
# Healthy or not: with 503 it says that no apiserver is ready.
haproxy_answers() {
  local status
  status=$(curl -s --output /dev/null --write-out '%{http_code}' --max-time 2 "http://127.0.0.1:$STATISTICS_PORT/health") || true
  echo "status $status"
  [ "$status" = 200 ] || [ "$status" = 503 ]
}

# shellcheck disable=SC2016 # keepalived's own way to name a value
host_file() { printf '$INTERFACE=%s\n' "$FOUND_INTERFACE"; }
interface_differs() { [ "$(host_file)" != "$(cat "$CONFIG/keepalived-host.conf" 2>/dev/null)" ]; }

# A balancer that was removed from the config still runs until its undo, which comes later. Removed peers stay peers until they stop
# answering; if not two balancers would claim the virtual IP.
former_peers() {
  local address
  { cat "$CONFIG/keepalived.conf" "$FORMER_FILE" 2>/dev/null || true; } | sed -n 's/^    \([0-9a-f.:]*\)$/\1/p' | sort -u | while read -r address; do
    if [[ " $HOST_ADDRESS $PEERS " == *" $address "* ]]; then continue; fi
    if curl -s --output /dev/null --max-time 2 "http://$(host_port "$address" "$STATISTICS_PORT")/health"; then echo "$address"; fi
  done
}
former_file() { for address in $FORMER_PEERS; do echo "    $address"; done; }
former_differ() { [ "$(former_file)" != "$(cat "$FORMER_FILE" 2>/dev/null)" ]; }

vrrp_interface() {
  local found=$INTERFACE
  [ -n "$found" ] || found=$(ip -o address show | awk -v address="$HOST_ADDRESS" '{split($4, a, "/")} a[1] == address {print $2; exit}')
  [ -n "$found" ] || fail "$HOST_ADDRESS is on none of its interfaces: set hosts.$HOST_NAME.address or balancer.interface"
  ip link show "$found" >/dev/null 2>&1 || fail "there is no interface $found (balancer.interface)"
  echo "$found"
}

# By the programs themselves, before anything is put in place.
check_configurations() {
  local words status=0
  words=$(haproxy -c -f "$(staged "$CONFIG/haproxy.cfg")" 2>&1) ||
    fail "haproxy refuses its configuration: $(grep -F ALERT <<<"$words" | tail -n 2 | tr '\n' ' ')"
  words=$(keepalived --config-test --use-file="$(staged "$CONFIG/keepalived.conf")" 2>&1) || status=$?
  # keepalived 2.2 ends its own test by SIGTERM where there is a script to track: then what it said decides.
  if [ "$status" -eq 143 ] && ! grep -v Terminated <<<"$words" | grep . >/dev/null; then status=0; fi
  [ "$status" -eq 0 ] || fail "keepalived refuses its configuration: $(tail -n 3 <<<"$words" | tr '\n' ' ')"
}

apply_balancer
