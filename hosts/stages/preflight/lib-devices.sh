# shellcheck shell=bash
# What the config names of this host's own: interfaces, the device of etcd, what the kernel and the system should have.

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

# check_asked_of_system: without loading or changing anything. Where kmod or tzdata is missing, their packages come later.
check_asked_of_system() {
  local name place
  if [ -n "${TIME_ZONE:-}" ] && [ -d "${ZONES:=/usr/share/zoneinfo}" ] && [ ! -f "$ZONES/$TIME_ZONE" ]; then
    problem "there is no time zone $TIME_ZONE (hostPreparation.timeZone): timedatectl list-timezones shows those that there are"
  fi
  # A container has the kernel of its machine, where it changes nothing of this.
  if in_container; then return 0; fi
  for name in ${EXTRA_MODULES:-}; do
    if [ -d "/sys/module/${name//-/_}" ] || ! command -v modprobe >/dev/null || modprobe -n -q "$name"; then continue; fi
    problem "Linux $(uname -r) has no module $name (hostPreparation.extraModules): install the kernel's package of modules, or take it out"
  done
  # Those of the network, and of a module of the config's own, may come with the modules.
  [ -z "${EXTRA_MODULES:-}" ] || return 0
  for name in ${EXTRA_SYSCTLS:-}; do
    place=${name//.//}
    [[ $place == net/* ]] || [ -e "/proc/sys/$place" ] ||
      problem "there is no sysctl $name in Linux $(uname -r) (hostPreparation.extraSysctl): take it out, or boot a kernel that has it"
  done
}
