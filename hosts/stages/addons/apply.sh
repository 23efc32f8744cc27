# shellcheck shell=bash
# The add-ons, once per cluster: every control plane looks, the first that finds work takes the turn and does it.

# There while pods of a change have not been seen to run.
readonly UNPROVED=$HOME_DIR/addons-unproved

apply_addons_stage() {
  local wanted changed=no names
  # Changing cluster.repair changes the digest, so that manual changes in the cluster are undone, once for all control planes.
  wanted=$({ cat "$STAGE"/inputs/*.yaml && printf '%s' "${REPAIR:-}"; } | sha256sum | cut -d' ' -f1)
  if ! addons_are_current "$wanted" 300; then
    # Restarted pods must find today's authority. The first pods of a cluster wait for it by themselves.
    if addons_were_applied; then
      # At a birth another control plane may be at it right now: its pods start while Nodes become Ready, and nobody waits for them here.
      [ "$FIRST_RUN" = yes ] || changed=yes
      wait_until 180 "the controller manager to publish the API's authority" authority_is_published
    fi
    with_turn apply_addons "$wanted"
  fi
  nobody_has_taints || taints_are_current || with_turn set_taints
  forget_unwanted_custom
  keep_join_timer
  # A run after one that gave up here waits, too.
  if [ "$changed" = yes ]; then touch "$UNPROVED"; fi
  if [ -f "$UNPROVED" ]; then
    await_pods
    rm -f "$UNPROVED"
  fi
  # A pod that trusts one authority alone, or that knows the API's former place alone, would be cut off by the next edit.
  if [ "${AWAIT_PODS:-}" = yes ]; then wait_until 300 "the pods of the add-ons to be started again with the current settings" pods_are_new; fi
  # Of this control plane, whose own stage could not wait for a pod network.
  prove_node "" with_turn
  read -r -a names <<<"$LOST"
  if [ ${#names[@]} -gt 0 ]; then
    etcd_access
    if lost_are_listed addons_kubectl "${names[@]}"; then with_turn forget_lost "${names[@]}"; fi
  fi
}

# The user's own add-ons have a stage of their own, where the config has any.
forget_unwanted_custom() {
  [ -z "${CUSTOM_ADDONS:-}" ] || return 0
  read_custom_record || fail "the apiserver of this host does not say what custom add-ons there are: $CUSTOM"
  [ -z "$CUSTOM" ] || with_turn forget_custom
}

# forget_lost NAME...
forget_lost() {
  forget_lost_members "$@"
  forget_lost_nodes addons_kubectl "$@"
}

apply_addons_stage
