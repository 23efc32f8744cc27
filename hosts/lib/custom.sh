# shellcheck shell=bash
# What the user's own add-ons have in the cluster. A ConfigMap lists their objects, `ADD-ON REFERENCE` a line, the reference as JSON with
# the fields that a delete needs; objects are noted before they are made, so that none is ever unknown.

readonly CUSTOM_RECORD=/api/v1/namespaces/kube-system/configmaps/ha-kubernetes-custom-addons
# On the namespaces that were made for them.
readonly MADE_FOR=ha-kubernetes/made-for=custom-addons

# Its own apiserver: nothing else must be up for this.
custom_kubectl() { kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$API_SERVER" --request-timeout 60s "$@"; }

# read_custom_record: sets CUSTOM to the record as the API gives it; empty where there is none.
read_custom_record() {
  if CUSTOM=$(api GET "$CUSTOM_RECORD"); then return 0; fi
  [[ $CUSTOM == *'"reason":"NotFound"'* ]] || return 1
  CUSTOM=""
}
custom_objects() { [ -z "$CUSTOM" ] || custom_kubectl get configmap ha-kubernetes-custom-addons -n kube-system -o 'jsonpath={.data.objects}'; }

# delete_custom FILE: deletes what its lines refer to, the last one first, then namespaces that are empty by then.
delete_custom() {
  local line namespaces=() said
  [ -s "$1" ] || return 0
  cut -d ' ' -f 2- "$1" | tac >"$1.references"
  while IFS= read -r line; do
    if [[ $line =~ '"kind":"Namespace","metadata":{"name":"'([^\"]+) ]]; then namespaces+=("${BASH_REMATCH[1]}"); fi
  done <"$1.references"
  if grep -v '"kind":"Namespace"' "$1.references" >"$1.json"; then
    # With what they own, so that a namespace is seen to be empty. Kinds that are gone took their objects along.
    if ! custom_kubectl delete --request-timeout 0 --ignore-not-found --cascade=foreground --timeout 180s -f "$1.json" </dev/null >&2 2>"$1.said"; then
      said=$(grep -v 'no matches for kind\|ensure CRDs are installed first' "$1.said" | tr '\n' ' ' || true)
      [ -z "$said" ] || fail "can't delete what the config no longer has: $said"
    fi
  fi
  did "deleted $(wc -l <"$1") objects of custom add-ons"
  for line in "${namespaces[@]}"; do remove_namespace "$line"; done
}

# remove_made_namespaces [NAMESPACE...]: those that were made for add-ons, but these.
remove_made_namespaces() {
  local name
  while read -r name; do
    [[ " $* " == *" $name "* ]] || remove_namespace "$name"
  done < <(custom_kubectl get namespaces -l "$MADE_FOR" -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' </dev/null)
}

# remove_namespace NAME: if nothing is left in it. It stays with what others have there, because that would go with it.
remove_namespace() {
  local left="" end=$((SECONDS + 30))
  [ -n "$(custom_kubectl get namespace "$1" --ignore-not-found -o name </dev/null)" ] || return 0
  until left=$(left_in "$1") && [ -z "$left" ]; do
    if [ "$SECONDS" -ge "$end" ]; then
      did "namespace $1 stays, because it is not empty: $(head -n 5 <<<"$left" | tr '\n' ' ')"
      return 0
    fi
    pause 1
  done
  custom_kubectl delete namespace "$1" --request-timeout 0 --ignore-not-found --timeout 120s >&2 </dev/null
  did "deleted namespace $1"
}

# left_in NAMESPACE: its objects, apart from those that every namespace gets and that the API keeps by itself.
left_in() {
  local kinds
  # Fails where an extension of the API does not answer, and lists the others.
  kinds=$(custom_kubectl api-resources --namespaced --verbs=list,delete -o name </dev/null 2>/dev/null |
    grep -vE '^(events(\.events\.k8s\.io)?|endpoints|endpointslices\.discovery\.k8s\.io|leases\.coordination\.k8s\.io)$' | paste -sd, || true)
  if [ -z "$kinds" ]; then echo "unknown, because the API does not list its kinds" && return 0; fi
  custom_kubectl get "$kinds" -n "$1" --ignore-not-found -o name </dev/null | grep -vxE 'configmap/kube-root-ca\.crt|serviceaccount/default' || true
}

# forget_custom: takes everything of the user's own add-ons out of the cluster.
forget_custom() {
  local file=$STAGE/custom-objects
  # Another control plane may have done it while this one waited for its turn.
  read_custom_record || fail "the apiserver of this host does not say what custom add-ons there are: $CUSTOM"
  [ -n "$CUSTOM" ] || return 0
  custom_objects | awk NF >"$file"
  delete_custom "$file"
  remove_made_namespaces ""
  custom_kubectl delete configmap ha-kubernetes-custom-addons -n kube-system --ignore-not-found >&2 </dev/null
}
