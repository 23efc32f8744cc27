# shellcheck shell=bash
# The cluster-wide turn: while a cluster lives, one host at a time changes a running etcd member, balancer or control plane.
# The turn is a lock in etcd, bound to a lease: it ends with its holder, however that ends.

TURN_HELD="" TURN_KEY="" FAILED_BEFORE="" FAILED_INPUT=""

# with_turn FUNCTION [ARGS...]: waits for the turn, without a deadline because the wait is for others, runs FUNCTION and gives the turn
# back. Without a quorum nothing has a turn, so it waits for one, with a deadline: what brings etcd back must not come here. A host
# without a credential for etcd runs FUNCTION directly: the program puts such hosts in order. If any holder has failed since this run
# began, it refuses: the same change would fail here too.
with_turn() {
  local failed_now
  if ! etcd_access; then
    "$@"
    return
  fi
  wait_until 180 "a quorum of etcd, without which this host changes nothing but its own etcd" etcd_has_quorum
  # As etcd lists them by now.
  etcd_access
  know_who_failed
  take_turn
  failed_now=$(last_failure) || fail "etcd stopped answering while this host had the turn"
  if [ "$failed_now" != "$FAILED_BEFORE" ]; then
    release_turn
    fail "not started, because the same roll failed on another host: ${failed_now#* }. Mend that host, then run up again"
  fi
  trap turn_failed EXIT
  "$@"
  trap - EXIT
  release_turn
}

# Begins to ask for the last failure, while the run goes on. run.sh does so before anything else: with_turn may come an hour later, and
# a host that has failed by then is part of the same roll.
at_start_ask_who_failed() { exec {FAILED_INPUT}< <(if etcd_access; then last_failure_now; fi 2>/dev/null); }
know_who_failed() {
  [ -z "$FAILED_BEFORE" ] || return 0
  if [ -n "$FAILED_INPUT" ]; then
    read -r FAILED_BEFORE <&"$FAILED_INPUT" || true
    exec {FAILED_INPUT}<&-
  fi
  # Nobody could leave a mark while etcd did not answer.
  [ -n "$FAILED_BEFORE" ] || FAILED_BEFORE=$(last_failure) ||
    fail "etcd does not answer, so no turn can be had: $(last_failure 2>&1 | tail -n 1)"
}

# `revision message` of the last failure under a turn, `none` if there was none.
last_failure() { etcd_surely get ha-kubernetes/failed -w fields | failure_of; }
last_failure_now() { etcd_do get ha-kubernetes/failed -w fields | failure_of; }
failure_of() { awk -F' : ' '/"ModRevision"/ {r=$2} /"Value"/ {v=$2} END {if (NR) print (r ? r " " v : "none")}'; }

take_turn() {
  local pipe=/run/ha-kubernetes/turn log=/run/ha-kubernetes/turn.log said=$SECONDS
  # New ones: what a killed run left waiting for the turn still has its own open.
  rm -f "$pipe" "$log"
  mkfifo -m 0600 "$pipe"
  # Open for reading and writing, so that opening does not block. When this script ends, the pipe closes and the turn ends, also a
  # turn that is granted later: its holder reads from a pipe that has no writer.
  exec 8<>"$pipe"
  exec 7<"$pipe"
  rm -f "$pipe"
  : >"$log"
  # shellcheck disable=SC2016 # etcdctl tells the key to the inner shell
  "$(etcdctl_path)" lock --ttl=30 -- ha-kubernetes/turn sh -c 'echo "acquired $ETCD_LOCK_KEY"; exec cat <&7 >/dev/null' </dev/null >"$log" 2>&1 8>&- 9>&- &
  TURN_HELD=$!
  exec 7<&-
  until [[ $'\n'$(<"$log") =~ $'\nacquired '([^$'\n']*) ]]; do
    kill -0 "$TURN_HELD" 2>/dev/null || fail "etcd did not give the turn: $(tail -n 1 "$log")"
    if [ $((SECONDS - said)) -ge 10 ]; then
      said=$SECONDS
      say "waiting for the turn: another host is being changed"
    fi
    pause 0.1
  done
  TURN_KEY=${BASH_REMATCH[1]}
}

# still_my_turn: asked before each step that interrupts something or can't be taken back. A host that stood still for longer than its
# lease, or that was cut off, may not know that another one has the turn by now. True where this run needed no turn.
still_my_turn() {
  local owner
  [ -n "$TURN_HELD" ] || return 0
  owner=$(etcd_surely get ha-kubernetes/turn/ --prefix --sort-by=CREATE --order=ASCEND --limit=1 --keys-only) ||
    fail "etcd does not say whose turn it is, so this host stops before it interrupts anything. Run up again once etcd answers"
  if kill -0 "$TURN_HELD" 2>/dev/null && [ "${owner%%$'\n'*}" = "$TURN_KEY" ]; then return 0; fi
  fail "this host lost its turn (it stood still or was cut off for longer than 30 s), so it stops before it interrupts anything. Run up again"
}

release_turn() {
  [ -n "$TURN_HELD" ] || return 0
  exec 8>&-
  kill "$TURN_HELD" 2>/dev/null || true
  wait "$TURN_HELD" 2>/dev/null || true
  TURN_HELD="" TURN_KEY=""
}

# Leaves a mark at which the other hosts of this roll refuse. Not where `up` was killed: its next run begins with this host.
turn_failed() {
  local status=$?
  if [ -n "$TURN_HELD" ]; then
    cut_off "$status" || etcd_surely put ha-kubernetes/failed "$STAGE_NAME on $HOST_NAME" >/dev/null || say "could not leave a mark of this failure in etcd"
    release_turn
  fi
  exit "$status"
}
