# shellcheck shell=bash
# What the kernel must be able to do, tried for real in a network of its own that is gone with the command.

# try_in_kernel WHAT COMMAND: a problem where it fails. Modules that are not loaded yet come by themselves.
try_in_kernel() {
  unshare --net sh -c "$2" >/dev/null 2>&1 || short_of "Linux $(uname -r) can't do $1 ($2): install the kernel's package of modules, such as linux-modules-extra-$(uname -r) on Ubuntu, or another kernel"
}
# Commands that a package still has to bring can't try it.
can_try_features() { command -v nft >/dev/null && command -v ip >/dev/null; }
# check_ipvs: stage prepare loads it. Its own command may still have to come with a package.
check_ipvs() {
  if [[ " ${BALANCER:-} " != *" lvs "* ]] || [ -e /proc/net/ip_vs ]; then return 0; fi
  if in_container; then
    problem "Linux $(uname -r), which this container shares, has not loaded the module ip_vs, which balancer.kind lvs needs: run 'modprobe ip_vs' on the machine itself, or set balancer.kind to haproxy"
  elif ! modprobe --dry-run --quiet ip_vs; then
    problem "Linux $(uname -r) has no module ip_vs, which balancer.kind lvs needs: install the kernel's package of modules, such as linux-modules-extra-$(uname -r) on Ubuntu, or set balancer.kind to haproxy"
  fi
}
check_features() {
  check_ipvs
  is_node || return 0
  if [ -n "$POD_LINK" ] && command -v ip >/dev/null; then try_in_kernel "$POD_LINK" "ip link add test0 type $POD_LINK$(if [ "$POD_LINK" = vxlan ]; then echo " id 1 dstport 8472"; fi)"; fi
  if [ -n "${POLICIES:-}" ] && command -v nft >/dev/null; then
    try_in_kernel "queues of nftables, which addons.networkPolicies needs" 'nft "add table inet t; add chain inet t c { type filter hook postrouting priority 0; }; add rule inet t c queue flags bypass to 98"'
  fi
  if [ "$KUBE_PROXY_MODE" = nftables ] && command -v nft >/dev/null; then
    try_in_kernel "nftables with address translation" 'nft "add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c masquerade"'
  fi
}
