# shellcheck shell=bash
# Prepares the machine for hosts, and restores it once the last lab is gone. Sourced after lib.sh.

# Command and Debian package of each tool.
readonly TOOLS="docker:docker.io debootstrap:debootstrap ip:iproute2 bridge:iproute2 nft:nftables iptables:iptables
  flock:util-linux unshare:util-linux nsenter:util-linux setsid:util-linux modprobe:kmod tar:tar"

# kubelet, containerd and systemd of every host share the first two with the machine, whose defaults are enough for two or three
# hosts; the third lets hosts reach networks outside the machine.
readonly RAISED="fs.inotify.max_user_instances=8192 fs.inotify.max_user_watches=524288 net.ipv4.ip_forward=1"
# Settings of the whole machine that systemd, kubelet and kube-proxy in the hosts may change.
readonly TOUCHED="kernel.panic kernel.panic_on_oops kernel.pid_max kernel.keys.root_maxkeys kernel.keys.root_maxbytes
  vm.overcommit_memory vm.panic_on_oom fs.file-max fs.nr_open net.netfilter.nf_conntrack_max"

prepare_machine() {
  need_root
  install_tools
  check_kernel
  choose_daemon
  raise_sysctls
}

install_tools() {
  local tools="$TOOLS $KEYRING:debian-archive-keyring"
  labs_exist || DOCKER_HOST=$(default_daemon) daemon_answers || tools+=" dockerd:docker.io"
  # shellcheck disable=SC2086 # one word each
  install_missing $tools
}

# Each feature is really used, in a network namespace that ends with the test.
check_kernel() {
  grep -qw overlay /proc/filesystems || modprobe -q overlay || fail "the kernel has no overlay file system"
  [ -d /proc/sys/net/bridge ] || modprobe -q br_netfilter || fail "the kernel has no br_netfilter"
  [ -f /sys/fs/cgroup/cgroup.controllers ] || [ -d /sys/fs/cgroup/memory ] ||
    fail "no control groups at /sys/fs/cgroup, neither version 1 with the memory controller nor version 2"
  local feature
  while IFS=: read -r feature test; do
    unshare --net sh -c "$test" >/dev/null 2>&1 || fail "the kernel has no $feature, or this environment does not allow it ($test)"
  done <<'TESTS'
veth:ip link add test0 type veth peer name test1
bridge:ip link add test0 type bridge
vxlan:ip link add test0 type vxlan id 1 dstport 4789
nftables:nft add table ip test
nftables address translation:nft "add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c masquerade"
TESTS
}

# Uses the daemon that is running already, or starts a separate one; the choice is recorded for as long as a lab exists.
choose_daemon() {
  mkdir -p "$STATE"
  if ! labs_exist; then
    DOCKER_HOST=$(default_daemon)
    export DOCKER_HOST
    case $DOCKER_HOST in unix://*) ;; *) fail "DOCKER_HOST is $DOCKER_HOST: the lab needs a daemon of this machine, unix://…" ;; esac
    if own_daemon_lives || ! daemon_answers; then
      DOCKER_HOST=$OWN_DAEMON
      locked daemon start_own_daemon
    fi
    echo "$DOCKER_HOST" >"$STATE/daemon.new"
    mv "$STATE/daemon.new" "$STATE/daemon"
  fi
  connect_docker
  [ "$(docker info --format '{{.Driver}}')" != vfs ] ||
    fail "docker keeps its data (docker info: Docker Root Dir) on a disk that can't hold overlays, such as a container's own:" \
      "no container could run in a host there"
}

default_daemon() { echo "${DOCKER_HOST:-unix:///var/run/docker.sock}"; }

# The old settings are on disk, completely, before the first of them is changed.
raise_sysctls() {
  local item key
  if [ ! -f "$STATE/sysctls" ]; then
    for item in $RAISED $TOUCHED; do
      key=${item%%=*}
      [ ! -f "$(sysctl_file "$key")" ] || echo "$key $(cat "$(sysctl_file "$key")")"
    done >"$STATE/sysctls.new"
    mv "$STATE/sysctls.new" "$STATE/sysctls"
  fi
  for item in $RAISED; do
    key=$(sysctl_file "${item%%=*}")
    [ "$(cat "$key")" -ge "${item##*=}" ] || echo "${item##*=}" >"$key"
  done
}

# Lets IPv6 of hosts out. A kernel that forwards drops the default route that came by a router's advertisement, unless accept_ra is 2.
forward_ipv6() {
  local device key
  [ "$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null)" = 0 ] || fail "this machine has no IPv6: take a lab.subnet of IPv4"
  for device in $(ip -6 route show default proto ra | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u); do
    key=net/ipv6/conf/$device/accept_ra
    [ "$(cat "$(sysctl_file "$key")")" != 1 ] || { record_sysctl "$key" && echo 2 >"$(sysctl_file "$key")"; }
  done
  key=net/ipv6/conf/all/forwarding
  [ "$(cat "$(sysctl_file "$key")")" = 1 ] || { record_sysctl "$key" && echo 1 >"$(sysctl_file "$key")"; }
}
record_sysctl() { grep -q "^$1 " "$STATE/sysctls" || echo "$1 $(cat "$(sysctl_file "$1")")" >>"$STATE/sysctls"; }

restore_sysctls() {
  [ -f "$STATE/sysctls" ] || return 0
  local key before file
  while read -r key before; do
    file=$(sysctl_file "$key")
    # Another daemon, started meanwhile, needs forwarding for its own containers.
    if [[ $key == net.ipv4.ip_forward || $key == net/ipv6/* ]] && DOCKER_HOST=unix:///var/run/docker.sock daemon_answers; then continue; fi
    [ "$(cat "$file")" = "$before" ] || echo "$before" >"$file"
  done <"$STATE/sysctls"
  rm -f "$STATE/sysctls"
}

# sysctl_file NAME: with dots, or with slashes as the name of a device may need them.
sysctl_file() { if [[ $1 == */* ]]; then echo "/proc/sys/$1"; else echo "/proc/sys/${1//.//}"; fi; }

# Restores the machine if no lab is left. The image stays in STATE/docker (or in the daemon that was running already) as a cache.
release_machine() {
  local networks
  networks=$(docker network ls --quiet --filter "label=$LABEL")
  [ -z "$networks" ] || return 0
  restore_sysctls
  [ "$DOCKER_HOST" != "$OWN_DAEMON" ] || stop_own_daemon
  rm -f "$STATE/daemon"
}

stop_own_daemon() {
  local mount
  if own_daemon_lives; then
    kill "$(cat "$RUN/daemon.pid")"
    wait_until 60 "the lab's docker daemon to end" own_daemon_ended
  fi
  while read -r mount; do umount "$mount"; done < <(awk '{print $5}' /proc/self/mountinfo | grep -E "^($RUN|$STATE)/" | sort -r)
  rm -rf "$RUN"
}
