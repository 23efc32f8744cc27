# shellcheck shell=bash
# After etcd was restored from a snapshot (cluster.etcd.restoreFrom), everything that remembers later writes restarts, once for each
# RESTORE_ID.

readonly RESTORE_SEEN=$HOME_DIR/control-plane-restored

restore_unseen() { [ -n "${RESTORE_ID:-}" ] && [ "$(cat "$RESTORE_SEEN" 2>/dev/null)" != "$RESTORE_ID" ]; }

# All control planes at once: until it restarts, each may answer with objects that no longer exist.
control_plane_begin_again() {
  local since component pid
  wait_until 180 "a quorum of etcd" etcd_has_quorum
  since=$(date +%s)
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    for pid in $(own_processes "$component" || true); do kill -TERM "$pid" 2>/dev/null || true; done
  done
  # A new kubelet doesn't hold back what ended again and again while etcd was away, and registers a Node that the snapshot doesn't know.
  start_kubelet
  control_plane_converge "$(files_of_own)"
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    wait_until 180 "$component to restart" component_restarted "$component" "$since"
  done
  forget_departed
  restore_seen
  did "restarted with the restored etcd"
}
restore_seen() { [ -z "${RESTORE_ID:-}" ] || write_file 0600 root:root "$RESTORE_SEEN" <<<"$RESTORE_ID"; }

# Control planes that the snapshot knows and the config doesn't: a teardown would wait for them forever.
forget_departed() {
  local name
  control_planes | while read -r name _; do
    [[ " $RESTORE_CONTROL_PLANES " != *" $name "* ]] || continue
    etcd_surely del "ha-kubernetes/control-plane/$name" >/dev/null
    etcd_surely del "ha-kubernetes/announces/$name" >/dev/null
    did "forgot $name, which left after the snapshot"
  done
  remember_control_planes
}
