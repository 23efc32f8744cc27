# shellcheck shell=bash
# The pool's turns. A worker holds no credential for etcd, so they are ConfigMaps in a namespace that nodes may write: `<pool>-<n>`,
# one for each worker that may be out of service at once. The first worker of a roll goes alone: the canary.
# Settings of the stages that use it: POOL, MAX_UNAVAILABLE, DRAIN_SECONDS.

# A turn this old, by the API's clock, belongs to a run that was killed, on a host that has not been back.
readonly TURN_EXPIRES_SECONDS=$((${DRAIN_SECONDS:-0} + 900))
# The API may refuse for so long to say who has a turn, or to give one.
readonly REFUSALS_SECONDS=120
TURN="" TURN_UID="" REFUSED="" HOLDERS="" POOL_FAILURE_INPUT=""

# The turn that this host holds for a stage, on its own disk: a run that was killed gives it back when that stage runs again.
readonly TURN_MARK=$HOME_DIR/pool-turn.$STAGE_NAME
turn_was_cut() { [ -f "$TURN_MARK" ]; }

turns() { this_kubectl -n ha-kubernetes-turns "$@"; }
# turn_says NAME TEMPLATE: fields of an object, nothing where it does not exist. What the API refuses is in REFUSED.
turn_says() {
  SAID=$(turns get configmap "$1" --ignore-not-found -o "jsonpath=$2" 2>"$STAGE/refused") || REFUSED=$(refusal)
  [ -z "$REFUSED" ]
}
refusal() { tail -n 2 "$STAGE/refused" | tr '\n' ' ' | cut -c1-500; }

# The last failure of a worker of this pool, as the API knew it when this run began: a later failure belongs to the same roll.
last_pool_failure() { turn_says "failed-$POOL" '{.metadata.resourceVersion}' && echo "known $SAID"; }
at_start_ask_which_worker_failed() {
  [ -n "$POOL" ] && [ -s "$KUBELET_KUBECONFIG" ] || return 0
  exec {POOL_FAILURE_INPUT}< <(last_pool_failure)
}

# with_pool_turn ROLL FUNCTION [ARGS...]: waits for a turn of the pool, as long as others have them, runs FUNCTION and gives the turn back.
# Refuses when another worker of the roll failed meanwhile. ROLL names the change that is rolled out: `<kind>-<id>`, or a version.
with_pool_turn() {
  local roll=$1 failed_before="" failed_now said=$SECONDS answered=$SECONDS
  shift
  # One that can't be given back yet is still this host's, and taken as such.
  if turn_was_cut; then give_turn_back || true; fi
  [ -z "$POOL_FAILURE_INPUT" ] || IFS= read -r failed_before <&"$POOL_FAILURE_INPUT" || true
  REFUSED=""
  [ -n "$failed_before" ] || failed_before=$(last_pool_failure) || true
  until take_pool_turn "$roll"; do
    # Nobody could leave a mark while the API did not answer.
    [ -n "$failed_before" ] || failed_before=$(last_pool_failure) || true
    [ -n "$REFUSED" ] || answered=$SECONDS
    [ $((SECONDS - answered)) -lt "$REFUSALS_SECONDS" ] ||
      fail "the API has given no turn of pool $POOL for $REFUSALS_SECONDS s: $REFUSED. Mend that, then run up again"
    if [ $((SECONDS - said)) -ge 10 ]; then
      said=$SECONDS
      if [ -n "$REFUSED" ]; then
        say "waiting for a turn of pool $POOL, which the API refuses: $REFUSED"
      else
        say "waiting for a turn of pool $POOL${HOLDERS:+, which$HOLDERS has}"
      fi
    fi
    pause 1
  done
  write_file 0644 root:root "$TURN_MARK" <<<"$TURN $TURN_UID"
  failed_now=$(last_pool_failure) || failed_now=$failed_before
  if [ -n "$failed_before" ] && [ "$failed_now" != "$failed_before" ]; then
    turn_says "failed-$POOL" '{.data.holder}' || true
    give_turn_back || true
    fail "not started, because the same roll failed on ${SAID:-another worker}. Mend that worker, then run up again"
  fi
  trap pool_turn_failed EXIT
  "$@"
  trap - EXIT
  note_success "$roll"
  give_turn_back || fail "the API does not take back this host's turn: $(refusal). It is free once this host has run again: run up again"
}

# Objects that say which roll its canary has seen: `done-<pool>-<kind>`. Another roll of that kind has a canary again.
canary_mark() { case $1 in containerd-* | authorities-* | maintenance-* | network) echo "done-$POOL-${1%%-*}" ;; *) echo "done-$POOL-version" ;; esac; }
note_success() {
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: ha-kubernetes-turns}\ndata: {roll: "%s"}\n' "$(canary_mark "$1")" "$1" >/run/ha-kubernetes/done.yaml
  REFUSED=""
  if turn_says "$(canary_mark "$1")" '{.data.roll}' && [ "$SAID" = "$1" ]; then return 0; fi
  turns apply -f /run/ha-kubernetes/done.yaml >/dev/null 2>&1 || true
}

