#!/usr/bin/env bash
# await-nodes.sh POD-NETWORK NODE..., on a control plane: waits until each of these Nodes is Ready, and says which is not and why. The pod network
# is an add-on, so while a cluster is born neither workers nor control planes can wait for it by themselves. POD-NETWORK is `none` where the user
# brings one, without which no Node is Ready.
set -euo pipefail
umask 077
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A proxy of the login has no way to this cluster.
for variable in $(compgen -e); do if [[ ${variable,,} == *_proxy ]]; then unset "$variable"; fi; done
readonly POD_NETWORK=$1 NODES=("${@:2}") DEADLINE=${DEADLINE:-240}

mkdir -p /run/ha-kubernetes
scratch=$(mktemp -d /run/ha-kubernetes/nodes.XXXXXXXX)
trap 'rm -rf "$scratch"' EXIT

get() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$(sed -n 's/^ *server: //p' /etc/kubernetes/kubelet.conf)" --cache-dir "$scratch" \
    --request-timeout 20s get "$@"
}

# A line for each that is not there or not Ready.
missing() {
  local name line
  get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {range .status.conditions[?(@.type=="Ready")]}{.status} {.message}{end}{"\n"}{end}' \
    >"$scratch/nodes" 2>"$scratch/error" || {
    echo "the API does not list them: $(tail -n 1 "$scratch/error")"
    return
  }
  for name in "${NODES[@]}"; do
    if ! line=$(grep "^$name " "$scratch/nodes"); then
      echo "$name: the API has no such Node"
      continue
    fi
    line=${line#"$name "}
    if [[ $line == "True "* || ( $POD_NETWORK = none && $line == *NetworkPluginNotReady* ) ]]; then continue; fi
    echo "$name: $line"
  done
}

# What pods of the pod network wait for.
waiting_pods() {
  get pods -n kube-flannel -o 'jsonpath={range .items[*]}{.spec.nodeName}|{.status.initContainerStatuses[*].state.waiting.reason}{.status.containerStatuses[*].state.waiting.reason} {.status.containerStatuses[*].state.waiting.message}{"\n"}{end}' 2>/dev/null |
    while IFS='|' read -r node why; do if [ -n "${why// /}" ]; then echo "flannel, the pod network, on $node waits: $why"; fi; done
}

said=0
while left=$(missing) && [ -n "$left" ]; do
  if [ "$SECONDS" -ge "$DEADLINE" ]; then
    printf 'ERROR: after %s s these Nodes are not Ready:\n%s\n' "$DEADLINE" "$left" >&2
    [ "$POD_NETWORK" = none ] || waiting_pods >&2 || true
    echo "Mend that and run up again" >&2
    exit 1
  fi
  if [ $((SECONDS - said)) -ge 10 ]; then
    said=$SECONDS
    printf 'waiting for Nodes to be Ready: %s\n' "$(head -n 3 <<<"$left" | tr '\n' ';')" >&2
  fi
  sleep 0.3
done
echo "all ${#NODES[@]} Nodes are Ready"
