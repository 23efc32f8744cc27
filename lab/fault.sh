#!/usr/bin/env bash
# fault.sh FAULT CLUSTER HOST [OTHER]: breaks a host, for tests. docs/lab.md says how each fault looks to other hosts.
set -euo pipefail
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lab/container.sh
. "$LAB/container.sh"

# The machine's end of the host's network cable. This works without the host, which may be frozen.
machine_end() {
  local pid index
  pid=$(docker inspect --format '{{.State.Pid}}' "$1")
  [ "$pid" != 0 ] || fail "host container $1 does not run"
  index=$(nsenter --target "$pid" --net ip -o link show eth0 | sed -n 's/^[0-9]*: eth0@if\([0-9]*\):.*/\1/p')
  ip -o link show | sed -n "s/^$index: \([^@:]*\)[@:].*/\1/p"
}

# The switch's port: 0 is disabled, 3 is forwarding. The host's own link stays up, so it can't notice.
switch_port() {
  local device
  device=$(machine_end "$1")
  bridge link set dev "$device" state "$2"
}

# Nothing leaves the host any more, no FIN and no RST, before its processes die.
power_cut() {
  local device
  device=$(machine_end "$1")
  ip link set dev "$device" down
  docker kill "$1" >/dev/null
}

# Drops traffic between a host and one other, in a separate table inside the host.
cut_between() {
  local family=ip
  [[ $2 != *:* ]] || family=ip6
  docker exec --interactive "$1" nft -f - <<NFT
table inet lab-cut
delete table inet lab-cut
table inet lab-cut {
  chain input { type filter hook input priority -400; $family saddr $2 drop; }
  chain output { type filter hook output priority -400; $family daddr $2 drop; }
}
NFT
}
# Hosts speak with each other at the first one.
first_address() {
  local addresses
  addresses=$(address_of "$1")
  echo "${addresses%,*}"
}
heal_between() { docker exec --interactive "$1" nft -f - <<<"table inet lab-cut; delete table inet lab-cut"; }

start() {
  docker update --restart on-failure "$1" >/dev/null
  docker start "$1" >/dev/null
  wait_until 120 "host container $1 to answer SSH" ready "$1" "$(address_of "$1")"
  leave_ipv4 "$1" "$(address_of "$1")"
}

[ $# -ge 3 ] || fail "usage: fault.sh FAULT CLUSTER HOST [OTHER]"
need_root
connect_docker
host=$(container_name "$2" "$3")
[ -n "$(address_of "$host")" ] || fail "lab $2 has no host $3"
case $1 in
  power-cut) power_cut "$host" ;;
  crash) docker kill "$host" >/dev/null ;;
  freeze) docker pause "$host" >/dev/null ;;
  unfreeze) docker unpause "$host" >/dev/null ;;
  stop) docker stop "$host" >/dev/null ;;
  start) start "$host" ;;
  stay-off) docker update --restart no "$host" >/dev/null ;;
  cut-network) switch_port "$host" 0 ;;
  heal-network) switch_port "$host" 3 ;;
  cut-between) cut_between "$host" "$(first_address "$(container_name "$2" "$4")")" ;;
  heal-between) heal_between "$host" ;;
  *) fail "unknown fault $1" ;;
esac
