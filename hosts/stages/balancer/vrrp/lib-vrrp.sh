# shellcheck shell=bash
# The holder vrrp: keepalived, which gives the address to one of the balancers. The package's own service becomes ours.

readonly KEEPALIVED_UNIT=$UNITS/keepalived.service.d/ha-kubernetes.conf
readonly FORMER_FILE=$CONFIG/keepalived-former.conf KEEPALIVED_HOST_FILE=$CONFIG/keepalived-host.conf
readonly KEEPALIVED_FILES=("$CONFIG/keepalived.conf" "$KEEPALIVED_HOST_FILE" "$FORMER_FILE")

vrrp_is_here() { is_saved service-keepalived; }
vrrp_runs() { systemctl is-active --quiet keepalived; }

vrrp_take_over() {
  take_over_service keepalived keepalived_is_used
  FOUND_INTERFACE=$(vrrp_interface)
  FORMER_PEERS=$(former_peers)
}

keepalived_is_used() { [ -s /etc/keepalived/keepalived.conf ] && systemctl is-active --quiet keepalived; }

# By the program itself, before anything is put in place. What depends on the host itself is included there.
vrrp_check() {
  local words status=0
  host_file | put_file 0644 "$KEEPALIVED_HOST_FILE"
  former_file | put_file 0644 "$FORMER_FILE"
  words=$(keepalived --config-test --use-file="$(staged "$CONFIG/keepalived.conf")" 2>&1) || status=$?
  # keepalived 2.2 ends its own test by SIGTERM where there is a script to track: then what it said decides.
  if [ "$status" -eq 143 ] && ! grep -v Terminated <<<"$words" | grep . >/dev/null; then status=0; fi
  [ "$status" -eq 0 ] || fail "keepalived refuses its configuration: $(tail -n 3 <<<"$words" | tr '\n' ' ')"
}

vrrp_is_stale() {
  [ "$(host_file)" != "$(cat "$KEEPALIVED_HOST_FILE" 2>/dev/null)" ] || [ "$(former_file)" != "$(cat "$FORMER_FILE" 2>/dev/null)" ] ||
    service_is_stale keepalived "$KEEPALIVED_UNIT" "${KEEPALIVED_FILES[@]}"
}

vrrp_converge() { converge_service keepalived "$KEEPALIVED_UNIT" "${KEEPALIVED_FILES[@]}"; }

vrrp_remove() {
  rmdir "${KEEPALIVED_UNIT%/*}" 2>/dev/null || true
  rm -f "$KEEPALIVED_HOST_FILE" "$FORMER_FILE"
  systemctl daemon-reload
  restore_service keepalived
  forget_started keepalived keepalived:configuration
}

# ---- what only the host knows -------------------------------------------------------------------------------------------------

# keepalived follows VRRP's own interface in any case, and takes it for a mistake to be told so: 2.3 then refuses the configuration.
# shellcheck disable=SC2016 # keepalived's own way to name a value
host_file() {
  local tracked=$INTERFACE
  printf '$INTERFACE=%s\n' "$FOUND_INTERFACE"
  [ -n "$INTERFACE" ] || return 0
  [ "$INTERFACE" != "$FOUND_INTERFACE" ] || tracked=""
  printf '$VIRTUAL_INTERFACE=%s\n$TRACKED_INTERFACE=%s\n' "$INTERFACE" "$tracked"
}

# Where VRRP goes: the interface with the host's address. The virtual IP's own is that one, too, unless the config names it.
vrrp_interface() {
  local found
  [ -z "$INTERFACE" ] || ip link show "$INTERFACE" >/dev/null 2>&1 || fail "there is no interface $INTERFACE (balancer.interface, or hosts.$HOST_NAME.balancerInterface)"
  found=$(ip -o address show | awk -v address="$HOST_ADDRESS" '{split($4, a, "/")} a[1] == address {print $2; exit}')
  # An address that is another's, which leads here.
  found=${found:-$INTERFACE}
  [ -n "$found" ] || fail "$HOST_ADDRESS is on none of its interfaces: set hosts.$HOST_NAME.address or balancer.interface"
  echo "$found"
}

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
