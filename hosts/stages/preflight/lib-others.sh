# shellcheck shell=bash
# What else runs on this host and does the same work.

is_active() { systemctl is-active --quiet "$1" 2>/dev/null; }

# On a host that we never prepared: what else might live here.
check_others() {
  local unit path file found=() places=(/var/lib/rancher /var/lib/k0s)
  for unit in $(systemctl list-units --plain --no-legend --state=active {kubelet,k3s,k3s-agent,rke2-server,rke2-agent,k0scontroller,k0sworker,snap.microk8s.daemon-kubelite}.service | awk '{print $1}'); do
    found+=("$unit")
  done
  # On a node, lib-leftovers.sh looks at more.
  is_node || places+=(/etc/kubernetes/manifests/*.yaml /etc/kubernetes/kubelet.conf)
  for path in "${places[@]}"; do
    if [ -e "$path" ]; then found+=("$path"); fi
  done
  [ ${#found[@]} -eq 0 ] || problem "another Kubernetes is here (${found[*]}): remove it first (kubeadm reset), or take another host"
  if has_role etcd; then
    if is_active etcd; then problem "another etcd runs here: stop and disable it, or take another host"; fi
  fi
  is_node || return 0
  file=$(systemctl show -p FragmentPath --value containerd 2>/dev/null || true)
  if [ -n "$file" ] && [ "$file" != /etc/systemd/system/containerd.service ]; then
    problem "containerd of a package is here ($file), perhaps for docker: remove it, this host gets a containerd of its own"
  elif [ -S /run/containerd/containerd.sock ] && ! [[ "$(readlink -f /usr/local/bin/containerd)" == /opt/ha-kubernetes/* ]]; then
    problem "another containerd listens on /run/containerd/containerd.sock: remove it, this host gets a containerd of its own"
  fi
}

# Packages exclude each other: chrony's takes away the others, with their configuration.
check_time_service() {
  local unit
  if ! item_is_on time_sync || [ "${TIME_SERVICE:-}" = keep ] || in_container || command -v chronyd >/dev/null; then return 0; fi
  for unit in ntpsec ntp openntpd; do
    if is_active "$unit"; then
      problem "$unit keeps its clock, and installing chrony would remove it: set hostPreparation.timeService to keep, or remove it (apt-get remove $unit)"
    fi
  done
}
