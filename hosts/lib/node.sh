# shellcheck shell=bash
# What control planes and workers share: their kubelet, and how a node leaves.

readonly MANIFESTS=/etc/kubernetes/manifests

link_kubernetes() {
  local tool
  for tool in "$@"; do put_link "/opt/ha-kubernetes/kubernetes-$KUBERNETES_VERSION/$tool" "/usr/local/bin/$tool"; done
}

# True when the kubelet runs something else than its files say.
kubelet_is_stale() {
  local files
  mapfile -t files < <(kubelet_settings)
  stale kubelet "${files[@]}"
}
# The CA bundle is among them, because the kubelet reads it only at its start.
kubelet_settings() { find /etc/systemd/system/kubelet.service /var/lib/kubelet/config.yaml /etc/ha-kubernetes/kubelet.conf.d /etc/kubernetes/pki/ca.crt -type f | sort; }

start_kubelet() {
  mkdir -p /etc/ha-kubernetes/kubelet.conf.d "$MANIFESTS"
  # An image that is not there would be asked of a registry, in vain, and only after a while again.
  images_at_hand
  enable_units kubelet
  reread_units kubelet
  # One that failed again and again is not started for a while.
  systemctl reset-failed kubelet 2>/dev/null || true
  systemctl restart kubelet || fail "kubelet does not start: $(journalctl -u kubelet -n 3 -o cat | tr '\n' ' ')"
  local files
  mapfile -t files < <(kubelet_settings)
  started kubelet "${files[@]}"
}

# The kubelet's version on this host: of the one that runs, else of its unit; empty where there is none.
kubelet_version() {
  local program
  program=$(readlink "/proc/$(systemctl show -p MainPID --value kubelet)/exe" 2>/dev/null ||
    sed -n 's|^ExecStart=\(/[^ ]*\).*|\1|p' /etc/systemd/system/kubelet.service 2>/dev/null || true)
  sed -n 's|^/opt/ha-kubernetes/kubernetes-\([0-9.]*\)/kubelet$|\1|p' <<<"$program"
}

# There while this host is cordoned by a change of its own, and not by somebody else.
readonly CORDONED=$HOME_DIR/cordoned

# empty_across_minors FROM: across minor versions Kubernetes asks for a node without pods; a patch leaves them where they are.
empty_across_minors() {
  [ "${1%.*}" != "${KUBERNETES_VERSION%.*}" ] || return 0
  [ "$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.spec.unschedulable}')" = true ] || touch "$CORDONED"
  drain_node
}
uncordon() {
  [ -f "$CORDONED" ] || return 0
  this_kubectl uncordon "$HOST_NAME" >/dev/null
  rm -f "$CORDONED"
}
ready_with_version() {
  local status
  status=$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status}')
  echo "$status"
  [ "$status" = "v$KUBERNETES_VERSION True" ]
}

# Everything that a kubelet leaves on a host.
reset_node() {
  systemctl disable --quiet --now kubelet 2>/dev/null || true
  forget_started kubelet
  if command -v ctr >/dev/null && systemctl is-active --quiet containerd; then wait_until 60 "containers to be gone" containers_gone; fi
  local mount
  while read -r mount; do umount -l "$mount"; done < <(awk '$2 ~ "^/var/lib/kubelet/" {print $2}' /proc/mounts | sort -r)
  if [ -d /var/lib/kubelet ]; then find /var/lib/kubelet -mindepth 1 -xdev -delete; fi
  restore_directory /var/lib/kubelet
  rm -rf /etc/kubernetes /var/lib/cni /run/flannel
  remove_network_configuration
  remove_pod_logs
  remove_plugin_folders
  restore_proxy_settings
  # Kubelet's own, for its graceful shutdown.
  rm -f /etc/systemd/logind.conf.d/99-kubelet.conf
  local link
  clear_services
  for link in flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6 cni0 kube-ipvs0 kube-bridge; do ip link delete "$link" 2>/dev/null || true; done
  local netns
  for netns in $(ip netns list 2>/dev/null | awk '/^cni-/ {print $1}'); do ip netns delete "$netns"; done
  local table
  if command -v nft >/dev/null; then
    for table in "ip kube-proxy" "ip6 kube-proxy" "ip flannel-ipv4" "ip6 flannel-ipv6"; do
      # shellcheck disable=SC2086 # family and name are two words
      nft delete table $table 2>/dev/null || true
    done
  fi
  clean_iptables iptables ip
  clean_iptables ip6tables ip6
  clear_sets
  for link in kubelet kubeadm kubectl; do remove_link "/usr/local/bin/$link"; done
  systemctl daemon-reload
}

# Kills and deletes all containers. containerd may be deleting some of it by itself at the same moment, so only an empty list counts.
containers_gone() {
  local left
  left=$(k8s_ctr tasks list -q) || return 1
  [ -z "$left" ] || xargs -P 8 -n 1 "$(command -v ctr)" -n k8s.io tasks kill -s SIGKILL <<<"$left" >/dev/null 2>&1 || true
  left=$(k8s_ctr containers list -q) || return 1
  [ -n "$left" ] || return 0
  xargs "$(command -v ctr)" -n k8s.io containers delete <<<"$left" || true
  left=$(k8s_ctr containers list -q) && [ -z "$left" ]
}
k8s_ctr() { CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1 ctr -n k8s.io "$@"; }
