# shellcheck shell=bash
# What a control plane says of itself in the ConfigMap kube-system/ha-kubernetes, where workers look when they leave.

# A control plane whose `leaving` stage is here announces it when it leaves.
announces() { [ -d "$HOME_DIR/stages/leaving" ]; }

# tell_workers [leaving]: that this control plane is there, and whether it announces it when it leaves; or that it leaves.
tell_workers() {
  local entries=("control-plane.$HOST_NAME" "$HOST_ADDRESS")
  if announces; then entries+=("announces.$HOST_NAME" yes); fi
  if [ "${1:-}" = leaving ]; then entries+=("leaving.$HOST_NAME" yes); fi
  in_api "${entries[@]}"
}

# in_api [KEY VALUE]...: these and no other entries of this control plane.
in_api() {
  local file=$STAGE/registry.yaml
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ha-kubernetes, namespace: kube-system}\ndata:\n'
    while [ $# -gt 0 ]; do
      printf '  %s: "%s"\n' "$1" "$2"
      shift 2
    done
  } >"$file"
  api_apply /api/v1/namespaces/kube-system/configmaps/ha-kubernetes "control-plane-$HOST_NAME" "$file"
}
