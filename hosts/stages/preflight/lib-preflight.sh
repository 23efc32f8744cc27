# shellcheck shell=bash
# Finds out everything that would stop this host from being part of the cluster, before anything is changed on any host. What a
# container can't help (it shares a machine) is a note there.

# All of it, in an order that lets what takes time run beside the rest.
look_around() {
  ask_for_api_address
  check_owner
  check_system
  check_kernel
  check_resources
  check_network
  check_interfaces
  check_asked_of_system
  check_swap
  check_filters
  check_features
  check_storage
  check_ports
  check_needed_files
  check_commands
  check_api_move
  if first_run; then
    check_udp_ports
    check_others
    check_time_service
    check_vrrp_link
    # Later the cluster's own routes and addresses are there.
    if is_node; then check_ranges; fi
    check_sources
    if has_role etcd; then check_disk; fi
  fi
  check_leftovers
  check_api_address
}

# Every stage refuses a host of another cluster; here that is said beside all the rest. Without an owner nobody knows yet whose it will be.
check_owner() {
  local whose
  [ -f "$HOME_DIR/owner" ] || return 0
  whose=$(<"$HOME_DIR/owner")
  [ "$whose" = "$OWNER" ] || problem "this host belongs to cluster $whose, not to ${OWNER:-this one}. Destroy that cluster first, or, if it is gone for good, reinstall the host (or remove $HOME_DIR/owner by hand once nothing of it runs here)"
}

check_system() {
  local machine id="" version="" like="" major
  machine=$(uname -m)
  case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
  [ "$machine" = "$ARCHITECTURE" ] || problem "its architecture is $machine, the config says $ARCHITECTURE: set hosts.$HOST_NAME.architecture"
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "${ID:-}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-0}")
    like=$(. /etc/os-release && echo "${ID_LIKE:-}")
  fi
  major=${version%%.*}
  case $id in
    debian) [ "${major:-0}" -ge 12 ] || problem "Debian $version: 12 or newer is needed" ;;
    ubuntu) [ "${major:-0}" -ge 22 ] || problem "Ubuntu $version: 22.04 or newer is needed" ;;
    rhel | centos | rocky | almalinux | ol) [ "${major:-0}" -ge 9 ] || problem "$id $version: 9 or newer is needed" ;;
    *)
      # A relative of one of these, whose own versions say nothing about theirs.
      [[ " $like " == *" rhel "* || " $like " == *" debian "* || " $like " == *" ubuntu "* ]] ||
        problem "it runs ${id:-an unknown system} $version: only Debian 12, Ubuntu 22.04, RHEL 9 and newer and their relatives are prepared"
      ;;
  esac
  if [[ " ${BALANCER:-} " == *" nginx "* && " $id $like " != *" debian "* && " $id $like " != *" ubuntu "* ]]; then
    problem "balancer.kind nginx needs nginx's packages as Debian and Ubuntu have them, and it runs $id: set balancer.kind to haproxy"
  fi
  [ "$(id -u)" = 0 ] || problem "the script does not run as root: log in as root, or as a user whose 'sudo -n' works"
  [ -d /run/systemd/system ] || problem "systemd does not run"
  grep -qE '^[0-9a-f]{32}$' /etc/machine-id || problem "/etc/machine-id holds no id: run systemd-machine-id-setup"
  # Certificates made today are not yet valid for a clock that is behind. Time sync mends small differences.
  [ "$(date +%Y)" -ge 2026 ] || problem "its clock says $(date -u '+%F %T') UTC: set it"
}

# What the config names by its path here, `key=path` each.
check_needed_files() {
  local needed
  for needed in ${NEEDED_FILES:-}; do
    [ -s "${needed#*=}" ] || problem "${needed#*=} is missing or empty: put it there (${needed%%=*})"
  done
}

# kernel_older MAJOR MINOR
kernel_older() {
  local major minor
  IFS=.- read -r major minor _ < <(uname -r)
  [ "$major" -lt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -lt "$2" ]; }
}

