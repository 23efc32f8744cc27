# shellcheck shell=bash
# What something else left on a host that this program has never been on: Kubernetes, etcd, containers. Its data would be taken for this
# cluster's, or be deleted with it, so it is moved away first. Programs and single files are kept aside and put back by the undo.

# A host that an earlier release prepared has no note.
looked_for() { if [ -f "$LOOKED_AROUND" ]; then grep -qx "$1" "$LOOKED_AROUND"; else ! first_run; fi; }

check_leftovers() {
  local kind
  for kind in $(kinds_of_roles); do looked_for "$kind" || "check_leftovers_of_$kind"; done
}
check_leftovers_of_node() {
  local place folders=(/etc/kubernetes /var/lib/kubelet /var/lib/cni)
  # A first run of the previous release, which was interrupted.
  [[ "$(readlink /usr/local/bin/containerd)" == /opt/ha-kubernetes/* ]] || folders+=(/var/lib/containerd)
  for place in "${folders[@]}"; do check_folder "$place"; done
  check_network_configuration
  check_unit kubelet
  note_programs kubectl kubeadm kubelet containerd ctr runc
}
check_leftovers_of_etcd() {
  check_folder /etc/etcd
  check_unit etcd
  check_place_of_etcd
  note_programs etcdctl etcdutl
}
check_folder() { if [ -d "$1" ] && has_content "$1"; then report_leftover "$1" "$1 holds $(some_content "$1")"; fi; }
report_leftover() { problem "$2: something else left that. $(move_away "$1"), or take another host"; }

# The runtime takes the first file by name, no matter who wrote it.
check_network_configuration() {
  local found
  [ -d /etc/cni/net.d ] || return 0
  found=$(find /etc/cni/net.d/ -maxdepth 1 \( -name '*.conf' -o -name '*.conflist' -o -name '*.json' \) -printf '%f\n' 2>/dev/null | sort | paste -sd' ')
  [ -z "$found" ] || report_leftover /etc/cni/net.d "/etc/cni/net.d holds $found, which pods would get their network from"
}

# check_unit NAME: one of the same name, or settings for one, also where it does not run.
check_unit() {
  local found
  found=$(systemctl show -p FragmentPath,DropInPaths --value "$1" 2>/dev/null | xargs || true)
  [ -z "$found" ] || problem "a service $1 is here already ($found): remove its package (dpkg -S names it) or the file, then systemctl daemon-reload"
}

check_place_of_etcd() {
  local against
  if id -u etcd >/dev/null 2>&1; then problem "a user etcd is here already, which may be a package's. $(remove_user)"; fi
  if [ -z "$ETCD_DATA_DEVICE" ]; then
    against=$(against_directory "$ETCD_DATA_DIRECTORY" false)
    [ -z "$against" ] || problem "$against (etcd.dataDirectory). $(move_away "$ETCD_DATA_DIRECTORY")"
  elif [ ! -b "$ETCD_DATA_DEVICE" ]; then
    check_device
  else
    # A device's data came from another machine, it may be: etcd's own stage can ask, because it has credentials.
    against=$(against_device "$ETCD_DATA_DEVICE" "$ETCD_DATA_DIRECTORY" true)
    [ -z "$against" ] || problem "$against (hosts.$HOST_NAME.dataDevice). $(cure_of_device "$ETCD_DATA_DEVICE" "$ETCD_DATA_DIRECTORY")"
  fi
  against=$(against_snapshots "$ETCD_BACKUP_DIRECTORY")
  [ -z "$against" ] || problem "$against (etcd.backup.directory). Name a directory of its own, or move that away"
}

# note_programs NAME...: programs in /usr/local/bin, which come before the system's own on the path.
note_programs() {
  local name found=()
  for name; do
    if is_there "/usr/local/bin/$name" && [[ "$(readlink "/usr/local/bin/$name")" != /opt/ha-kubernetes/* ]]; then found+=("/usr/local/bin/$name"); fi
  done
  [ ${#found[@]} -eq 0 ] || remark "this cluster's own programs take the place of ${found[*]}, which come back with the undo"
}
