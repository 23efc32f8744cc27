# shellcheck shell=bash
# The labels of this worker's Node.

# A kubelet may label its own Node. Labels that only an earlier config asked for are removed. Labels that this config asks for are
# set again where they are missing, as on a Node that was deleted and came back.
set_labels() {
  local kept=$HOME_DIR/worker-labels before=() wanted=() changes="" label answer has="" pattern='"labels":\{([^}]*)\}'
  [ ! -f "$kept" ] || read -r -a before <"$kept"
  read -r -a wanted <<<"$LABELS"
  wait_until 60 "the Node of this host" node_is_known
  read_node
  [[ ! $NODE =~ $pattern ]] || has=,${BASH_REMATCH[1]},
  # Neither names nor values hold anything that JSON would have to quote.
  for label in "${wanted[@]}"; do
    [[ $has == *",\"${label%%=*}\":\"${label#*=}\","* ]] || changes+=",\"${label%%=*}\":\"${label#*=}\""
  done
  for label in "${before[@]}"; do
    if [[ " $LABELS" != *" ${label%%=*}="* && $has == *",\"${label%%=*}\":"* ]]; then changes+=",\"${label%%=*}\":null"; fi
  done
  if [ -n "$changes" ]; then
    answer=$(api_surely PATCH "/api/v1/nodes/$HOST_NAME" -H 'Content-Type: application/merge-patch+json' -d "{\"metadata\":{\"labels\":{${changes:1}}}}") ||
      fail "the API does not take this node's labels: $answer"
    did "set labels $LABELS"
  fi
  [ "${before[*]}" = "${wanted[*]}" ] || write_file 0644 root:root "$kept" <<<"$LABELS"
}
