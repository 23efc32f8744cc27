# shellcheck shell=bash
# The taints of pools. A kubelet gives them to its Node when that is made and may not touch them later, so a control plane does. An
# annotation says which of a Node's taints are the pool's: those that others gave it stay.

readonly TAINTS_NOTE=ha-kubernetes/taints

# `node|pool|what the annotation says|key:effect of each taint` for every worker.
workers_taints() {
  # shellcheck disable=SC2016 # a Go template
  addons_kubectl get nodes -l ha-kubernetes/pool -o go-template='{{range .items}}{{.metadata.name}}|{{index .metadata.labels "ha-kubernetes/pool"}}|{{with .metadata.annotations}}{{with index . "'$TAINTS_NOTE'"}}{{.}}{{end}}{{end}}|{{range .spec.taints}}{{.key}}:{{.effect}} {{end}}{{"\n"}}{{end}}'
}

# Nor is to have any: found with one small answer of the API, which is all that most clusters need.
nobody_has_taints() {
  local nodes
  [ -z "$TAINTS" ] || return 1
  nodes=$(api GET '/api/v1/nodes?labelSelector=ha-kubernetes%2Fpool' -H 'Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1') || return 1
  [[ $nodes != *"\"$TAINTS_NOTE\":\""?* ]]
}

# pool_taints POOL: those of TAINTS (words `pool>key=value:effect`), in one line.
pool_taints() {
  local word found=()
  for word in $TAINTS; do if [ "${word%%>*}" = "$1" ]; then found+=("${word#*>}"); fi; done
  echo "${found[*]}"
}

taints_are_current() {
  local node pool note
  workers_taints >"$STAGE/taints" || return 1
  while IFS='|' read -r node pool note _; do
    if [ "$note" != "$(pool_taints "$pool")" ]; then return 1; fi
  done <"$STAGE/taints"
}

set_taints() {
  local node pool note has wanted taint id changes
  workers_taints >"$STAGE/taints"
  while IFS='|' read -r node pool note has; do
    wanted=$(pool_taints "$pool")
    [ "$note" != "$wanted" ] || continue
    read -r -a changes <<<"$wanted"
    for taint in $note; do
      id=${taint%%[=:]*}:${taint##*:}
      if [[ " $has" == *" $id "* ]] && ! is_among "$id" "$wanted"; then changes+=("$id-"); fi
    done
    [ ${#changes[@]} -eq 0 ] || addons_kubectl taint node "$node" --overwrite "${changes[@]}" >&2
    addons_kubectl annotate node "$node" --overwrite "$TAINTS_NOTE=$wanted" >/dev/null
    did "set the taints of $node: ${wanted:-none}"
  done <"$STAGE/taints"
}

# is_among KEY:EFFECT TAINTS: whatever its value is.
is_among() {
  local taint
  for taint in $2; do if [ "${taint%%[=:]*}:${taint##*:}" = "$1" ]; then return 0; fi; done
  return 1
}
