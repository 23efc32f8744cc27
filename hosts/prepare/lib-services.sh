# shellcheck shell=bash
# Packages, firewall, journal and clock.

export DEBIAN_FRONTEND=noninteractive

missing_packages() {
  # shellcheck disable=SC2086 # one word each
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' $PACKAGES 2>/dev/null | awk '$1 == "installed" {print $2}' |
    sort | comm -13 - <(printf '%s\n' $PACKAGES | sort)
}
apt_get() { apt-get -y -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" >/run/ha-kubernetes/apt.log 2>&1 </dev/null; }
apt_error() { grep -E '^(E|Err|W):?' /run/ha-kubernetes/apt.log | tail -n 3 | tr '\n' ' '; }

# What apt adds and takes away is kept for the undo. Services of these packages start when their stage says so.
apply_packages() {
  local missing idle=(haproxy keepalived) unit
  note_packages
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  packages_before
  for unit in "${idle[@]}"; do
    if [[ " ${missing[*]} " == *" $unit "* ]]; then systemctl mask --runtime --quiet "$unit"; fi
  done
  apt_get update || say "apt-get update: $(apt_error)"
  apt_get install --no-install-recommends "${missing[@]}" || {
    note_packages
    fail "apt-get could not install ${missing[*]}: $(apt_error)"
  }
  for unit in "${idle[@]}"; do
    if [[ " ${missing[*]} " == *" $unit "* ]]; then
      systemctl unmask --runtime --quiet "$unit"
      systemctl disable --quiet "$unit"
    fi
  done
  note_packages
  did "installed ${missing[*]}"
}

apply_firewall() {
  local unit=ha-kubernetes-firewall.service
  nft -c -f "$(staged /etc/ha-kubernetes/firewall.nft)" || fail "nft refuses the firewall's table"
  install_files /etc/ha-kubernetes/firewall.nft
  install_files "/etc/systemd/system/$unit"
  if stale "$unit" /etc/ha-kubernetes/firewall.nft "/etc/systemd/system/$unit" || ! nft list table inet ha_kubernetes >/dev/null 2>&1; then
    enable_units "$unit"
    reread_units "$unit"
    systemctl reload-or-restart "$unit" || fail "the firewall's table can't be loaded: $(journalctl -u "$unit" -n 3 -o cat | tr '\n' ' ')"
    started "$unit" /etc/ha-kubernetes/firewall.nft "/etc/systemd/system/$unit"
    did "closed the port table to others than nodeCidrs"
  fi
}
restore_firewall() {
  local unit=ha-kubernetes-firewall.service
  [ -f "/etc/systemd/system/$unit" ] || [ -f "$STARTED/$unit" ] || return 0
  systemctl disable --quiet --now "$unit" 2>/dev/null || true
  if command -v nft >/dev/null && nft list table inet ha_kubernetes >/dev/null 2>&1; then nft delete table inet ha_kubernetes; fi
  forget_started "$unit"
}

readonly JOURNAL_LIMIT=/etc/systemd/journald.conf.d/ha-kubernetes.conf
apply_journal() {
  install_files "$JOURNAL_LIMIT"
  if stale systemd-journald "$JOURNAL_LIMIT"; then
    systemctl restart systemd-journald
    started systemd-journald "$JOURNAL_LIMIT"
  fi
}
restore_journal() {
  [ -f "$STARTED/systemd-journald" ] || return 0
  rm -f "$JOURNAL_LIMIT"
  systemctl restart systemd-journald
  forget_started systemd-journald
}

apply_time_sync() {
  if in_container; then
    NOT_APPLIED+=("clock")
    return 0
  fi
  if systemctl is-active --quiet chrony && systemctl is-enabled --quiet chrony; then return 0; fi
  save_service chrony
  systemctl enable --quiet chrony
  systemctl start chrony || fail "chrony does not start: $(journalctl -u chrony -n 3 -o cat | tr '\n' ' ')"
  did "started chrony"
}
restore_time_sync() { restore_service chrony; }
wait_for_clock() {
  if wanted time_sync && ! in_container; then
    wait_until 120 "chrony to bring the clock in step (it asks the servers in /etc/chrony; hostPreparation.timeSync turns this off)" clock_in_step
  fi
}
clock_in_step() { chronyc -n tracking | tee /dev/stderr | grep -E '^Leap status *: Normal' >/dev/null; }
