# shellcheck shell=bash
# Before a member stops trusting an old authority: what still uses that one is named, and nothing is changed.

old_is_unused() {
  local new issuer name client list old=""
  drops "$ETCD_PKI/ca.crt" || return 0
  new=$(staged "$ETCD_PKI/ca.crt")
  issuer=$(name_of subject "$new")
  list=$(members)
  while IFS=, read -r _ _ name _ client _; do
    # At its own name: the certificate that it serves with.
    ETCDCTL_CACERT=$new ETCDCTL_ENDPOINTS=${client// /} etcd_do endpoint status >/dev/null 2>&1 || old+=" the member${name};"
  done <<<"$list"
  while read -r name _; do
    [ "$(etcd_surely get --print-value-only "ha-kubernetes/etcd-client/$name")" = "$issuer" ] || old+=" the apiserver of $name;"
  done < <(control_planes)
  [ -z "$old" ] || fail "the old authority is not dropped, because these do not show a certificate of $issuer:$old put" \
    "cluster.certificates.authorities.etcd back to the last step, with another cluster.repair, and run up: each gets one"
}
