# shellcheck shell=bash
# Services that the config wants off. Each one's first known state is kept until it is no longer in that list.

apply_services_off() {
  local unit
  for unit in $SERVICES_OFF; do
    # A host may have none of that name, or it may come later.
    if ! systemctl cat "$unit" >/dev/null 2>&1; then continue; fi
    # A static one, which others start, is enabled in its own way at all times.
    if ! systemctl is-active --quiet "$unit" && [[ "$(systemctl is-enabled "$unit" 2>/dev/null)" != enabled* ]]; then continue; fi
    save_service "$unit"
    save "off-$unit" <<<"$unit"
    systemctl disable --quiet --now "$unit" || fail "service $unit can't be turned off (hostPreparation.disabledServices)"
    did "turned off $unit"
  done
  restore_services_but " $SERVICES_OFF "
}
restore_services_off() { restore_services_but ""; }

# restore_services_but UNITS: each with a blank before and after it.
restore_services_but() {
  local note unit
  for note in "$SAVED"/off-*; do
    [ -f "$note" ] || continue
    unit=$(<"$note")
    if [[ $1 == *" $unit "* ]]; then continue; fi
    restore_service "$unit"
    rm -f "$note"
    did "turned $unit back on"
  done
}