check_kernel() {
  # What the config asks for beyond what Kubernetes needs.
  if [ -n "${MINIMUM_KERNEL:-}" ] && kernel_older "${MINIMUM_KERNEL%.*}" "${MINIMUM_KERNEL#*.}"; then
    problem "Linux $(uname -r) is older than $MINIMUM_KERNEL (hostPreparation.minimumKernel): boot a newer kernel, or ask for less"
  fi
  is_node || return 0
  # Kubernetes' own floor, and that of kube-proxy's nftables mode.
  if [ "$KUBE_PROXY_MODE" = nftables ] && kernel_older 5 13; then
    problem "Linux $(uname -r): kube-proxy's nftables mode needs 5.13 or newer (network.kubeProxyMode)"
  elif kernel_older 5 4; then
    problem "Linux $(uname -r): 5.4 or newer is needed"
  fi
  [ -f /sys/fs/cgroup/cgroup.controllers ] ||
    short_of "control groups are version 1: kubelet 1.35 and newer needs version 2 (boot with systemd.unified_cgroup_hierarchy=1)"
}

check_resources() {
  local cpus memory size free path
  if has_role control-plane; then
    # kubeadm's minimum.
    cpus=$(nproc)
    memory=$(awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo)
    [ "$cpus" -ge 2 ] || short_of "a control plane needs 2 CPUs, it has $cpus"
    [ "$memory" -ge 1700 ] || short_of "a control plane needs 1700 MB of memory, it has $memory"
  fi
  first_run || return 0
  # Binaries, images unpacked, and room for logs; etcd's quota comes on top of it.
  path=/var/lib
  read -r size free < <(df -Pm "$path" | awk 'NR == 2 {print $2, $4}')
  if is_node; then
    [ "$free" -ge 4096 ] || short_of "$path has $free MB free, a node needs 4096"
    # kubelet's default imagefs.available, of a disk of any size.
    [ $((free * 100)) -ge $((size * 15)) ] ||
      short_of "$path has $((free * 100 / size)) % of its disk free: below 15 % kubelet reports disk pressure and no pod starts here. Free $((size * 15 / 100 - free + 1)) MB, or take a larger disk"
  else
    [ "$free" -ge 1024 ] || short_of "$path has $free MB free, 1024 are needed"
  fi
}

check_network() {
  local others address addresses
  addresses=$(ip -o address show)
  for address in "$HOST_ADDRESS" ${SECOND_ADDRESS:+"$SECOND_ADDRESS"}; do
    if ! grep -F " $address/" <<<"$addresses" >/dev/null; then
      problem "$address is on none of its interfaces (it has $(ip -o address show scope global | awk '{sub("/.*", "", $4); print $4}' | paste -sd' ')): set hosts.$HOST_NAME.address"
    fi
  done
  if is_node && [[ $POD_CIDR == *:* ]] && [ "$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null)" != 0 ]; then
    problem "IPv6 is turned off here (net.ipv6.conf.all.disable_ipv6 is not 0), and kube-proxy makes no Services of it then: take the setting out of /etc/sysctl.d and the kernel's command line, and set it to 0"
  fi
  others=$(awk -v name="$API_NAME" -v addresses=" $API_ADDRESS ${FORMER_API:-} " '!/# ha-kubernetes$/ && !/^#/ && !index(addresses, " " $1 " ") {for (i = 2; i <= NF; i++) if ($i == name) print $1}' /etc/hosts)
  [ -z "$others" ] || problem "/etc/hosts says that $API_NAME is $others, not $API_ADDRESS: remove that line"
  if is_node && [ -z "$NAME_SERVERS" ] && [ -z "$(host_name_servers)" ]; then
    short_of "/etc/resolv.conf names no server that a pod could ask (loopback addresses are the host's own): set network.nameServers"
  fi
  # With our firewall, theirs is opened (lib-firewalls.sh).
  if item_is_on firewall; then return 0; fi
  if command -v ufw >/dev/null && ufw status 2>/dev/null | grep '^Status: active' >/dev/null; then
    problem "ufw is active and would close the cluster's ports: turn hostPreparation.firewall on, which opens them there, or run 'ufw disable'"
  fi
  if is_active firewalld; then
    problem "firewalld is active and would close the cluster's ports: turn hostPreparation.firewall on, which opens them there, or stop firewalld"
  fi
}

