# shellcheck shell=bash
# Services that the config wants off: stopped, disabled, and masked, because a socket, a timer, D-Bus or another unit would start them
# again. What triggers one goes with it. Each one's first known state is kept until it is no longer in that list.

readonly UNIT_FILES=${HAK_ROOT:-}/etc/systemd/system

apply_services_off() {
  local unit
  for unit in $SERVICES_OFF; do
    # A host may have none of that name, or it may come later.
    if ! systemctl cat "$unit" >/dev/null 2>&1; then continue; fi
    if ! is_masked_unit "$unit"; then
      note_service "$unit"
    elif ! is_saved "service-$unit"; then
      # By somebody else.
      continue
    elif ! is_saved "off-$unit"; then
      # So far it went with what it triggers.
      save "off-$unit" <<<"$unit"
    fi
    turn_off_noted "$unit"
  done
  restore_services_but " $SERVICES_OFF "
}
restore_services_off() { restore_services_but ""; }

# note_service UNIT: how it is and how its triggers are, and the unit itself where that name is another one's alias. A run that was killed
# may have turned some of them off already.
note_service() {
  local one units
  units="$1 $(systemctl show -p Id --value "$1") $(systemctl show -p TriggeredBy --value "$1")"
  for one in $units; do save_service "$one"; done
  # shellcheck disable=SC2086 # one word each
  { printf '%s\n' $units && if is_saved "off-$1"; then saved "off-$1"; fi; } | awk '!seen[$0]++' | write_file 0600 root:root "$SAVED/off-$1"
}
is_masked_unit() { [ "$(readlink "$UNIT_FILES/$1")" = /dev/null ]; }

# turn_off_noted UNIT: with its triggers, those first.
turn_off_noted() {
  local one units loose=()
  mapfile -t units < <(tac "$SAVED/off-$1")
  for one in "${units[@]}"; do
    if ! is_masked_unit "$one" || systemctl is-active --quiet "$one"; then loose+=("$one"); fi
  done
  [ ${#loose[@]} -gt 0 ] || return 0
  for one in "${loose[@]}"; do
    if is_masked_unit "$one"; then continue; fi
    # One without an [Install] section has nothing to be disabled; the links of others go with it.
    systemctl disable --quiet --now "$one" 2>/dev/null || true
    # A file that somebody wrote in the mask's place is kept meanwhile.
    save_original "$UNIT_FILES/$one"
    ln -sfT /dev/null "$UNIT_FILES/$one"
  done
  systemctl daemon-reload
  for one in "${loose[@]}"; do
    systemctl stop "$one" 2>/dev/null || true
    ! systemctl is-active --quiet "$one" || fail "service $one can't be turned off (hostPreparation.disabledServices)"
  done
  did "turned off ${loose[*]}"
}

# restore_services_but UNITS: each with a blank before and after it.
restore_services_but() {
  local note unit one units
  for note in "$SAVED"/off-*; do
    [ -f "$note" ] || continue
    read -r unit <"$note"
    if [[ $1 == *" $unit "* ]]; then continue; fi
    # A socket can't be started while its service runs.
    mapfile -t units < <(tac "$note")
    for one in "${units[@]}"; do
      if [[ $1 != *" $one "* ]]; then unmask_unit "$one"; fi
    done
    systemctl daemon-reload
    for one in "${units[@]}"; do
      if [[ $1 != *" $one "* ]]; then restore_service "$one"; fi
    done
    rm -f "$note"
    did "turned $unit back on"
  done
}
unmask_unit() {
  if is_masked_unit "$1"; then rm -f "$UNIT_FILES/$1"; fi
  restore_original "$UNIT_FILES/$1"
}
