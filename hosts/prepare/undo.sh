# shellcheck shell=bash
# Gives the host back as it was before the first run.

undo_prepare() {
  local item
  remove_containerd
  restore_hosts_lines
  restore_tables
  restore_shutdown
  restore_updates
  for item in firewall time_sync swap sysctl modules journal time_zone packages host_name; do "restore_$item"; done
  remove_files
  systemctl daemon-reload
  rm -rf /etc/ha-kubernetes/kubelet.conf.d /opt/ha-kubernetes
  rm -f /etc/ha-kubernetes/resolv.conf "$HOME_DIR/prepared"
  local folder
  for folder in /etc/containerd/certs.d/* /etc/containerd/certs.d /etc/containerd /etc/ha-kubernetes /etc/systemd/journald.conf.d; do
    rmdir "$folder" 2>/dev/null || true
  done
  forget_saved
  did "restored the host"
}

undo_prepare
