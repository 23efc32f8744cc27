# shellcheck shell=bash
# What the kernel must be able to do, tried for real in a network of its own that is gone with the command; and what else on a host
# does the same work.

# try_in_kernel WHAT COMMAND: a problem where it fails. Modules that are not loaded yet come by themselves.
try_in_kernel() {
  unshare --net sh -c "$2" >/dev/null 2>&1 || short_of "Linux $(uname -r) can't do $1 ($2): install the kernel's package of modules, such as linux-modules-extra-$(uname -r) on Ubuntu, or another kernel"
}
# Commands that a package still has to bring are tried when it has.
UNTRIED=no
check_features() {
  is_node || return 0
  command -v nft >/dev/null && command -v ip >/dev/null || UNTRIED=yes
  if [ -n "$POD_LINK" ] && command -v ip >/dev/null; then try_in_kernel "$POD_LINK" "ip link add test0 type $POD_LINK$(if [ "$POD_LINK" = vxlan ]; then echo " id 1 dstport 8472"; fi)"; fi
  if [ -n "${POLICIES:-}" ] && command -v nft >/dev/null; then
    try_in_kernel "queues of nftables, which addons.networkPolicies needs" 'nft "add table inet t; add chain inet t c { type filter hook postrouting priority 0; }; add rule inet t c queue flags bypass to 98"'
  fi
  if [ "$KUBE_PROXY_MODE" = nftables ] && command -v nft >/dev/null; then
    try_in_kernel "nftables with address translation" 'nft "add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c masquerade"'
  fi
}
check_features_again() {
  [ "$UNTRIED" = yes ] || return 0
  PROBLEMS=()
  check_features
  [ ${#PROBLEMS[@]} -eq 0 ] || fail "${PROBLEMS[*]}"
}

# Packages exclude each other: chrony's takes away the others, with their configuration.
check_time_service() {
  local unit
  if ! item_is_on time_sync || in_container || command -v chronyd >/dev/null; then return 0; fi
  for unit in ntpsec ntp openntpd; do
    if is_active "$unit"; then
      problem "$unit keeps its clock, and installing chrony would remove it: set hostPreparation.timeSync to false to keep it, or remove it (apt-get remove $unit)"
    fi
  done
}
