# shellcheck shell=bash
# The cluster-wide turn: while a cluster lives, one host at a time changes a running etcd member, balancer or control plane.
# The turn is a lock in etcd, bound to a lease: it ends with its holder, however that ends.

readonly ETCD_PKI=/etc/etcd/pki KUBERNETES_PKI=/etc/kubernetes/pki
readonly KNOWN_MEMBERS=$HOME_DIR/etcd-endpoints
TURN_HELD=""

# etcd_access: finds the credential and the client URLs that this host has; fails where it has none.
# The member's own leaf on etcd hosts, the apiserver's client leaf on control planes.
etcd_access() {
  if [ -s "$ETCD_PKI/member.crt" ] && [ -s "$KNOWN_MEMBERS" ]; then
    export ETCDCTL_CACERT=$ETCD_PKI/ca.crt ETCDCTL_CERT=$ETCD_PKI/member.crt ETCDCTL_KEY=$ETCD_PKI/member.key
    ETCDCTL_ENDPOINTS=$(cat "$KNOWN_MEMBERS")
  elif [ -s "$KUBERNETES_PKI/apiserver-etcd-client.crt" ] && [ -s "$HOME_DIR/apiserver-etcd-servers" ]; then
    export ETCDCTL_CACERT=$KUBERNETES_PKI/etcd/ca.crt ETCDCTL_CERT=$KUBERNETES_PKI/apiserver-etcd-client.crt
    export ETCDCTL_KEY=$KUBERNETES_PKI/apiserver-etcd-client.key
    ETCDCTL_ENDPOINTS=$(cat "$HOME_DIR/apiserver-etcd-servers")
  else
    return 1
  fi
  export ETCDCTL_ENDPOINTS
  [ -n "$(etcdctl_path)" ]
}

etcdctl_path() { command -v etcdctl || find /opt/ha-kubernetes -path '*etcd-*' -name etcdctl -type f 2>/dev/null | sort -V | tail -n 1; }

# etcd_do ARGS...: etcdctl with this host's credential; 5 s for each try unless told otherwise.
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

# True when etcd commits writes, as far as this host can see.
etcd_has_quorum() { etcd_access && etcd_do get ha-kubernetes/quorum >/dev/null 2>&1; }

# Without quorum for 15 s, asked again and again: one missed answer is not a dead cluster.
quorum_lost() {
  local end=$((SECONDS + 15))
  while [ "$SECONDS" -lt "$end" ]; do
    if etcd_has_quorum; then return 1; fi
    pause 0.5
  done
}

# with_turn FUNCTION [ARGS...]: waits for the turn (no deadline: the wait is for others), then runs FUNCTION and gives it back. A
# host without a credential for etcd runs FUNCTION directly: such hosts are put in order by the program. Without a quorum nothing is
# served that a change could interrupt, so a host mends itself then. If any holder fails while this host waits, it refuses: the
# same change would fail here too.
with_turn() {
  if ! etcd_access; then
    "$@"
    return
  fi
  if quorum_lost; then
    say "etcd has no quorum, so there is no turn to wait for"
    "$@"
    return
  fi
  local failed_before
  failed_before=$(last_failure) || fail "etcd does not answer, so no turn can be had: $(last_failure 2>&1 | tail -n 1)"
  take_turn
  local failed_now
  failed_now=$(last_failure) || fail "etcd stopped answering while this host had the turn"
  if [ "$failed_now" != "$failed_before" ]; then
    release_turn
    fail "not started, because the same roll failed on another host: ${failed_now#* }. Mend that host, then run up again"
  fi
  trap turn_failed EXIT
  "$@"
  trap - EXIT
  release_turn
}

# `revision message` of the last failure under a turn, empty if there was none.
last_failure() {
  etcd_surely get ha-kubernetes/failed -w fields | awk -F' : ' '/"ModRevision"/ {r=$2} /"Value"/ {v=$2} END {if (r) print r, v}'
}

