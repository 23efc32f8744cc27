# shellcheck shell=bash
# The add-ons live in the cluster, not on this host: they stay while a control plane is left, and go with the last one.

undo_addons() {
  say "add-ons belong to the cluster: only what this host runs for them is undone"
  stop_join_timer
  remove_files
  rmdir /usr/local/lib/ha-kubernetes-join 2>/dev/null || true
  systemctl daemon-reload
}

undo_addons
