# shellcheck shell=bash
# etcd as this host can ask it. `member list` prints a line `id, status, name, peer URLs, client URLs, is learner` for each member.

readonly ETCD_PKI=/etc/etcd/pki KUBERNETES_PKI=/etc/kubernetes/pki
# Where members can be asked: as etcd last listed them, and as the config names them to this host's apiserver. Each may be out of date
# while the other is not: a change of members runs on the new host, and on control planes.
readonly KNOWN_MEMBERS=$HOME_DIR/etcd-endpoints APISERVER_MEMBERS=$HOME_DIR/apiserver-etcd-servers

# etcd_access: finds the credential and the client URLs that this host has; fails where it has none.
# The member's own leaf on etcd hosts, the apiserver's client leaf on control planes.
etcd_access() {
  if [ -s "$ETCD_PKI/member.crt" ] && [ -s "$KNOWN_MEMBERS" ]; then
    export ETCDCTL_CACERT=$ETCD_PKI/ca.crt ETCDCTL_CERT=$ETCD_PKI/member.crt ETCDCTL_KEY=$ETCD_PKI/member.key
    ETCDCTL_ENDPOINTS=$(<"$KNOWN_MEMBERS")
  elif [ -s "$KUBERNETES_PKI/apiserver-etcd-client.crt" ] && [ -s "$APISERVER_MEMBERS" ]; then
    export ETCDCTL_CACERT=$KUBERNETES_PKI/etcd/ca.crt ETCDCTL_CERT=$KUBERNETES_PKI/apiserver-etcd-client.crt
    export ETCDCTL_KEY=$KUBERNETES_PKI/apiserver-etcd-client.key
    ETCDCTL_ENDPOINTS=$(<"$APISERVER_MEMBERS")
  else
    return 1
  fi
  export ETCDCTL_ENDPOINTS
  [ -n "$(etcdctl_path)" ]
}

etcdctl_path() { command -v etcdctl || find /opt/ha-kubernetes -path '*etcd-*' -name etcdctl -type f 2>/dev/null | sort -V | tail -n 1; }

# etcd_do ARGS...: etcdctl with this host's credential; 5 s for each try unless ETCD_TIMEOUT says something else.
etcd_do() { "$(etcdctl_path)" --dial-timeout=2s --command-timeout="${ETCD_TIMEOUT:-5s}" "$@" </dev/null; }

# etcd_surely ARGS...: the same, tried again for 30 s. A healthy etcd may answer nothing for some seconds: while leadership moves, a
# member that died in silence is taken out or the disk is slow. Only for what may be asked twice.
etcd_surely() {
  local end=$((SECONDS + 30)) answer
  until answer=$(etcd_do "$@" 2>/run/ha-kubernetes/etcdctl.log); do
    if [ "$SECONDS" -ge "$end" ]; then
      tail -n 1 /run/ha-kubernetes/etcdctl.log >&2
      return 1
    fi
    pause 0.5
  done
  [ -z "$answer" ] || printf '%s\n' "$answer"
}

# True when etcd commits writes, as far as this host can see. Where the members that it asks first do not answer, it asks those of its
# other list, and keeps what these say of all.
etcd_has_quorum() {
  etcd_access || return 1
  if has_quorum; then return 0; fi
  local list others=""
  for list in "$KNOWN_MEMBERS" "$APISERVER_MEMBERS"; do
    if [ -s "$list" ] && [ "$(<"$list")" != "$ETCDCTL_ENDPOINTS" ]; then others=$(<"$list"); fi
  done
  [ -n "$others" ] || return 1
  ETCDCTL_ENDPOINTS=$others has_quorum || return 1
  ETCDCTL_ENDPOINTS=$others
  member_list >/dev/null
}
has_quorum() { etcd_do get ha-kubernetes/quorum >/dev/null 2>&1; }
# What each member says for itself.
why_not_etcd_has_quorum() {
  local endpoint leader
  etcd_access || {
    echo "this host has no credential for etcd"
    return
  }
  for endpoint in ${ETCDCTL_ENDPOINTS//,/ }; do
    leader=$(ETCDCTL_ENDPOINTS=$endpoint ETCD_TIMEOUT=2s etcd_do endpoint status -w fields 2>/dev/null | sed -n 's/^"Leader" : //p')
    case $leader in
      "") printf '%s does not answer; ' "$endpoint" ;;
      0) printf '%s has no leader; ' "$endpoint" ;;
      *) printf '%s has a leader; ' "$endpoint" ;;
    esac
  done
}

# Without quorum for 15 s, asked again and again: one missed answer is not a dead cluster.
quorum_lost() {
  local end=$((SECONDS + 15))
  while [ "$SECONDS" -lt "$end" ]; do
    if etcd_has_quorum; then return 1; fi
    pause 0.5
  done
}

# The members, asked surely. Where they serve clients is kept, for when this host's own member is down.
member_list() {
  local list client urls=""
  list=$(etcd_surely member list) || return 1
  while IFS=, read -r _ _ _ _ client _; do
    client=${client// /}
    [ -z "$client" ] || urls+=,$client
  done <<<"$list"
  # etcd lists by id, the config by name: the same members in another order are not a change.
  if [ -n "$urls" ] && [ "$(in_order "${urls:1}")" != "$(in_order "$(cat "$KNOWN_MEMBERS" 2>/dev/null)")" ]; then
    write_file 0600 root:root "$KNOWN_MEMBERS" <<<"${urls:1}"
  fi
  printf '%s\n' "$list"
}

# other_members PEER_URL: the lines of all members but the one of that URL.
other_members() {
  local list
  list=$(member_list) || return 1
  awk -F', ' -v url="$1" '$4 != url' <<<"$list"
}
# other_members_healthy PEER_URL: every other voting member answers, so that this one may be away for a moment.
other_members_healthy() {
  local list
  list=$(other_members "$1") || return 1
  [ -z "$list" ] || all_healthy <<<"$list"
}

in_order() { tr , '\n' <<<"$1" | sort; }

# all_healthy <MEMBERS: every voter among them answers, so that one more may be away for a moment. One that lists no client URL never
# started, or not since a restore; asked without a URL, etcdctl would ask this host's own.
all_healthy() {
  local id status name client learner sick=""
  while IFS=, read -r id status name _ client learner; do
    [ "${learner// /}" = false ] || continue
    name=${name// /} client=${client// /}
    if [ "${status// /}" = unstarted ] || [ -z "$client" ] || ! ETCDCTL_ENDPOINTS=$client etcd_do endpoint health >/dev/null 2>&1; then
      sick+=" ${name:-$id}"
    fi
  done
  [ -z "$sick" ] || {
    echo "not healthy:$sick"
    return 1
  }
}
