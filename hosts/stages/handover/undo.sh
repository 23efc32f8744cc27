# shellcheck shell=bash
# Before the machine goes: the others are well without it. Without a quorum it refuses, because this member may be one too many.

undo_handover() {
  leave_in_turn others_can_do_without
  did "may go"
}

others_can_do_without() {
  wait_until 120 "every other etcd member to be healthy before this machine goes" other_members_healthy
  if [ "$CONTROL_PLANE" = yes ]; then
    wait_until 120 "another control plane to be ready before this machine goes" other_apiserver_ready
  fi
}

other_members_healthy() {
  local list
  list=$(member_list) || return 1
  list=$(awk -F', ' -v url="https://$HOST_ADDRESS:2379" '$5 != url' <<<"$list")
  [ -z "$list" ] || all_healthy <<<"$list"
}

# Where this is the only control plane there is nobody to wait for.
other_apiserver_ready() {
  local name address known others=""
  known=$(control_planes)
  while read -r name address; do
    [ "$name" != "$HOST_NAME" ] || continue
    others+=" $name"
    if [ "$(curl -sk --max-time 3 "https://$address:6443/readyz")" = ok ]; then return 0; fi
  done <<<"$known"
  [ -z "$others" ] || {
    echo "none of$others is ready"
    return 1
  }
}

undo_handover
