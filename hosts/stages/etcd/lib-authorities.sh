# shellcheck shell=bash
# Before a member stops trusting an old authority: what still uses that one is named, and nothing is changed.

old_is_unused() {
  local new issuer id name client list old=""
  drops "$ETCD_PKI/ca.crt" || return 0
  new=$(staged "$ETCD_PKI/ca.crt")
  issuer=$(name_of subject "$new")
  list=$(member_list) || fail "etcd does not list its members, so it is not known whether they use the old authority, and it is not dropped. Run up again"
  while IFS=, read -r id _ name _ client _; do
    name=${name// /} client=${client// /}
    # At its own name: the certificate that it serves with. One without a client URL did not start, and shows none.
    if [ -z "$client" ] || ! ETCDCTL_CACERT=$new ETCDCTL_ENDPOINTS=$client etcd_do endpoint status >/dev/null 2>&1; then old+=" the member ${name:-$id};"; fi
  done <<<"$list"
  while read -r name _; do
    [ "$(etcd_surely get --print-value-only "ha-kubernetes/etcd-client/$name")" = "$issuer" ] || old+=" the apiserver of $name;"
  done < <(control_planes)
  [ -z "$old" ] || fail "the old authority is not dropped, because these do not show a certificate of $issuer:$old put" \
    "cluster.certificates.authorities.etcd back to the last step, with another cluster.repair, and run up: each gets one"
}

# install_alone: as this stage wants it, without asking the others. What only they can allow is put off: the old authority stays.
install_alone() { if drops "$ETCD_PKI/ca.crt"; then install_configured '/etc/etcd/!(pki/ca.crt)'; else install_all; fi; }
take_put_off() {
  drops "$ETCD_PKI/ca.crt" || return 0
  say "the old authority is dropped once etcd has a quorum and the others don't use it"
  with_turn etcd_change
}
