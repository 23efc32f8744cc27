# shellcheck shell=bash
# Swap, which is turned off and kept off. In a container it is the machine's own.

# Packages that turn swap on by a service of their own, at each boot and whatever swap.target says.
readonly SWAP_SERVICES=(zramswap.service zram-config.service zram-swap.service zramd.service dphys-swapfile.service swapspace.service
  rpi-resize-swap-file.service)

# units_of_swap: `unit state activity` of each unit that would turn swap on and is not masked yet. A unit for a file or a device may be
# wanted by another target than swap's own.
units_of_swap() {
  local unit state
  # It fails where there is none of them.
  { systemctl list-unit-files --plain --no-legend "${SWAP_SERVICES[@]}" '*.swap' 2>/dev/null || true; } | while read -r unit state _; do
    case $state in
      masked*) ;;
      enabled* | generated) echo "$unit $state $(systemctl is-active "$unit" || true)" ;;
      *) if systemctl is-active --quiet "$unit"; then echo "$unit $state active"; fi ;;
    esac
  done
}

# Without its target nothing turns swap on at boot that /etc/fstab or a swap partition names.
apply_swap() {
  local devices units names
  if in_container; then
    NOT_APPLIED+=("swap")
    return 0
  fi
  devices=$(swapon --show=NAME --noheadings)
  units=$(units_of_swap)
  [ -n "$devices$units" ] || [ "$(systemctl is-enabled swap.target 2>/dev/null)" != masked ] || return 0
  save swap <<<"$devices"
  if [ -n "$units" ]; then
    # A package may come later: its unit is added. The first known state of a unit stays.
    { if is_saved swap_units; then saved swap_units; fi && printf '%s\n' "$units"; } | awk '!known[$1]++' | write_file 0600 root:root "$SAVED/swap_units"
    mapfile -t names < <(awk '{print $1}' <<<"$units")
    # It ends as its package wants it to, before nothing may start it any more.
    systemctl stop "${names[@]}" || say "could not be stopped: ${names[*]}"
  fi
  systemctl mask --quiet swap.target "${names[@]}"
  devices=$(swapon --show=NAME --noheadings)
  [ -z "$devices" ] || swapoff -a || fail "swap can't be turned off (${devices//$'\n'/ }): is there memory enough for what lies there?"
  did "turned swap off${units:+, with ${names[*]}}"
}

restore_swap() {
  local device unit activity
  is_saved swap || return 0
  systemctl unmask --quiet swap.target
  if is_saved swap_units; then
    while read -r unit _ activity; do
      systemctl unmask --quiet "$unit"
      [ "$activity" != active ] || systemctl start "$unit" || say "$unit does not start again"
    done < <(saved swap_units)
    forget swap_units
  fi
  while read -r device; do
    # Its unit may have brought it back.
    if [ -z "$device" ] || swapon --show=NAME --noheadings | grep -xF "$device" >/dev/null; then continue; fi
    swapon "$device" || say "swap can't be turned on again at $device"
  done < <(saved swap)
  forget swap
}
