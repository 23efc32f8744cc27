# shellcheck shell=bash
# The API's name and address, as preflight looks at them.

# A jump to another name, address or port would leave clients behind that know the old one alone.
# shellcheck disable=SC2153 # a setting
check_api_move() {
  local names addresses kept=/etc/ha-kubernetes/hosts ports served asks
  if [ -n "$API_ADDRESS" ] && [ -f "$kept" ]; then
    names=$(awk -v own="$HOST_NAME" '$2 != own {print $2}' "$kept" | sort -u | paste -sd' ')
    addresses=$(awk -v own="$HOST_NAME" '$2 != own {print $1}' "$kept" | sort -u | paste -sd' ')
    moves_by_step "$names" "$API_NAME ${FORMER_API:-}" || still_at domainName "${names%% *}"
    moves_by_step "$addresses" "$API_ADDRESS ${FORMER_API:-}" || still_at address "${addresses%% *}"
    # A kubelet that asks for a name of neither is lost already: the worker's stage mends it.
    if has_role worker; then
      asks=$(sed -n 's|^ *server: https://\([^:]*\):.*|\1|p' /etc/kubernetes/kubelet.conf 2>/dev/null || true)
      if [[ -n $asks && " $names " == *" $asks "* && " $API_NAME ${FORMER_API:-} " != *" $asks "* && ${#PROBLEMS[@]} -eq 0 ]]; then still_at domainName "$asks"; fi
    fi
  fi
  if has_role balancer && [ -f /etc/ha-kubernetes/haproxy.cfg ]; then
    ports=$(awk '/^frontend / {inside = ($2 == "api")} inside && $1 == "bind" {sub(".*:", "", $2); print $2}' /etc/ha-kubernetes/haproxy.cfg | paste -sd' ')
    # Another kind may take haproxy's place.
    served=${PORTS//:haproxy/}
    served=${served//:nginx/}
    moves_by_step "$ports" "${served//:ip_vs/}" || still_at port "${ports%% *}"
  fi
}
# moves_by_step OLD NEW: at least one of the old names, addresses or ports is still served, or there were none.
moves_by_step() {
  local each
  for each in $1; do if [[ " $2 " == *" $each "* ]]; then return 0; fi; done
  [ -z "$1" ]
}
still_at() {
  problem "clients of this cluster look for the API at $2, which the config no longer has: set cluster.api.former.$1: $2, run up, and delete it in the next edit"
}

# The virtual IP must be nobody's, or be held by balancers of this cluster. The kernel asks for it in the background.
ask_for_api_address() {
  ADDRESS_ASKED=no
  asks_for_address || return 0
  ADDRESS_ASKED=yes
  # An old entry of the neighbor table is not an answer.
  ip neighbor flush to "$API_ADDRESS" >/dev/null 2>&1 || true
  { echo >"/dev/udp/$API_ADDRESS/9"; } 2>/dev/null || true
}
asks_for_address() {
  has_role balancer && [ -n "$API_ADDRESS" ] && ! grep -qs "^$API_ADDRESS " /etc/ha-kubernetes/hosts &&
    [[ "$(ip route get "$API_ADDRESS" 2>/dev/null)" != *" via "* ]]
}

check_api_address() {
  local mac
  [ "$ADDRESS_ASKED" = yes ] || return 0
  if ip -o address show | grep -F " $API_ADDRESS/" >/dev/null; then
    mac="this host has it itself"
  else
    mac=$(who_has "$API_ADDRESS")
    [ -n "$mac" ] || return 0
    mac="$mac answers for it"
  fi
  if is_our_balancer "$API_ADDRESS"; then return 0; fi
  problem "the API's address $API_ADDRESS is in use: $mac. Set cluster.api.address to a free one, or take it from that machine"
}
# who_has ADDRESS: the hardware address that answers, 0.3 s after the question at most; empty where nobody does.
who_has() {
  local entry try
  for try in 1 2 3 4; do
    entry=$(ip neighbor show to "$1")
    if [[ $entry == *" lladdr "* && $entry != *FAILED* ]]; then
      entry=${entry#*lladdr }
      echo "${entry%% *}"
      return
    fi
    [ "$try" = 4 ] || pause 0.1
  done
}
# One of a release that does not say whose it is at least answers as one.
is_our_balancer() {
  local owner
  if owner=$(curl -s --fail --max-time 2 "http://$(host_port "$1" "$STATISTICS_PORT")/owner"); then
    # This host itself may not be the cluster's yet.
    [ "$owner" = "$OWNER" ]
  else
    [[ "$(curl -s --output /dev/null --write-out '%{http_code}' --max-time 2 "http://$(host_port "$1" "$STATISTICS_PORT")/health")" == [25]0[03] ]]
  fi
}

uses_vrrp() { [[ " ${BALANCER:-} " == *" keepalived "* ]]; }

# When keepalived recovers it tells the others its own address with the hardware address of the interface below a macvlan or an ipvlan
# (2.2.7 to 2.3.3). What they say then arrives there, where it does not listen, and two balancers hold the API's address. One that was moved
# here from another network namespace has none below it.
check_vrrp_link() {
  local link details
  uses_vrrp || return 0
  link=$(ip -o address show | awk -v address="$HOST_ADDRESS" '{split($4, a, "/")} a[1] == address {print $2; exit}')
  [ -n "$link" ] || return 0
  details=$(ip -o -d link show dev "$link")
  if [[ $details =~ \ (macvlan|ipvlan)\ +mode\  && $details != *" link-netnsid "* ]]; then
    problem "$HOST_ADDRESS is on $link, which is ${BASH_REMATCH[1]}, and keepalived does not work there: two balancers would hold the API's address. Give that address to the interface below $link, a VLAN or a bridge, or take another host as balancer"
  fi
}
