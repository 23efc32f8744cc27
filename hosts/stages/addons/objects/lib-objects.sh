# shellcheck shell=bash
# The add-ons' objects in the API: applied once for each digest of all of them, and what a config no longer wants deleted.

readonly RECORD=ha-kubernetes-addons RECORD_PATH=/api/v1/namespaces/kube-system/configmaps/ha-kubernetes-addons

# Its own apiserver: nothing else must be up for this.
addons_kubectl() { kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$API_SERVER" --request-timeout 60s "$@" </dev/null; }
api_as_admin "$API_SERVER"

# read_record: sets KNOWN to the record of the last apply, as the API gives it: `digest` of all manifests, and `objects`, one reference a line.
# Empty where nothing ever was.
read_record() {
  if KNOWN=$(api GET "$RECORD_PATH"); then return 0; fi
  if [[ $KNOWN == *'"reason":"NotFound"'* ]]; then
    KNOWN=""
    return 0
  fi
  return 1
}
recorded_objects() { addons_kubectl get configmap "$RECORD" -n kube-system -o 'jsonpath={.data.objects}'; }

addons_were_applied() { [ -n "$KNOWN" ]; }

# addons_are_current DIGEST [SECONDS]: for so long the apiserver may not answer.
addons_are_current() {
  local end=$((SECONDS + ${2:-60}))
  until read_record; do
    [ "$SECONDS" -lt "$end" ] || fail "the apiserver of this host does not say what was applied last: $KNOWN"
    pause 0.5
  done
  [[ $KNOWN == *"\"digest\":\"$1\""* ]]
}

# addons_record DIGEST OBJECTS: the object that says what is in the cluster. Its word of repair counts once all is applied.
addons_record() {
  printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: kube-system\ndata:\n' "$RECORD"
  if [ -n "$1" ] && [ -n "${REPAIR:-}" ]; then printf '  repair: "%s"\n' "$(word_digest)"; fi
  printf '  digest: "%s"\n  objects: |-\n%s\n' "$1" "$(sed 's/^/    /' "$2")"
}

# Fields that somebody else has set to another value stay, with their object as a whole, and `up` says so: nobody's change is lost unseen.
# Not with another word of cluster.repair, which is to undo it.
apply_objects() {
  local options=(apply --server-side --validate=false --field-manager ha-kubernetes) object said
  if [ -n "${REPAIR:-}" ] && [[ $KNOWN != *"\"repair\":\"$(word_digest)\""* ]]; then options+=(--force-conflicts); fi
  # A server-side apply takes no field that the API does not know, so kubectl need not fetch its schemas.
  if addons_kubectl "${options[@]}" -f "$STAGE/all.yaml" >&2 2>"$STAGE/said"; then return 0; fi
  # kubectl does not say which object it was.
  awk -v folder="$STAGE" '/^---$/ {close(file); file = sprintf("%s/object-%04d.yaml", folder, ++n)} n {print >file}' "$STAGE/all.yaml"
  for object in "$STAGE"/object-*.yaml; do
    if said=$(addons_kubectl "${options[@]}" -f "$object" 2>&1); then continue; fi
    [[ $said == *"Apply failed with"* ]] || fail "the API refuses an object of an add-on: $(tr '\n' ' ' <<<"$said")"
    did "left $(sed -nE 's/^kind: //p; s/^  name: //p' "$object" | head -n 2 | tr '\n' ' ')as it is: $(sed '/^Please review/,$d; s/.*Apply failed with [0-9]* conflicts*: //' <<<"$said" | tr '\n' ' ')"
  done
}
word_digest() { sha256sum <<<"${REPAIR:-}" | cut -c 1-12; }

# apply_addons DIGEST
apply_addons() {
  # Another control plane may have done it while this one waited for its turn.
  if addons_are_current "$1"; then return; fi
  local before=""
  ! addons_were_applied || before=$(recorded_objects)
  printf '%s\n' "$before" | cat - "$STAGE/inputs/objects" | awk 'NF && !seen[$0]++' >"$STAGE/objects-union"
  # Noted before anything is made, so that a run that was killed leaves nothing unknown.
  { addons_record "" "$STAGE/objects-union" && cat "$STAGE"/inputs/*.yaml; } >"$STAGE/all.yaml"
  apply_objects
  # Last made, first deleted: a namespace goes after its content.
  grep -vxF -f "$STAGE/inputs/objects" "$STAGE/objects-union" | tac >"$STAGE/stale" || true
  if [ -s "$STAGE/stale" ]; then
    addons_kubectl delete --ignore-not-found --timeout 120s -f "$STAGE/stale" >&2
    did "deleted $(wc -l <"$STAGE/stale") objects of add-ons that are no longer wanted"
  fi
  addons_record "$1" "$STAGE/inputs/objects" >"$STAGE/record.yaml"
  api_apply "$RECORD_PATH" ha-kubernetes "$STAGE/record.yaml" >/dev/null
  did "applied $(wc -l <"$STAGE/inputs/objects") objects"
  [ -z "$before" ] || note_pools
}

# What pods are given as the API's authority is what control planes have: the leader's controller manager sees to it.
authority_is_published() {
  [ "$(addons_kubectl get configmap kube-root-ca.crt -n kube-system -o 'jsonpath={.data.ca\.crt}')" = "$(cat /etc/kubernetes/pki/ca.crt)" ]
}

# Every pod of the add-ons is one that was started as now wanted.
pods_are_new() {
  local kind namespace name
  while read -r kind namespace name; do
    addons_kubectl -n "$namespace" rollout status "$kind/$name" --timeout=2s || return 1
  done < <(sed -n 's/.*"kind":"\(DaemonSet\|Deployment\)","metadata":{"namespace":"\([^"]*\)","name":"\([^"]*\)".*/\1 \2 \3/p' "$STAGE/inputs/objects")
}

# After a change in a cluster that lives. A rollout waits for Nodes that are away; pods on Nodes that are Ready must be ready.
await_pods() {
  local end=$((SECONDS + 120)) sick
  until pods_are_new >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      sick=$(sick_pods) || fail "the API does not list the pods of the add-ons"
      [ -z "$sick" ] || fail "after 120 s these pods of the add-ons do not run: $(tr '\n' ';' <<<"$sick") Mend that, give cluster.repair another word and run up"
      say "the pods of the add-ons on Nodes that are Ready run; others wait for their Nodes"
      return
    fi
    pause 1
  done
}
# `namespace/name on node: why` of each that is not ready, on a Node that is.
sick_pods() {
  local ready namespace name node is why
  # shellcheck disable=SC2016 # jsonpath
  ready=" $(addons_kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}')" || return 1
  addons_kubectl get pods -A -l app.kubernetes.io/managed-by=ha-kubernetes \
    -o 'jsonpath={range .items[*]}{.metadata.namespace}|{.metadata.name}|{.spec.nodeName}|{.status.conditions[?(@.type=="Ready")].status}|{.status.initContainerStatuses[*].state.waiting.reason}{.status.containerStatuses[*].state.waiting.reason}{.status.conditions[?(@.reason=="Unschedulable")].message}{"\n"}{end}' |
    while IFS='|' read -r namespace name node is why; do
      if [[ -n $name && $is != True && ( -z $node || $ready == *" $node=True "* ) ]]; then echo "$namespace/$name on ${node:-no node}: ${why:-not ready}"; fi
    done
}
