# shellcheck shell=bash
# Gives the host back as it was before the first run.

# No other stage is left on a host that an `up` made whole. One that failed or was killed at its first run is in no state, so nobody
# else undoes it: what it left goes first, in the order of a removal, with the lock that this run has.
undo_left_stages() {
  local stage script
  for stage in leaving handover addons worker balancer control-plane etcd; do
    script=$HOME_DIR/stages/$stage/lib/run.sh
    [ -f "$script" ] || continue
    bash "$script" undo "$OWNER" </dev/null >&2 || fail "what stage $stage left on this host could not be removed: see above"
    did "removed what stage $stage had begun"
  done
}

undo_prepare() {
  local item
  undo_left_stages
  remove_containerd
  restore_hosts_lines
  restore_service_route
  restore_tables
  restore_shutdown
  restore_multipath
  restore_updates
  restore_selinux
  for item in metrics services_off clock_in_utc firewall time_sync swap huge_pages sysctl modules journal time_zone packages host_name; do "restore_$item"; done
  remove_files
  systemctl daemon-reload
  rm -rf /etc/ha-kubernetes/kubelet.conf.d /opt/ha-kubernetes
  rm -f /etc/ha-kubernetes/resolv.conf "$HOME_DIR/prepared" "$LOOKED_AROUND"
  local folder
  for folder in /etc/containerd/certs.d/* /etc/containerd/certs.d /etc/containerd /etc/ha-kubernetes{/downloads,/flannel,} /etc/systemd/{system/containerd.service,journald.conf}.d; do
    rmdir "$folder" 2>/dev/null || true
  done
  restore_all_originals
  # systemd remembers units that failed, also when their files are gone.
  systemctl reset-failed 'ha-kubernetes-*' 'etcd*' kubelet.service containerd.service 2>/dev/null || true
  forget_saved
  did "restored the host"
}

undo_prepare
