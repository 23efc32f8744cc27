# shellcheck shell=bash
# The taints of pools and of single workers; a control plane sets its own. A kubelet gives them to its Node when that is made and may not touch them later, so a control plane does. What it
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
  addons_kubectl get nodes -l 'ha-kubernetes/pool,!node-role.kubernetes.io/control-plane' -o go-template='{{range .items}}{{.metadata.name}}|{{index .metadata.labels "ha-kubernetes/pool"}}|'"$TAINTS_TEMPLATE"'{{"\n"}}{{end}}'
}

# Nor is to have any: found with one small answer of the API, which is all that most clusters need.
nobody_has_taints() {
  local set='"(node|pool)\.[^"]*":"[^"]'
  [ -z "$TAINTS" ] || return 1
  read_notes || return 1
  ! [[ $NOTES =~ $set ]]
}

# taints_of OWNER: those of TAINTS (words `owner>key=value:effect`), in one line. An owner is a pool, or `node.<name>` where a worker has
# taints beside its pool's; then all of them are there.
taints_of() {
  local word found=()
  for word in $TAINTS; do if [ "${word%%>*}" = "$1" ]; then found+=("${word#*>}"); fi; done
  echo "${found[*]}"
}
# wanted_taints NODE POOL
wanted_taints() { if has_own_taints "$1"; then taints_of "node.$1"; else taints_of "$2"; fi; }
has_own_taints() { [[ " $TAINTS" == *" node.$1>"* ]]; }
# The workers with taints of their own, in one line. They may not have joined yet.
tainted_workers() {
  local word names=" "
  for word in $TAINTS; do
    word=${word%%>*}
    if [[ $word == node.* && $names != *" ${word#node.} "* ]]; then names+="${word#node.} "; fi
  done
  echo "$names"
}

# changes_of NODE POOL TAINTS: what kubectl is to be told.
changes_of() { taint_changes "$(wanted_taints "$1" "$2")" "$(note_of "node.$1" || note_of "pool.$2" || true)" "$3"; }

taints_are_current() {
  local node pool has
  read_notes && workers_taints >"$STAGE/taints" || return 1
  while IFS='|' read -r node pool has; do
    if [ -n "$(changes_of "$node" "$pool" "$has")" ] || [ "$(note_of "pool.$pool" || true)" != "$(taints_of "$pool")" ]; then return 1; fi
  done <"$STAGE/taints"
  for node in $(tainted_workers); do [ "$(note_of "node.$node" || true)" = "$(taints_of "node.$node")" ] || return 1; done
}

# The notes are those of the pools of now, and of the Nodes of now and to come: a kubelet gives its Node what it is to have at first.
set_taints() {
  local node pool has changes wanted notes="" pools=" " seen=" "
  read_notes || fail "the apiserver of this host does not say which taints were set: $NOTES"
  workers_taints >"$STAGE/taints"
  while IFS='|' read -r node pool has; do
    wanted=$(wanted_taints "$node" "$pool")
    read -r -a changes <<<"$(changes_of "$node" "$pool" "$has")" || true
    if [ ${#changes[@]} -gt 0 ]; then
      addons_kubectl taint node "$node" --overwrite "${changes[@]}" >&2
      did "set the taints of $node: ${wanted:-none}"
    fi
    seen+="$node "
    notes+="  \"node.$node\": \"$wanted\""$'\n'
    if [[ $pools != *" $pool "* ]]; then
      pools+="$pool "
      notes+="  \"pool.$pool\": \"$(taints_of "$pool")\""$'\n'
    fi
  done <"$STAGE/taints"
  for node in $(tainted_workers); do [[ $seen == *" $node "* ]] || notes+="  \"node.$node\": \"$(taints_of "node.$node")\""$'\n'; done
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
  nodes=$(addons_kubectl get nodes -l 'ha-kubernetes/pool,!node-role.kubernetes.io/control-plane' -o go-template='{{range .items}}{{.metadata.name}} {{index .metadata.labels "ha-kubernetes/pool"}}{{"\n"}}{{end}}')
  while read -r node pool; do
    [[ -z $node || $node =~ -i-[0-9a-f]{17}$ || $known == *"\"$node\":"* ]] || entries+=",\"$node\":\"$pool\""
  done <<<"$nodes"
  [ -z "$entries" ] || api_surely PATCH /api/v1/namespaces/kube-system/configmaps/ha-kubernetes-pools -H 'Content-Type: application/merge-patch+json' \
    -d "{\"data\":{${entries:1}}}" >/dev/null
}