# kubelet does not start while swap is on; what lies there must fit into memory to turn it off.
check_swap() {
  local used free names
  if ! is_node || in_container; then return 0; fi
  read -r used names < <(awk 'NR > 1 {used += $4; names = names " " $1} END {print int(used / 1024), names}' /proc/swaps)
  [ -n "$names" ] || return 0
  if ! item_is_on swap; then
    problem "swap is on (${names}), and kubelet does not start with it: turn it off for good, or let hostPreparation.swap do it"
    return 0
  fi
  free=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  [ "$used" -lt "$free" ] || problem "$used MB lie in swap ($names), and $free MB of memory are free: hostPreparation.swap can't turn it off. Stop what uses the memory"
}

# What has the ports of a balancer, of any kind.
readonly BALANCER_PROGRAMS=" haproxy nginx ip_vs socat "

# Free at first; later, held by what the cluster runs there.
check_ports() {
  local entry port program holders listening
  listening=$(ss -Hltnp)
  for entry in $PORTS; do
    port=${entry%%:*} program=${entry#*:}
    holders=$(awk -v port=":$port" 'substr($4, length($4) - length(port) + 1) == port' <<<"$listening" | grep -oP '\(\("\K[^"]+' | sort -u | paste -sd' ' || true)
    [ -n "$holders" ] || continue
    # A balancer of another kind is ours, too.
    if ! first_run && [[ $BALANCER_PROGRAMS == *" $holders "* && $BALANCER_PROGRAMS == *" $program "* ]]; then continue; fi
    if first_run || [ "$holders" != "$program" ]; then problem "port $port is taken by $holders: stop that, $program needs it"; fi
  done
}

# check_udp_ports: the kernel's own have no holder. Its VXLAN devices share one; WireGuard's do not. A tunnel of another pod network than ours
# is its own affair.
check_udp_ports() {
  local entry port program found holders
  for entry in ${UDP_PORTS:-}; do
    port=${entry%%:*} program=${entry#*:}
    found=$(ss -Hlunp | awk -v port=":$port" 'substr($4, length($4) - length(port) + 1) == port')
    if [ -z "$found" ] || [ -z "$program" ]; then continue; fi
    holders=$(grep -oP '\(\("\K[^"]+' <<<"$found" | sort -u | paste -sd' ' || true)
    if [ -n "$holders" ]; then
      problem "UDP port $port is taken by $holders: stop that, $program needs it$(other_port "$program")"
    elif [ "$program" = wireguard ]; then
      problem "UDP port $port is taken by the kernel, by another WireGuard or VXLAN device (ip -d link shows it): remove that, $program needs it$(other_port "$program")"
    elif [ -z "$(vxlan_at "$port")" ]; then
      problem "UDP port $port is taken by the kernel, and not by VXLAN (ip -d link shows by what): remove that, $program needs it$(other_port "$program")"
    fi
  done
}
vxlan_at() { ip -o -d link show type vxlan 2>/dev/null | grep -oE " dstport $1 " || true; }
other_port() { case $1 in vxlan | wireguard) echo ", or set network.flannel.port of a new cluster" ;; esac; }

# COMMANDS: where no packages are installed, what stages call.
check_commands() {
  local command missing=()
  for command in ${COMMANDS:-}; do
    if [ "$command" = chronyc ] && [ "${TIME_SERVICE:-}" = keep ] && keeps_time_service; then continue; fi
    command -v "$command" >/dev/null || missing+=("$command")
  done
  [ ${#missing[@]} -eq 0 ] || problem "hostPreparation.packages is off and these commands are missing: ${missing[*]}. Install them, or turn it on"
}
# keeps_time_service: one that stage prepare lets run in place of chrony.
keeps_time_service() {
  local unit
  for unit in systemd-timesyncd ntpsec ntpd ntp openntpd; do if is_active "$unit"; then return 0; fi; done
  return 1
}
