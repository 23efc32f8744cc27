# shellcheck shell=bash
# The taints of pools. A kubelet gives them to its Node when that is made and may not touch them later, so a control plane does. What it
# set is noted in a ConfigMap that nodes can't write, so that taints that others gave a Node stay: `node.<name>` for each Node, and
# `pool.<name>` for those that joined since. Whose pool is whose the label says, which nodes can't change (guards.ts).

readonly TAINTS_NOTE=/api/v1/namespaces/kube-system/configmaps/ha-kubernetes-taints

# read_notes: NOTES, as the API gives them; empty where there are none.
read_notes() {
  if NOTES=$(api GET "$TAINTS_NOTE"); then return 0; fi
  [[ $NOTES == *'"reason":"NotFound"'* ]] || return 1
  NOTES=""
}
# note_of KEY: the noted taints; fails where nothing is noted.
note_of() {
  local pattern="\"$1\":\"([^\"]*)\""
  [[ $NOTES =~ $pattern ]] || return 1
  echo "${BASH_REMATCH[1]}"
}

# `node|pool|key=value:effect of each taint` for every worker.
workers_taints() {
  # shellcheck disable=SC2016 # a Go template
  addons_kubectl get nodes -l ha-kubernetes/pool -o go-template='{{range .items}}{{.metadata.name}}|{{index .metadata.labels "ha-kubernetes/pool"}}|{{range .spec.taints}}{{.key}}{{with .value}}={{.}}{{end}}:{{.effect}} {{end}}{{"\n"}}{{end}}'
}

# Nor is to have any: found with one small answer of the API, which is all that most clusters need.
nobody_has_taints() {
  local set='"(node|pool)\.[^"]*":"[^"]'
  [ -z "$TAINTS" ] || return 1
  read_notes || return 1
  ! [[ $NOTES =~ $set ]]
}

# pool_taints POOL: those of TAINTS (words `pool>key=value:effect`), in one line.
pool_taints() {
  local word found=()
  for word in $TAINTS; do if [ "${word%%>*}" = "$1" ]; then found+=("${word#*>}"); fi; done
  echo "${found[*]}"
}

# changes_of NODE POOL TAINTS: what kubectl is to be told, a word for each taint that is not there or no longer wanted.
changes_of() {
  local wanted note taint id
  wanted=$(pool_taints "$2")
  note=$(note_of "node.$1" || note_of "pool.$2" || true)
  for taint in $wanted; do if [[ " $3" != *" $taint "* ]]; then printf '%s ' "$taint"; fi; done
  for taint in $note; do
    id=${taint%%[=:]*}:${taint##*:}
    if has_id "$id" "$3" && ! has_id "$id" "$wanted"; then printf '%s ' "$id-"; fi
  done
}
# has_id KEY:EFFECT TAINTS: whatever its value is.
has_id() {
  local taint
  for taint in $2; do if [ "${taint%%[=:]*}:${taint##*:}" = "$1" ]; then return 0; fi; done
  return 1
}

taints_are_current() {
  local node pool has
  read_notes && workers_taints >"$STAGE/taints" || return 1
  while IFS='|' read -r node pool has; do
    if [ -n "$(changes_of "$node" "$pool" "$has")" ] || [ "$(note_of "pool.$pool" || true)" != "$(pool_taints "$pool")" ]; then return 1; fi
  done <"$STAGE/taints"
}

# The notes are those of the pools of now, and of the Nodes of now.
set_taints() {
  local node pool has changes wanted notes="" pools=" "
  read_notes || fail "the apiserver of this host does not say which taints were set: $NOTES"
  workers_taints >"$STAGE/taints"
  while IFS='|' read -r node pool has; do
    wanted=$(pool_taints "$pool")
    read -r -a changes <<<"$(changes_of "$node" "$pool" "$has")" || true
    if [ ${#changes[@]} -gt 0 ]; then
      addons_kubectl taint node "$node" --overwrite "${changes[@]}" >&2
      did "set the taints of $node: ${wanted:-none}"
    fi
    notes+="  \"node.$node\": \"$wanted\""$'\n'
    if [[ $pools != *" $pool "* ]]; then
      pools+="$pool "
      notes+="  \"pool.$pool\": \"$wanted\""$'\n'
    fi
  done <"$STAGE/taints"
  [ -n "$notes" ] || notes=$'  {}\n'
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ha-kubernetes-taints, namespace: kube-system}\ndata:\n%s' "$notes" >"$STAGE/notes.yaml"
  api_apply "$TAINTS_NOTE" ha-kubernetes "$STAGE/notes.yaml" >/dev/null
}

# Workers older than this note are trusted once: their label is noted as their pool.
note_pools() {
  local node pool nodes notes known entries=""
  notes=$(api GET /api/v1/namespaces/kube-system/configmaps/ha-kubernetes-pools) || return 0
  known=${notes#*\"data\":\{}
  # shellcheck disable=SC2016 # a Go template
  nodes=$(addons_kubectl get nodes -l ha-kubernetes/pool -o go-template='{{range .items}}{{.metadata.name}} {{index .metadata.labels "ha-kubernetes/pool"}}{{"\n"}}{{end}}')
  while read -r node pool; do
    [[ -z $node || $node =~ -i-[0-9a-f]{17}$ || $known == *"\"$node\":"* ]] || entries+=",\"$node\":\"$pool\""
  done <<<"$nodes"
  [ -z "$entries" ] || api_surely PATCH /api/v1/namespaces/kube-system/configmaps/ha-kubernetes-pools -H 'Content-Type: application/merge-patch+json' \
    -d "{\"data\":{${entries:1}}}" >/dev/null
}
