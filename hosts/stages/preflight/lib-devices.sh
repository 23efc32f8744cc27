# shellcheck shell=bash
# What the config names of this host's own: interfaces and the device of etcd.

# check_interfaces: INTERFACES has `key=name` each. The same question as stages balancer and prepare ask, before any host is changed.
check_interfaces() {
  local wanted key name
  for wanted in ${INTERFACES:-}; do
    key=${wanted%%=*} name=${wanted#*=}
    if ! ip link show "$name" >/dev/null 2>&1; then
      problem "there is no interface $name ($key): name one that this host has, which are $(interfaces)"
    elif [[ $key == *lannelInterface ]]; then
      check_pod_interface "$key" "$name"
    fi
  done
}
interfaces() { ip -o link show | awk -F': ' '$2 != "lo" {sub("@.*", "", $2); print $2}' | paste -sd' '; }

# check_pod_interface KEY NAME: flannel ends where the interface has no address to send from.
check_pod_interface() {
  local addresses
  addresses=$(ip -o address show dev "$2" scope global)
  if [[ " $POD_CIDR" == *.* && $addresses != *" inet "* ]]; then problem "interface $2 ($1) has no IPv4 address, and flannel sends from one: give it one, or name another interface"; fi
  if [[ " $POD_CIDR" == *:* && $addresses != *" inet6 "* ]]; then problem "interface $2 ($1) has no IPv6 address, and flannel sends from one: give it one, or name another interface"; fi
}

# check_device: of one that is not there. A provider's own may come while etcd's stage waits for it.
check_device() {
  if [ "${DEVICE_COMES:-}" = later ]; then return 0; fi
  if [ -e "$ETCD_DATA_DEVICE" ]; then
    problem "$ETCD_DATA_DEVICE is not a block device: set hosts.$HOST_NAME.dataDevice to an empty disk or partition"
  else
    problem "there is no device $ETCD_DATA_DEVICE: attach it, or set hosts.$HOST_NAME.dataDevice to one that lsblk shows on this host"
  fi
}
