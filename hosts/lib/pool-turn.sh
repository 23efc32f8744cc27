# shellcheck shell=bash
# The pool's turns. A worker holds no credential for etcd, so they are ConfigMaps in a namespace that nodes may write: `<pool>-<n>`,
# one for each worker that may be out of service at once. The first worker of a roll goes alone: the canary.
# Settings of the stages that use it: POOL, MAX_UNAVAILABLE, DRAIN_SECONDS.

# A turn this old belongs to a run that was killed, on a host that has not been back.
readonly TURN_EXPIRES_SECONDS=$((${DRAIN_SECONDS:-0} + 900))

# The turn that this host holds for a stage, on its own disk: a run that was killed gives it back when that stage runs again.
readonly TURN_MARK=$HOME_DIR/pool-turn.$STAGE_NAME
turn_was_cut() { [ -f "$TURN_MARK" ]; }

turns() { this_kubectl -n ha-kubernetes-turns "$@"; }
# turn_field NAME FIELD: empty where there is no such object.
turn_field() { turns get configmap "$1" --ignore-not-found -o "jsonpath={.data.$2}"; }

# with_pool_turn ROLL FUNCTION [ARGS...]: waits for a turn of the pool, without a deadline, runs FUNCTION and gives the turn back.
# Refuses when another worker of the roll failed meanwhile. ROLL names what is rolled out, as the name of an object may.
with_pool_turn() {
  local roll=$1 failed_before said=$SECONDS
  shift
  if turn_was_cut; then give_back "$(cat "$TURN_MARK")"; fi
  failed_before=$(turn_field "failed-$POOL" at)
  until take_pool_turn "$roll"; do
    if [ $((SECONDS - said)) -ge 10 ]; then
      said=$SECONDS
      say "waiting for a turn of pool $POOL: another worker is being changed"
    fi
    pause 1
  done
  if [ "$(turn_field "failed-$POOL" at)" != "$failed_before" ]; then
    give_back "$TURN"
    fail "not started, because the same roll failed on $(turn_field "failed-$POOL" holder). Mend that worker, then run up again"
  fi
  trap pool_turn_failed EXIT
  write_file 0644 root:root "$TURN_MARK" <<<"$TURN"
  "$@"
  trap - EXIT
  turns create configmap "done-$POOL-$roll" >/dev/null 2>&1 || true
  give_back "$TURN"
}

# give_back TURN: unless somebody else took it over meanwhile.
give_back() {
  local holder
  holder=$(turn_field "$1" holder) || return
  if [ "$holder" = "$HOST_NAME" ]; then turns delete configmap "$1" --ignore-not-found >/dev/null || return; fi
  rm -f "$TURN_MARK"
}

take_pool_turn() {
  local slot limit=1 holder at
  if [ -n "$(turns get configmap "done-$POOL-$1" --ignore-not-found -o name)" ]; then limit=$MAX_UNAVAILABLE; fi
  for ((slot = 0; slot < limit; slot++)); do
    TURN=$POOL-$slot
    if turns create configmap "$TURN" --from-literal=holder="$HOST_NAME" --from-literal=at="$(date +%s)" >/dev/null 2>&1; then return 0; fi
    holder=$(turn_field "$TURN" holder)
    # Of a run of this host that was killed.
    if [ "$holder" = "$HOST_NAME" ]; then return 0; fi
    at=$(turn_field "$TURN" at)
    if [ -n "$at" ] && [ $(($(date +%s) - at)) -gt "$TURN_EXPIRES_SECONDS" ]; then
      say "taking over the turn of $holder, whose run has not ended in $TURN_EXPIRES_SECONDS s"
      turns delete configmap "$TURN" --ignore-not-found >/dev/null
    fi
  done
  return 1
}

pool_turn_failed() {
  local status=$?
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: failed-%s, namespace: ha-kubernetes-turns}\n' "$POOL"
    printf 'data: {holder: "%s", at: "%s"}\n' "$HOST_NAME" "$(date +%s.%N)"
  } >/run/ha-kubernetes/failed.yaml
  cut_off "$status" || turns apply -f /run/ha-kubernetes/failed.yaml >/dev/null 2>&1 || say "could not leave a mark of this failure in the API"
  (give_back "$TURN") >/dev/null 2>&1 || say "could not give the turn back; it is free again when this host has run once more"
  exit "$status"
}
