#!/usr/bin/env bash
# network.sh create CLUSTER SUBNET[,SUBNET]: one, or one of each family. Prepares this machine, its host image and the cluster's own bridge network.
# network.sh start CLUSTER: starts its network and hosts again after this machine was rebooted.
# network.sh delete CLUSTER: removes the network and every host that is still in it, and restores the machine with the last lab.
set -euo pipefail
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lab/machine.sh
. "$LAB/machine.sh"
# shellcheck source=lab/image.sh
. "$LAB/image.sh"
# shellcheck source=lab/container.sh
. "$LAB/container.sh"

create_network() {
  local cluster=$1 subnet=$2 network has
  network=$(network_name "$cluster")
  prepare_machine
  has=$(subnet_of "$cluster")
  if [ -n "$has" ] && [ "$has" != "$subnet" ]; then
    fail "network $network exists with subnet $has, not $subnet: another lab has the name '$cluster'. Remove that one, or choose another name"
  fi
  [ -n "$has" ] || add_network "$cluster" "$subnet"
  open_ways "$cluster" "$subnet"
}

# What the network was made for: docker gives one of IPv6 a range of IPv4, too. Those of an earlier release have no label.
subnet_of() {
  local format='{{with index .Labels "ha-kubernetes.subnet"}}{{.}}{{else}}{{range .IPAM.Config}}{{.Subnet}}{{end}}{{end}}'
  docker network inspect --format "$format" "$(network_name "$1")" 2>/dev/null || true
}

add_network() {
  local cluster=$1 subnet route device mtu=1500 arguments=()
  for subnet in ${2//,/ }; do
    route=$({ ip "$(family_of "$subnet")" route show to root "$subnet"; ip "$(family_of "$subnet")" route show to match "$subnet"; } |
      awk -v own="$(bridge_name "$cluster")" '$1 != "default" && $3 != own')
    [ -z "$route" ] || fail "subnet $subnet is used on this machine already (route: $(head -n 1 <<<"$route")): take another lab.subnet"
    arguments+=(--subnet "$subnet")
    [ "$(family_of "$subnet")" = -4 ] || arguments+=(--ipv6)
  done
  # Not larger than the MTU of the route out of the machine.
  device=$(ip -4 -o route show default | sed -n '1s/.* dev \([^ ]*\).*/\1/p')
  [ -z "$device" ] || mtu=$(cat "/sys/class/net/$device/mtu")
  docker_make docker_has_network "$(network_name "$cluster")" network create --driver bridge "${arguments[@]}" --label "$LABEL=$cluster" --label "ha-kubernetes.subnet=$2" \
    --opt "com.docker.network.bridge.name=$(bridge_name "$cluster")" --opt "com.docker.network.driver.mtu=$mtu" \
    --opt com.docker.network.bridge.enable_ip_masquerade=false "$(network_name "$cluster")"
}

# Lets the hosts reach networks outside the machine by a separate table, and opens a firewall of this machine that forwards nothing,
# which would stop traffic between hosts as well. Frames that one host sends another pass the table, too, where the kernel shows them to the
# packet filter (bridge-nf-call-iptables): they keep their source, also on the way to an address outside that a host among them routes.
open_ways() {
  local table way subnet family tool
  table=$(nat_table "$1")
  for subnet in ${2//,/ }; do
    family=ip tool=iptables
    if [ "$(family_of "$subnet")" = -6 ]; then
      family=ip6 tool=ip6tables
      forward_ipv6
    fi
    nft -f - <<NFT
table $family $table
delete table $family $table
table $family $table {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname != "$(bridge_name "$1")" $family saddr $subnet $family daddr != $subnet masquerade
  }
}
NFT
    # A firewall that accepts everything needs no rule of ours.
    [ "$("$tool" -w -S FORWARD)" != "-P FORWARD ACCEPT" ] || continue
    for way in --in-interface --out-interface; do
      forwarding "$tool" --check "$1" "$way" || "$tool" -w -I FORWARD "$way" "$(bridge_name "$1")" -j ACCEPT
    done
  done
}

forwarding() { "$1" -w "$2" FORWARD "$4" "$(bridge_name "$3")" -j ACCEPT 2>/dev/null; }

close_ways() {
  local table way family tool
  table=$(nat_table "$1")
  for family in ip ip6; do
    if ! nft list table "$family" "$table" >/dev/null 2>&1; then continue; fi
    tool=${family}tables
    for way in --in-interface --out-interface; do
      while forwarding "$tool" --check "$1" "$way"; do forwarding "$tool" --delete "$1" "$way"; done
    done
    nft delete table "$family" "$table"
  done
}

start_network() {
  local cluster=$1 subnet containers container
  prepare_machine
  subnet=$(subnet_of "$cluster")
  [ -n "$subnet" ] || fail "there is no lab '$cluster' on this machine"
  open_ways "$cluster" "$subnet"
  mapfile -t containers < <(docker ps --all --quiet --filter "label=$LABEL=$cluster")
  [ ${#containers[@]} -eq 0 ] || docker start "${containers[@]}" >/dev/null
  for container in "${containers[@]}"; do leave_ipv4 "$container" "$(address_of "$container")"; done
}

# The network is removed last: as long as it exists, this machine is known to hold a lab. Whether there is a lab at all is checked
# under the lock: another run may have removed it meanwhile.
delete_network() {
  local cluster=$1 machine
  labs_exist || return 0
  connect_docker
  for machine in "$(vm_folder "$cluster" "")"*; do
    [ ! -d "$machine" ] || bash "$LAB/vm/host.sh" delete "$cluster" "$(basename "$machine" .new)"
  done
  remove_containers "$LABEL=$cluster"
  close_ways "$cluster"
  if [ -n "$(subnet_of "$cluster")" ]; then docker network rm "$(network_name "$cluster")" >/dev/null; fi
  release_machine
}

# If the first lab can't be created, no daemon and no setting is left behind.
release_after_failure() {
  local status=$?
  if [ "$status" != 0 ] && labs_exist; then
    use_recorded_daemon
    ! daemon_answers || locked machine release_machine
  fi
  exit "$status"
}

case "${1:-} $#" in
  "create 3")
    need_root
    trap release_after_failure EXIT
    locked machine create_network "$2" "$3"
    connect_docker
    ensure_image
    echo "network $(network_name "$2") with $3 is ready"
    ;;
  "start 2")
    need_root
    locked machine start_network "$2"
    echo "hosts of $2 are started"
    ;;
  "delete 2")
    need_root
    if labs_exist; then locked machine delete_network "$2"; fi
    echo "network $(network_name "$2") is gone"
    ;;
  *) fail "usage: network.sh create CLUSTER SUBNET[,SUBNET] | start CLUSTER | delete CLUSTER" ;;
esac
