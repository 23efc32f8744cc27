# shellcheck shell=bash
# The add-ons, once per cluster: every control plane looks, the first that finds work takes the turn and does it.

readonly RECORD=ha-kubernetes-addons RECORD_PATH=/api/v1/namespaces/kube-system/configmaps/ha-kubernetes-addons

# Its own apiserver: nothing else must be up for this.
addons_kubectl() { kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$API_SERVER" --request-timeout 60s "$@" </dev/null; }
api_credential() { admin_credential; }

# read_record: what was applied last, as the API gives it, in KNOWN: `digest` of all manifests, and `objects`, one reference a line.
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

# addons_are_current [SECONDS]: for so long the apiserver may not answer.
addons_are_current() {
  local end=$((SECONDS + ${1:-60}))
  until read_record; do
    [ "$SECONDS" -lt "$end" ] || fail "the apiserver of this host does not say what was applied last: $KNOWN"
    pause 0.5
  done
  [[ $KNOWN == *"\"digest\":\"$wanted\""* ]]
}

# record DIGEST OBJECTS: the object that says what is in the cluster.
record() {
  printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: kube-system\ndata:\n' "$RECORD"
  printf '  digest: "%s"\n  objects: |-\n%s\n' "$1" "$(sed 's/^/    /' "$2")"
}

apply_addons() {
  # Another control plane may have done it while this one waited for its turn.
  if addons_are_current; then return; fi
  local before=""
  [ -z "$KNOWN" ] || before=$(recorded_objects)
  printf '%s\n' "$before" | cat - "$STAGE/inputs/objects" | awk 'NF && !seen[$0]++' >"$STAGE/objects-union"
  # Noted before anything is made, so that a run that was killed leaves nothing unknown.
  { record "" "$STAGE/objects-union" && cat "$STAGE"/inputs/*.yaml; } >"$STAGE/all.yaml"
  # A server-side apply takes no field that the API does not know, so kubectl need not fetch its schemas.
  addons_kubectl apply --server-side --force-conflicts --validate=false --field-manager ha-kubernetes -f "$STAGE/all.yaml" >&2
  # Last made, first deleted: a namespace goes after what is in it.
  grep -vxF -f "$STAGE/inputs/objects" "$STAGE/objects-union" | tac >"$STAGE/stale" || true
  if [ -s "$STAGE/stale" ]; then
    addons_kubectl delete --ignore-not-found --timeout 120s -f "$STAGE/stale" >&2
    did "deleted $(wc -l <"$STAGE/stale") objects of add-ons that are no longer wanted"
  fi
  record "$wanted" "$STAGE/inputs/objects" >"$STAGE/record.yaml"
  api_apply "$RECORD_PATH" ha-kubernetes "$STAGE/record.yaml" >/dev/null
  did "applied $(wc -l <"$STAGE/inputs/objects") objects"
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

forget_lost() {
  forget_lost_members "${lost[@]}"
  forget_lost_nodes addons_kubectl "${lost[@]}"
}

# Join tokens for auto-scaling pools, where the files for that are there.
keep_join_timer() {
  local timer=ha-kubernetes-join.timer
  if [ ! -s "$STAGE/manifest" ]; then
    stop_join_timer
    install_files
    return
  fi
  if [ -z "$(differing_files)" ] && systemctl is-active --quiet "$timer"; then return; fi
  install_files
  systemctl daemon-reload
  systemctl enable --quiet "$timer"
  systemctl restart "$timer"
  did "started $timer"
}

wanted=$(cat "$STAGE"/inputs/*.yaml | sha256sum | cut -d' ' -f1)
if ! addons_are_current 300; then
  # Restarted pods must find today's authority. The first pods of a cluster wait for it by themselves.
  [ -z "$KNOWN" ] || wait_until 180 "the controller manager to publish the API's authority" authority_is_published
  with_turn apply_addons
fi
nobody_has_taints || taints_are_current || with_turn set_taints
keep_join_timer
# A pod that trusts one authority alone, or that knows the API's former place alone, would be cut off by the next edit.
if [ "${AWAIT_PODS:-}" = yes ]; then wait_until 300 "the pods of the add-ons to be started again, with what is now set" pods_are_new; fi
if [ -n "$LOST" ]; then
  etcd_access
  read -r -a lost <<<"$LOST"
  if lost_are_listed addons_kubectl "${lost[@]}"; then with_turn forget_lost; fi
fi
