# shellcheck shell=bash
# Nothing to do while the cluster lives, but to say that the first `up` came to its end, and that this control plane will announce it
# when it leaves. A mark of a removal that was called off goes.

if etcd_access; then
  if [ "${MARKS:-yes}" = yes ]; then
    if [ -n "$(etcd_read "ha-kubernetes/leaving/$HOST_NAME")" ]; then
      etcd_surely del "ha-kubernetes/leaving/$HOST_NAME" >/dev/null
      did "took back the mark that this control plane leaves"
    fi
    rm -f "$HOME_DIR/leaving"
    close_mark
    [ -n "$(etcd_read "ha-kubernetes/announces/$HOST_NAME")" ] || etcd_surely put "ha-kubernetes/announces/$HOST_NAME" yes >/dev/null
    api_as_admin "https://$(host_port "$HOST_ADDRESS" 6443)"
    wait_until 60 "the apiserver of this host to take note of it" announce_control_plane here
  fi
  [ -f "$FINISHED" ] || touch "$FINISHED"
  remember_control_planes
fi
