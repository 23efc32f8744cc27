# shellcheck shell=bash
# What a control plane says of itself in the ConfigMap kube-system/ha-kubernetes, where workers look when they leave.

# A control plane whose `leaving` stage is here announces it when it leaves.
announces() { [ -d "$HOME_DIR/stages/leaving" ]; }

# announce_control_plane here|leaving|gone: this control plane's entries, and no other: where it is, whether it announces it when it
# leaves, and whether it does; none once it is gone.
announce_control_plane() {
  local file=$STAGE/registry.yaml
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ha-kubernetes, namespace: kube-system}\ndata:\n'
    if [ "$1" != gone ]; then printf '  control-plane.%s: "%s"\n' "$HOST_NAME" "$HOST_ADDRESS"; fi
    if [ "$1" != gone ] && announces; then printf '  announces.%s: "yes"\n' "$HOST_NAME"; fi
    if [ "$1" = leaving ]; then printf '  leaving.%s: "yes"\n' "$HOST_NAME"; fi
  } >"$file"
  api_apply /api/v1/namespaces/kube-system/configmaps/ha-kubernetes "control-plane-$HOST_NAME" "$file"
}
