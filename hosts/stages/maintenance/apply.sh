# shellcheck shell=bash
# Takes this host through maintenance, once for each word of the config. Where it reboots, this script runs twice: first it drains, patches
# and asks for the reboot; once the host is back it proves the host. Its note says how far it came.

# `<word> done`, or `<word> reboots <boot>`: the boot that was to end.
readonly NOTE=$HOME_DIR/maintenance
REBOOTS=no

apply_maintenance() {
  local id="" state="" boot=""
  if [ -f "$NOTE" ]; then read -r id state boot <"$NOTE" || true; fi
  [ "$id" = "$MAINTENANCE" ] || state=""
  if [ "$state" = "done" ]; then return 0; fi
  if [ -z "$state" ] && [ "${MADE_WITH_IT:-no}" = yes ]; then
    note "done"
    return 0
  fi
  if [ "$state" = reboots ] && [ "$boot" != "$(this_boot)" ]; then
    come_back
    return 0
  fi
  if [ "$state" = reboots ] && [ -n "${BACK:-}" ]; then
    fail "this host was to reboot for maintenance $MAINTENANCE, and has not. See why with: journalctl -b -u ha-kubernetes-reboot." \
      "Reboot it by hand, then run up again"
  fi
  find_updates
  if [ ${#UPDATES[@]} -gt 0 ] || reboot_is_wanted; then
    in_turn
  else
    note "done"
    did "found nothing to upgrade, and no reason to reboot"
  fi
  [ "$REBOOTS" = no ] || ask_for_reboot
}

note() { write_file 0644 root:root "$NOTE" <<<"$MAINTENANCE $*"; }

# The turn ends before the host reboots: nobody could hold it. What keeps others from starting is the program, which waits for the proof of
# one host before the next one begins, and the gates, which ask each of the others.
in_turn() {
  if etcd_access; then
    with_turn maintain
  elif [ -n "${POOL:-}" ]; then
    with_pool_turn "maintenance-$MAINTENANCE" maintain
  else
    # The program chains hosts that are balancers alone.
    maintain
  fi
}

maintain() {
  others_are_well
  leave_pods
  still_my_turn
  still_my_pool_turn
  leave_clients
  patch
  if reboot_is_wanted; then
    note reboots "$(this_boot)"
    REBOOTS=yes
  else
    come_back
  fi
}

# This host is what it was before.
come_back() {
  prove_host
  if is_node; then uncordon; fi
  note "done"
  did "came back whole"
}

apply_maintenance