take_turn() {
  local pipe=/run/ha-kubernetes/turn log=/run/ha-kubernetes/turn.log said=$SECONDS
  # New ones: what a killed run left waiting for the turn still has its own open.
  rm -f "$pipe" "$log"
  mkfifo -m 0600 "$pipe"
  # Open for reading and writing, so that opening does not block. When this script ends, so does the pipe, and with it the turn, also
  # one that comes later: whoever gets it reads from an end that is open already, and finds nobody at the other.
  exec 8<>"$pipe"
  exec 7<"$pipe"
  rm -f "$pipe"
  : >"$log"
  "$(etcdctl_path)" lock --ttl=30 -- ha-kubernetes/turn sh -c 'echo acquired; exec cat <&7 >/dev/null' </dev/null >"$log" 2>&1 8>&- 9>&- &
  TURN_HELD=$!
  exec 7<&-
  until [[ $'\n'$(<"$log") == *$'\nacquired'* ]]; do
    kill -0 "$TURN_HELD" 2>/dev/null || fail "etcd did not give the turn: $(tail -n 1 "$log")"
    if [ $((SECONDS - said)) -ge 10 ]; then
      said=$SECONDS
      say "waiting for the turn: another host is being changed"
    fi
    pause 0.1
  done
}

release_turn() {
  [ -n "$TURN_HELD" ] || return 0
  exec 8>&-
  kill "$TURN_HELD" 2>/dev/null || true
  wait "$TURN_HELD" 2>/dev/null || true
  TURN_HELD=""
}

# Leaves a mark at which the hosts that wait for their turn refuse. Not where `up` was killed: its next run begins with this host.
turn_failed() {
  local status=$?
  if [ -n "$TURN_HELD" ]; then
    cut_off "$status" || etcd_surely put ha-kubernetes/failed "$STAGE_NAME on $HOST_NAME" >/dev/null || say "could not leave a mark of this failure in etcd"
    release_turn
  fi
  exit "$status"
}

# ---- who leaves -------------------------------------------------------------------------------------------------------
# Every control plane registers as `ha-kubernetes/control-plane/<name> <address>`. Its `leaving` resource, deleted before anything
# else, adds `ha-kubernetes/leaving/<name>`. When all have, the whole cluster is being destroyed. Etcd hosts that are no control plane
# look after that and before anything is undone.

# Reads what this host's etcd knows, with or without quorum.
etcd_read() {
  local endpoint
  for endpoint in ${ETCDCTL_ENDPOINTS//,/ }; do
    ETCDCTL_ENDPOINTS=$endpoint etcd_do get --consistency=s "$@" 2>/dev/null && return 0
  done
  return 1
}

# `name address` of every control plane, from etcd or as last seen from this host.
control_planes() {
  local known
  if etcd_access && known=$(etcd_read --prefix ha-kubernetes/control-plane/) && [ -n "$known" ]; then
    paste -d' ' - - <<<"$known" | sed 's|^ha-kubernetes/control-plane/||'
  else
    cat "$HOME_DIR/control-planes" 2>/dev/null
  fi
}

# Keeps what is known of them on this host, for when etcd does not answer.
remember_control_planes() {
  local known
  known=$(control_planes) || return 0
  if [ -z "$known" ] || [ "$known" = "$(cat "$HOME_DIR/control-planes" 2>/dev/null)" ]; then return 0; fi
  write_file 0600 root:root "$HOME_DIR/control-planes" <<<"$known"
}

# marked_leaving NAME ADDRESS MARKS: in etcd, or on the host itself, which says so on port 2383 when etcd can't be written.
marked_leaving() {
  if grep -qxF "ha-kubernetes/leaving/$1" <<<"$3"; then return 0; fi
  [ "$(curl -s --max-time 3 "http://$2:2383/" 2>/dev/null)" = "$OWNER $1 leaves" ]
}

# True when every control plane leaves: the cluster goes as a whole, so nothing is drained, moved or asked for. Noted on this host,
# because the others may be gone when its next stage asks; every apply takes the note back.
teardown() {
  local name address marks some=""
  if [ -f "$HOME_DIR/teardown" ]; then return 0; fi
  marks=$(etcd_access && etcd_read --prefix --keys-only ha-kubernetes/leaving/) || marks=""
  while read -r name address; do
    marked_leaving "$name" "$address" "$marks" || return 1
    some=yes
  done < <(control_planes)
  [ -n "$some" ] || return 1
  touch "$HOME_DIR/teardown"
}

# leave_in_turn FUNCTION: takes this host out of a cluster that lives on, under the turn and never without a quorum. Nothing is left in
# order where the whole cluster goes.
leave_in_turn() {
  if ! etcd_access || teardown; then return 0; fi
  if quorum_lost; then
    fail "etcd has no quorum, so this host can't leave in order: start the other etcd members first. If this host is gone for good, set" \
      "lost: true for it. If the whole cluster is to go, run destroy; where destroy says this too, it could not learn that every control" \
      "plane goes: then touch $HOME_DIR/teardown on this host and run it again"
  fi
  with_turn "$1"
}
