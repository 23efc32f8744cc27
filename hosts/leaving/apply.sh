# shellcheck shell=bash
# Nothing to do while the cluster lives. A mark of a removal that was called off goes.
if etcd_access && [ -n "$(etcd_read "ha-kubernetes/leaving/$HOST_NAME")" ]; then
  etcd_surely del "ha-kubernetes/leaving/$HOST_NAME" >/dev/null
  did "took back the mark that this control plane leaves"
fi
rm -f "$HOME_DIR/leaving"
remember_control_planes