# take_pool_turn ROLL: fails where others have all turns, named in HOLDERS, or where the API refuses, in its own words in REFUSED.
take_pool_turn() {
  local slot limit=1 holder uid created
  REFUSED="" HOLDERS=""
  turn_says "$(canary_mark "$1")" '{.data.roll}' || return 1
  if [ "$SAID" = "$1" ]; then limit=$MAX_UNAVAILABLE; fi
  for ((slot = 0; slot < limit; slot++)); do
    TURN=$POOL-$slot
    if TURN_UID=$(turns create configmap "$TURN" --from-literal=holder="$HOST_NAME" -o 'jsonpath={.metadata.uid}' 2>"$STAGE/refused"); then return 0; fi
    TURN_UID=""
    if ! grep -F 'already exists' "$STAGE/refused" >/dev/null; then
      REFUSED=$(refusal)
      return 1
    fi
    turn_says "$TURN" '{.metadata.uid} {.metadata.creationTimestamp} {.data.holder}' || return 1
    read -r uid created holder <<<"$SAID"
    # This host held it in a run that was killed.
    if [ -n "$uid" ] && [ "$holder" = "$HOST_NAME" ]; then
      TURN_UID=$uid
      return 0
    fi
    [ -n "$uid" ] || continue
    HOLDERS+=" $holder"
    if is_expired "$created"; then
      say "taking over the turn of $holder, whose run has not ended in $TURN_EXPIRES_SECONDS s"
      drop_turn "$TURN" "$uid" || true
    fi
  done
  return 1
}

# is_expired CREATED: by the clock of the API, which tells the time at which it would make an object.
is_expired() {
  local now
  now=$(turns create configmap "now-$HOST_NAME" --dry-run=server -o 'jsonpath={.metadata.creationTimestamp}' 2>/dev/null) || return 1
  [ $(($(date -d "$now" +%s) - $(date -d "$1" +%s))) -gt "$TURN_EXPIRES_SECONDS" ]
}

# drop_turn NAME UID: this very object, and not one of the same name that somebody else has made meanwhile.
drop_turn() {
  printf '{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"%s"}}' "$2" >/run/ha-kubernetes/drop.json
  turns delete --raw "/api/v1/namespaces/ha-kubernetes-turns/configmaps/$1" -f /run/ha-kubernetes/drop.json >/dev/null 2>"$STAGE/refused" ||
    grep -E 'not found|NotFound|Precondition failed|Conflict' "$STAGE/refused" >/dev/null
}

# give_turn_back: the turn that this stage's mark names, unless somebody else took it over meanwhile.
give_turn_back() {
  local turn uid holder
  read -r turn uid <"$TURN_MARK"
  if [ -z "$uid" ]; then
    # A mark of an earlier release.
    REFUSED=""
    turn_says "$turn" '{.metadata.uid} {.data.holder}' || return 1
    read -r uid holder <<<"$SAID"
    [ "$holder" = "$HOST_NAME" ] || uid=""
  fi
  [ -z "$uid" ] || drop_turn "$turn" "$uid" || return 1
  TURN_UID=""
  rm -f "$TURN_MARK"
}

# still_my_pool_turn: asked before each step that interrupts something. A host that stood still for very long may have lost its turn.
still_my_pool_turn() {
  local end=$((SECONDS + 30))
  [ -n "$TURN_UID" ] || return 0
  REFUSED=""
  until turn_says "$TURN" '{.metadata.uid}'; do
    [ "$SECONDS" -lt "$end" ] || fail "the API does not say whose turn it is, so this host stops before it interrupts anything: $REFUSED. Run up again"
    REFUSED=""
    pause 1
  done
  [ "$SAID" = "$TURN_UID" ] || fail "another worker took over this host's turn, which it had for longer than $TURN_EXPIRES_SECONDS s. Run up again"
}

pool_turn_failed() {
  local status=$?
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: failed-%s, namespace: ha-kubernetes-turns}\n' "$POOL"
    printf 'data: {holder: "%s", at: "%s"}\n' "$HOST_NAME" "$(date +%s.%N)"
  } >/run/ha-kubernetes/failed.yaml
  cut_off "$status" || turns apply -f /run/ha-kubernetes/failed.yaml >/dev/null 2>&1 || say "could not leave a mark of this failure in the API"
  (give_turn_back) >/dev/null 2>&1 || say "could not give the turn back; it is free again when this host has run once more"
  exit "$status"
}
