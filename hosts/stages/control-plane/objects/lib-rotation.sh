# shellcheck shell=bash
# What must be so in the cluster before a step of a rotation: who trusts the authority that issues next, and who still needs the old one.

# Who could not follow this step of a rotation is named before anything is changed.
step_is_safe() {
  if signs_otherwise; then kubernetes_authority_is_trusted; fi
  if drops "$KUBERNETES_PKI/ca.crt"; then kubernetes_authority_is_unused; fi
  if drops "$KUBERNETES_PKI/sa.pub"; then service_account_key_is_unused; fi
}

# nodes_say ANNOTATION: `name value` of every Node, of an annotation of ours. A failed list call is not an empty list.
nodes_say() {
  this_kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations.ha-kubernetes/'"$1"'}{"\n"}{end}' ||
    fail "the Nodes can't be listed, so it is not known which could follow this step of the rotation, and nothing was changed. Run up again"
}

kubernetes_authority_is_trusted() {
  local issuer name trusts said missing=""
  issuer=$(name_of subject "$(staged "$SIGNING")")
  said=$(nodes_say trusts)
  while read -r name trusts; do
    [[ ",$trusts," == *",$issuer,"* ]] || missing+=" $name"
  done <<<"$said"
  [ -z "$missing" ] || fail "nothing is issued by $issuer yet, because these nodes do not say that they trust it:$missing. Put" \
    "cluster.certificates.authorities.kubernetes back to the last step, with another cluster.repair, and run up; replace instances of auto-scaling pools"
}

kubernetes_authority_is_unused() {
  local new issuer name address found said old=""
  new=$(staged "$KUBERNETES_PKI/ca.crt")
  issuer=$(name_of subject "$new")
  while read -r name address; do
    curl -s --max-time 5 --output /dev/null --cacert "$new" "https://$(host_port "$address" 6443)/livez" || old+=" the apiserver of $name;"
  done < <(control_planes)
  said=$(nodes_say issuer)
  while read -r name found; do
    [ "$found" = "$issuer" ] || old+=" the kubelet of $name (it says ${found:-nothing});"
  done <<<"$said"
  [ -z "$old" ] || fail "the old authority is not dropped, because these do not show a certificate of $issuer:$old put" \
    "cluster.certificates.authorities.kubernetes back to the last step, with another cluster.repair, and run up: each gets one"
}

# An hour is what a kubelet's tokens for pods last; those in Secrets never end.
service_account_key_is_unused() {
  local since left secrets
  [ "${ALLOW_EARLY_KEY_DROP:-}" != yes ] || return 0
  since=$(stat -c %Y "$KUBERNETES_PKI/sa.key")
  left=$((since + TOKEN_SECONDS - $(date +%s)))
  [ "$left" -le 0 ] || fail "the old service-account key is not dropped, because this host signs with the new one since $(date -u -d "@$since" +%FT%TZ), and pods" \
    "may hold tokens of the old one for $left s more. Run up again after that; if you know better: cluster.allow: [early-key-drop]"
  secrets=$(this_kubectl get secrets -A --field-selector type=kubernetes.io/service-account-token \
    -o 'jsonpath={range .items[*]}{.metadata.creationTimestamp} {.metadata.namespace}/{.metadata.name}{"\n"}{end}' |
    awk -v since="$(date -u -d "@$since" +%FT%TZ)" '$1 < since {print $2}' | paste -sd' ')
  [ -z "$secrets" ] || fail "the old service-account key is not dropped, because these Secrets hold tokens of it: $secrets. Delete them and create them again," \
    "which gives them tokens of the new one; if you know better: cluster.allow: [early-key-drop]"
}

# Apiservers only add to what they tell aggregated servers to trust. The last control plane that drops an authority ends it there.
prune_published() {
  local key file published
  while read -r key file; do
    published=$(this_kubectl get configmap extension-apiserver-authentication -n kube-system --ignore-not-found -o "jsonpath={.data.$key}")
    [ -n "$(not_in "$file" <<<"$published")" ] || continue
    { printf 'data:\n  %s: |\n' "$key" && sed 's/^/    /' "$file"; } >/run/ha-kubernetes/published.yaml
    this_kubectl patch configmap extension-apiserver-authentication -n kube-system --type merge --patch-file /run/ha-kubernetes/published.yaml >/dev/null
  done <<<"client-ca-file $KUBERNETES_PKI/ca.crt
requestheader-client-ca-file $KUBERNETES_PKI/front-proxy-ca.crt"
}
