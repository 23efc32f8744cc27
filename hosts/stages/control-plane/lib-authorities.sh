# shellcheck shell=bash
# The rotation of an authority on a control plane: what kubeadm does not do, and what must be so before an old one is dropped.

# The certificate that signs, alone in its file.
readonly SIGNING=$KUBERNETES_PKI/signing-ca.crt

# kubeadm embeds the issuing authority alone, and does not touch what it finds.
trust_in_kubeconfigs() {
  local wanted file
  wanted=$(base64 -w0 "$KUBERNETES_PKI/ca.crt")
  for file in /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf; do
    if [ ! -f "$file" ] || grep -qxF "    certificate-authority-data: $wanted" "$file"; then continue; fi
    sed "s|^\( *certificate-authority-data:\).*|\1 $wanted|" "$file" | write_file 0600 root:root "$file"
  done
}

# Of kubeadm's making, with the key that is here: whichever controller manager leads may still sign with the other one.
renew_kubelet_credential() {
  if [ ! -f "$KUBELET_CREDENTIAL" ] || issued_by "$SIGNING" "$KUBELET_CREDENTIAL"; then return 0; fi
  credential_of /etc/kubernetes/kubelet.conf | take_kubelet_credential "$SIGNING"
}

# Who could not follow this step of a rotation is named before anything is changed.
step_is_safe() {
  if signs_otherwise; then kubernetes_authority_is_trusted; fi
  if drops "$KUBERNETES_PKI/ca.crt"; then kubernetes_authority_is_unused; fi
  if drops "$KUBERNETES_PKI/sa.pub"; then service_account_key_is_unused; fi
}

signs_otherwise() { [ -f "$SIGNING" ] && ! cmp -s "$SIGNING" "$(staged "$SIGNING")"; }

# True for a step that only the others can allow. Until they have been asked, everything else of this stage may go in.
asks_the_others() { signs_otherwise || drops "$KUBERNETES_PKI/ca.crt" || drops "$KUBERNETES_PKI/sa.pub"; }
files_of_own() { if asks_the_others; then echo '!(*/pki/ca.crt|*/pki/ca.key|*/pki/signing-ca.crt|*/pki/sa.pub|*/pki/sa.key)'; else echo '*'; fi; }

# nodes_say ANNOTATION: `name value` of every Node, of an annotation of ours. A list that is not had is no empty list.
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
    curl -s --max-time 5 --output /dev/null --cacert "$new" "https://$address:6443/livez" || old+=" the apiserver of $name;"
  done < <(control_planes)
  said=$(nodes_say issuer)
  while read -r name found; do
    [ "$found" = "$issuer" ] || old+=" the kubelet of $name (it says ${found:-nothing});"
  done <<<"$said"
  [ -z "$old" ] || fail "the old authority is not dropped, because these do not show a certificate of $issuer:$old put" \
    "cluster.certificates.authorities.kubernetes back to the last step, with another cluster.repair, and run up: each gets one"
}

# An hour is what a kubelet's tokens for pods last; those in Secrets last for ever.
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
  [ -z "$secrets" ] || fail "the old service-account key is not dropped, because these Secrets hold tokens of it: $secrets. Delete them and make them anew," \
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
