# shellcheck shell=bash
# Moves the pods away from this node with a kubelet's own rights: to list the pods of its node, and to evict them.

# `uid namespace name` of each pod here that can run elsewhere: neither a static one nor one of a DaemonSet.
movable_pods() {
  # shellcheck disable=SC2016 # a Go template
  this_kubectl get pods -A --field-selector "spec.nodeName=$HOST_NAME" \
    -o go-template='{{range .items}}{{.metadata.uid}} {{.metadata.namespace}} {{.metadata.name}} {{range .metadata.ownerReferences}}{{if .controller}}{{.kind}}{{end}}{{end}}{{"\n"}}{{end}}' |
    awk '$4 != "DaemonSet" && $4 != "Node" {print $1, $2, $3}'
}

# evict UID NAMESPACE NAME: asks once. A pod that is gone, or another one of the same name, counts as evicted.
evict() {
  local answer pattern='"message":"([^"]*)"'
  answer=$(api POST "/api/v1/namespaces/$2/pods/$3/eviction" -H 'Content-Type: application/json' \
    -d "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"namespace\":\"$2\",\"name\":\"$3\"},\"deleteOptions\":{\"preconditions\":{\"uid\":\"$1\"}}}") &&
    return 0
  if [[ $answer == *'"reason":"NotFound"'* || $answer == *'"reason":"Conflict"'* ]]; then return 0; fi
  [[ ! $answer =~ $pattern ]] || answer=${BASH_REMATCH[1]}
  echo "$2/$3: $answer"
  return 1
}

# Moves the pods away, PodDisruptionBudgets respected, within the time of the config. Only those that are here now: what tolerates a
# cordoned node comes back.
drain_node() {
  local node end=$((SECONDS + DRAIN_SECONDS)) here="" pod uid namespace name why asked_at=0 left=()
  local -A wanted=() refused=()
  node=$(this_kubectl get node "$HOST_NAME" --ignore-not-found -o name) || fail "the API does not say whether this node exists"
  [ -n "$node" ] || return 0
  this_kubectl cordon "$HOST_NAME" >/dev/null
  here=$(movable_pods) || fail "the API does not list the pods of this node, so it can't be drained. Run up again once it does"
  [ -z "$here" ] || say "draining, for at most $DRAIN_SECONDS s"
  while read -r uid namespace name; do
    [ -z "$uid" ] || wanted[$uid]="$uid $namespace $name" refused[$uid]="$namespace/$name: not asked yet"
  done <<<"$here"
  while [ ${#wanted[@]} -gt 0 ]; do
    # As often as kubectl does.
    if [ $((SECONDS - asked_at)) -ge 5 ] || [ "$asked_at" -eq 0 ]; then
      asked_at=$SECONDS
      for uid in "${!refused[@]}"; do
        read -r -a pod <<<"${wanted[$uid]}"
        if why=$(evict "${pod[@]}"); then unset "refused[$uid]"; else refused[$uid]=$why; fi
      done
    fi
    pause 0.5
    if here=$(movable_pods); then
      for uid in "${!wanted[@]}"; do [[ $here == *"$uid "* ]] || unset "wanted[$uid]" "refused[$uid]"; done
    fi
    if [ "$SECONDS" -ge "$end" ]; then
      for uid in "${!wanted[@]}"; do
        read -r -a pod <<<"${wanted[$uid]}"
        left+=("${refused[$uid]:-${pod[1]}/${pod[2]}: evicted, and has not ended}")
      done
      if [ ${#left[@]} -gt 0 ]; then not_drained "${left[@]}"; fi
    fi
  done
  did "drained"
}
not_drained() {
  fail "could not be drained (drain.timeoutSeconds is $DRAIN_SECONDS): $(printf '%s; ' "${@:1:3}")the node stays cordoned." \
    "Give the pods somewhere to go, or relax the PodDisruptionBudget, and run up again"
}
