# shellcheck shell=bash
# Creates a host's container. Sourced after lib.sh.

# These are enough for systemd, kubelet, containerd and privileged pods. --privileged fails if the machine itself lacks a capability
# (CAP_SYS_RESOURCE is often missing in small virtual machines).
readonly CAPABILITIES="SYS_ADMIN NET_ADMIN NET_RAW SYS_PTRACE SYS_CHROOT MKNOD AUDIT_WRITE AUDIT_CONTROL SETFCAP SYS_NICE
  SYS_TTY_CONFIG SYSLOG IPC_LOCK DAC_READ_SEARCH NET_BROADCAST LEASE SYS_TIME SYS_BOOT"

# A host that reboots comes back; one that is stopped or killed from outside does not. docker never starts it for another reason.
# container_arguments CLUSTER HOST ADDRESS[,ADDRESS] CGROUP_DRIVER IMAGE NAME_SERVERS: the arguments of `docker create`, one on each line. None
# of them is secret.
container_arguments() {
  local cluster=$1 host=$2 addresses=$3 driver=$4 image=$5 servers=$6 capability address
  printf '%s\n' --pull never --restart on-failure --name "$(container_name "$cluster" "$host")" --hostname "$host" \
    --label "$LABEL=$cluster" --label "ha-kubernetes.host=$host" --label "ha-kubernetes.address=$addresses" \
    --network "$(network_name "$cluster")"
  for address in ${addresses//,/ }; do
    if [ "$(family_of "$address")" = -4 ]; then
      printf '%s\n' --ip "$address"
    else
      # docker turns IPv6 on for its own interface alone.
      printf '%s\n' --ip6 "$address" --sysctl net.ipv6.conf.all.disable_ipv6=0 --sysctl net.ipv6.conf.default.disable_ipv6=0
    fi
  done
  for capability in $CAPABILITIES; do printf '%s\n' --cap-add "$capability"; done
  # Kernel settings belong to each host or to the machine (docs/lab.md); without the device rule privileged pods fail.
  printf '%s\n' --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --device-cgroup-rule 'a *:* rwm' --cgroupns private
  # With systemd's cgroup driver, docker accepts only slices as parents.
  if [ "$driver" = cgroupfs ]; then printf '%s\n' --cgroup-parent /; fi
  # /run and /tmp are empty after a start, as after a boot. Overlays can't be on the container's own overlay, so folders that hold
  # overlays, or that sync to disk, are volumes.
  printf '%s\n' --tmpfs /run:nosuid,nodev,mode=755 --tmpfs /tmp:exec,nosuid,nodev,mode=1777 \
    --volume /var/lib/containerd --volume /var/lib/etcd --volume /var/lib/kubelet \
    --mount "type=bind,source=$CACHE/bundle,target=/var/cache/ha-kubernetes/bundle,readonly"
  # systemd's signal to power off.
  printf '%s\n' --stop-signal SIGRTMIN+3 --stop-timeout 90 --env container=docker --env "LAB_NAME_SERVERS=$servers" \
    --entrypoint /usr/local/sbin/lab-init "$image"
}

# The name servers of this machine, without loopback addresses, which no host could reach.
name_servers() {
  local file=/etc/resolv.conf
  [ ! -f /run/systemd/resolve/resolv.conf ] || file=/run/systemd/resolve/resolv.conf
  awk '$1 == "nameserver" && $2 ~ /^[0-9.]+$/ && $2 !~ /^127\./ {print $2}' "$file" | paste -sd' '
}

# The address that a host's container was created with, or both. Empty if the container does not exist. Those of an earlier release have no label.
address_of() {
  local format='{{with index .Config.Labels "ha-kubernetes.address"}}{{.}}{{else}}{{range .NetworkSettings.Networks}}{{.IPAMConfig.IPv4Address}}{{end}}{{end}}'
  docker inspect --format "$format" "$1" 2>/dev/null || true
}

# leave_ipv4 CONTAINER ADDRESS: docker gives every container an IPv4 address, at each start, whatever it was asked for.
leave_ipv4() {
  [[ $2 == *:* && $2 != *.* ]] || return 0
  docker exec "$1" sh -c "ip -4 address flush dev eth0 && sed -i '/^127[.]/!{/^[0-9]*[.]/d}' /etc/hosts"
}

# ready CONTAINER ADDRESS[,ADDRESS]: sshd answers, and accepts users other than root, too.
ready() {
  local banner
  exec 3<>"/dev/tcp/${2%,*}/22" && read -t 5 -r banner <&3 && [[ $banner == SSH-2.0-* ]] && docker exec "$1" test ! -e /run/nologin
}
