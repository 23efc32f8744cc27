# shellcheck shell=bash
# Who leaves. Every control plane registers as `ha-kubernetes/control-plane/<name> <address>`. Its `leaving` resource is made last of all:
# then `ha-kubernetes/announces/<name>` says that this control plane will announce it when it leaves. It is deleted before anything
# else, and adds `ha-kubernetes/leaving/<name>`. When all that announce have, the whole cluster is being destroyed. Etcd hosts without a
# control plane look after that and before anything is undone. Where nobody announces, the first `up` never came to its end.

# This host's note that the whole cluster goes, or, if empty, an administrator's; believed for as long as a control plane's word.
readonly TEARDOWN=$HOME_DIR/teardown
# There once this host has seen the end of a first `up`.
readonly FINISHED=$HOME_DIR/finished

# Reads what this host's etcd knows, with or without quorum.
etcd_read() {
  local endpoint
  for endpoint in ${ETCDCTL_ENDPOINTS:+${ETCDCTL_ENDPOINTS//,/ }}; do
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

# Keeps their names and addresses on this host, for when etcd does not answer, and whether the first `up` came to its end.
remember_control_planes() {
  local known
  if [ ! -f "$FINISHED" ] && [ -n "$(etcd_read --prefix --keys-only ha-kubernetes/announces/)" ]; then touch "$FINISHED"; fi
  known=$(control_planes) || return 0
  if [ -z "$known" ] || [ "$known" = "$(cat "$HOME_DIR/control-planes" 2>/dev/null)" ]; then return 0; fi
  write_file 0600 root:root "$HOME_DIR/control-planes" <<<"$known"
}

# has_key KEY KEYS
has_key() { grep -qxF "ha-kubernetes/$1" <<<"$2"; }

# marked_leaving NAME ADDRESS KEYS: in etcd, or on the host itself, which says so on port 2383 when etcd can't be written.
marked_leaving() {
  if has_key "leaving/$1" "$3"; then return 0; fi
  curl -s --max-time 3 "http://$(host_port "$2" 2383)/" 2>/dev/null | vouched "$ETCDCTL_CACERT" "$1"
}

# True when the cluster goes as a whole, so nothing is drained, moved or asked for. Noted on this host, because the others may be gone
# when its next stage asks; every apply takes the note back. Where etcd answers, that note counts for nothing: the destroy may have been
# called off, and this host be removed alone.
teardown() {
  local keys="" answers=no
  if is_recent "$TEARDOWN" && [ ! -s "$TEARDOWN" ]; then return 0; fi
  if etcd_access && keys=$(ETCD_TIMEOUT=2s etcd_do get --prefix --keys-only ha-kubernetes/ 2>/dev/null); then answers=yes; fi
  if [ "$answers" = no ]; then
    if is_recent "$TEARDOWN"; then return 0; fi
    if etcd_access; then keys=$(ETCD_TIMEOUT=2s etcd_read --prefix --keys-only ha-kubernetes/) || keys=""; fi
  fi
  all_control_planes_leave "$keys" || return 1
  write_file 0644 root:root "$TEARDOWN" <<<"$OWNER"
}

is_recent() { [ -f "$1" ] && [ $(($(date +%s) - $(stat -c %Y "$1"))) -lt "$WORD_SECONDS" ]; }

# all_control_planes_leave KEYS: every control plane that announces it does. One that a killed or failed `up` made has no way to say so.
all_control_planes_leave() {
  local name address some="" announce=no
  if [[ $1 == *ha-kubernetes/announces/* ]]; then announce=yes; fi
  while read -r name address; do
    if [ "$announce" = yes ] && ! has_key "announces/$name" "$1"; then continue; fi
    marked_leaving "$name" "$address" "$1" || return 1
    some=yes
  done < <(control_planes)
  [ -n "$some" ]
}

# True while the first `up` has not come to its end, as far as etcd and this host know. A host whose leaving stage ran has seen it.
birth_unfinished() {
  if [ -f "$FINISHED" ] || [ -d "$HOME_DIR/stages/leaving" ]; then return 1; fi
  [ -z "$(etcd_read --prefix --keys-only ha-kubernetes/announces/)" ]
}

# leave_in_turn FUNCTION [UNBORN]: takes this host out of a cluster that lives on, under the turn and never without a quorum. Where the
# whole cluster goes, nothing runs. Where the first `up` never came to its end, UNBORN runs, without a turn.
leave_in_turn() {
  if ! etcd_access || teardown; then return 0; fi
  if birth_unfinished; then
    say "the first up never came to its end, so this host may go without the others"
    "${2:-:}"
    return 0
  fi
  if quorum_lost; then
    fail "etcd has no quorum, so this host can't leave in order: start the other etcd members first. If this host is gone for good, set" \
      "lost: true for it. If the whole cluster is to go, run destroy; where destroy says this too, it could not learn that every control" \
      "plane goes: then touch $TEARDOWN on this host and run it again"
  fi
  with_turn "$1"
}
