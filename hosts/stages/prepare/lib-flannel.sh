# shellcheck shell=bash
# The interface for pod traffic, where hosts have one of their own. flannel reads its name when it starts, so one that runs with another
# is ended: the kubelet starts it again, and pods keep their connections meanwhile.

readonly FLANNEL_INTERFACE=/etc/ha-kubernetes/flannel/interface

apply_flannel_interface() {
  local file name="" pid
  file=$(staged "$FLANNEL_INTERFACE")
  [ -n "$file" ] || return 0
  read -r name <"$file" || true
  [ -z "$name" ] || ip link show "$name" >/dev/null 2>&1 ||
    fail "there is no interface $name (hosts.$HOST_NAME.flannelInterface, or network.flannelInterface)"
  install_files "$FLANNEL_INTERFACE"
  # This host's own: those of other hosts on one machine are in networks of their own.
  for pid in $(pgrep --ns $$ --nslist net -x flanneld || true); do
    if ! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -xF -e "--iface=${name:-$HOST_ADDRESS}" >/dev/null; then
      kill "$pid" || true
      did "had flannel start again with the interface ${name:-of $HOST_ADDRESS}"
    fi
  done
}
