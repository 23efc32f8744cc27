# shellcheck shell=bash
# What something else left on a host that this program has never been on: Kubernetes, etcd, containers. Its data would be taken for this
# cluster's, or be deleted with it, so it is moved away first. Programs and single files are kept aside and put back by the undo.

# There once preflight has passed: from then on, what is found there is of this program's own making.
readonly LOOKED_AROUND=$HOME_DIR/looked-around
never_looked() { first_run && [ ! -f "$LOOKED_AROUND" ]; }
note_looked_around() { [ -f "$LOOKED_AROUND" ] || write_file 0644 root:root "$LOOKED_AROUND" </dev/null; }

check_leftovers() {
  never_looked || return 0
  local folders=() place
  if is_node; then
    folders+=(/etc/kubernetes /var/lib/kubelet /var/lib/cni)
    # A first run of the release before, which was cut.
    containerd_is_ours || folders+=(/var/lib/containerd)
  fi
  if has_role etcd; then folders+=(/etc/etcd); fi
  for place in "${folders[@]}"; do
    if [ -d "$place" ] && has_content "$place"; then leftover "$place" "$place holds $(some_content "$place")"; fi
  done
  if is_node; then check_network_configuration; fi
  check_units
  if has_role etcd; then check_place_of_etcd; fi
  note_programs
}
leftover() { problem "$2: something else left that. $(move_away "$1"), or take another host"; }
containerd_is_ours() { [[ "$(readlink /usr/local/bin/containerd)" == /opt/ha-kubernetes/* ]]; }

# The runtime takes the first file by name, whoever wrote it.
check_network_configuration() {
  local found
  found=$(find /etc/cni/net.d/ -maxdepth 1 \( -name '*.conf' -o -name '*.conflist' -o -name '*.json' \) -printf '%f\n' 2>/dev/null | sort | paste -sd' ')
  [ -z "$found" ] || leftover /etc/cni/net.d "/etc/cni/net.d holds $found, which pods would get their network from"
}

# A unit of the same name, or settings for one, also where it does not run.
check_units() {
  local unit units=() found
  if is_node; then units+=(kubelet); fi
  if has_role etcd; then units+=(etcd); fi
  for unit in "${units[@]}"; do
    found=$(systemctl show -p FragmentPath,DropInPaths --value "$unit" 2>/dev/null | xargs)
    [ -z "$found" ] || problem "a service $unit is here already ($found): remove its package (dpkg -S names it) or the file, then systemctl daemon-reload"
  done
}

check_place_of_etcd() {
  local against
  if id -u etcd >/dev/null 2>&1; then problem "a user etcd is here already, which may be a package's. $(remove_user)"; fi
  if [ -z "$ETCD_DATA_DEVICE" ]; then
    against=$(against_directory "$ETCD_DATA_DIRECTORY")
    [ -z "$against" ] || problem "$against (etcd.dataDirectory). $(move_away "$ETCD_DATA_DIRECTORY")"
  elif [ -b "$ETCD_DATA_DEVICE" ]; then
    against=$(against_device "$ETCD_DATA_DEVICE" "$ETCD_DATA_DIRECTORY")
    [ -z "$against" ] || problem "$against (hosts.$HOST_NAME.dataDevice). $(cure_of_device "$ETCD_DATA_DEVICE" "$ETCD_DATA_DIRECTORY")"
  fi
  against=$(against_snapshots "$ETCD_BACKUP_DIRECTORY")
  [ -z "$against" ] || problem "$against (etcd.backup.directory). Name a directory of its own, or move that away"
}
# A device's data came from another machine, it may be: etcd's own stage can ask, because it has credentials.
says_ours() { [ "$1" = "$LOOK" ]; }

# What is on the path before the system's own programs.
note_programs() {
  local name found=()
  for name in kubectl kubeadm kubelet etcdctl etcdutl containerd ctr runc; do
    if is_there "/usr/local/bin/$name" && [[ "$(readlink "/usr/local/bin/$name")" != /opt/ha-kubernetes/* ]]; then found+=("/usr/local/bin/$name"); fi
  done
  [ ${#found[@]} -eq 0 ] || say "note: this cluster's own programs take the place of ${found[*]}, which come back with the undo"
}
