# shellcheck shell=bash
# The labels and annotations of this host's Node.
# Settings of the stages that use it: LABELS; ANNOTATIONS, JSON, and ANNOTATION_KEYS where there are any.

# A kubelet may label its own Node. Labels that only an earlier config asked for are removed. Labels that this config asks for are
# set again where they are missing, as on a Node that was deleted and came back.
set_labels() {
  local kept=$HOME_DIR/$STAGE_NAME-labels before=() wanted=() changes="" label answer has="" pattern='"labels":\{([^}]*)\}'
  [ ! -f "$kept" ] || read -r -a before <"$kept"
  read -r -a wanted <<<"${LABELS:-}"
  # Most control planes have none, and never had.
  if [ ${#before[@]} -eq 0 ] && [ ${#wanted[@]} -eq 0 ]; then return 0; fi
  wait_until 60 "the Node of this host" node_is_known
  read_node
  [[ ! $NODE =~ $pattern ]] || has=,${BASH_REMATCH[1]},
  # Neither names nor values hold anything that JSON would have to quote.
  for label in "${wanted[@]}"; do
    [[ $has == *",\"${label%%=*}\":\"${label#*=}\","* ]] || changes+=",\"${label%%=*}\":\"${label#*=}\""
  done
  for label in "${before[@]}"; do
    if [[ " ${LABELS:-}" != *" ${label%%=*}="* && $has == *",\"${label%%=*}\":"* ]]; then changes+=",\"${label%%=*}\":null"; fi
  done
  if [ -n "$changes" ]; then
    answer=$(api_surely PATCH "/api/v1/nodes/$HOST_NAME" -H 'Content-Type: application/merge-patch+json' -d "{\"metadata\":{\"labels\":{${changes:1}}}}") ||
      fail "the API does not take this node's labels: $answer"
    did "set labels ${LABELS:-none}"
  fi
  [ "${before[*]}" = "${wanted[*]}" ] || write_file 0644 root:root "$kept" <<<"${LABELS:-}"
}

# The same for annotations. Values hold anything, and the API writes them in its own way, so it is keys that are looked for: what this
# stage set last is noted whole.
set_annotations() {
  local kept=$HOME_DIR/$STAGE_NAME-annotations last="" key known=() wanted=() nulls="" missing=no body answer has
  if [ ! -f "$kept" ] && [ -z "${ANNOTATIONS:-}" ]; then return 0; fi
  [ ! -f "$kept" ] || { read -r -a known && IFS= read -r last; } <"$kept" || true
  read -r -a wanted <<<"${ANNOTATION_KEYS:-}"
  wait_until 60 "the Node of this host" node_is_known
  read_node
  # In a value every quote has a backslash before it.
  has=${NODE#*'"annotations":{'}
  has=,${has%%'"managedFields":'*}
  for key in "${wanted[@]}"; do [[ $has == *",\"$key\":\""* ]] || missing=yes; done
  if [ "${ANNOTATIONS:-}" = "$last" ] && [ "$missing" = no ]; then return 0; fi
  for key in "${known[@]}"; do [[ " ${wanted[*]} " == *" $key "* ]] || nulls+=",\"$key\":null"; done
  body=${ANNOTATIONS:-'{}'}
  body=${body:1:-1}$nulls
  answer=$(api_surely PATCH "/api/v1/nodes/$HOST_NAME" -H 'Content-Type: application/merge-patch+json' -d "{\"metadata\":{\"annotations\":{${body#,}}}}") ||
    fail "the API does not take this node's annotations: $answer"
  did "set annotations ${wanted[*]:-none}"
  if [ ${#wanted[@]} -gt 0 ]; then write_file 0644 root:root "$kept" <<<"${wanted[*]}"$'\n'"$ANNOTATIONS"; else rm -f "$kept"; fi
}
