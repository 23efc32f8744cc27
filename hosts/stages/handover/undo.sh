# shellcheck shell=bash
# Before the machine goes: the others are well without it. Without a quorum it refuses, because this member may be one too many.

undo_handover() {
  leave_in_turn others_can_do_without
  did "may go"
}

others_can_do_without() {
  wait_until 120 "every other etcd member to be healthy before this machine goes" other_members_healthy "https://$(host_port "$HOST_ADDRESS" 2380)"
  if [ "$CONTROL_PLANE" = yes ]; then
    wait_until 120 "another control plane to be ready before this machine goes" another_apiserver_ready
  fi
}

undo_handover
