# shellcheck shell=bash
# Packages, journal and clock.

export DEBIAN_FRONTEND=noninteractive

missing_packages() {
  # shellcheck disable=SC2086 # one word each
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' $PACKAGES 2>/dev/null | awk '$1 == "installed" {print $2}' |
    sort | comm -13 - <(printf '%s\n' $PACKAGES | sort)
}
apt_get() { fetching apt-get -y -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" >/run/ha-kubernetes/apt.log 2>&1 </dev/null; }
apt_error() { grep -E '^(E|Err|W):?' /run/ha-kubernetes/apt.log | tail -n 3 | tr '\n' ' '; }

# Services of these packages start when their stage says so. Their mask is gone with a boot.
readonly IDLE=(haproxy keepalived)
hold_idle() {
  local unit
  for unit in "${IDLE[@]}"; do
    if [[ " $* " == *" $unit "* ]]; then systemctl mask --runtime --quiet "$unit"; fi
  done
}
# Also what a run left that was killed, or where apt failed after it had brought one of them.
release_idle() {
  local unit
  for unit in "${IDLE[@]}"; do
    [ "$(readlink "/run/systemd/system/$unit.service" 2>/dev/null)" = /dev/null ] || continue
    systemctl unmask --runtime --quiet "$unit"
    systemctl disable --quiet "$unit" 2>/dev/null || true
  done
}

# What apt adds and takes away is kept for the undo.
apply_packages() {
  local missing error=""
  release_idle
  note_packages
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  packages_before
  # With lists of another day, or those of a disk, it may do.
  update_lists || error="; before that apt-get update said: $(apt_error)"
  hold_idle "${missing[@]}"
  if ! apt_get install --no-install-recommends "${missing[@]}"; then
    release_idle
    note_packages
    fail "apt-get could not install ${missing[*]}: $(apt_error)$error"
  fi
  release_idle
  note_packages
  did "installed ${missing[*]}"
}
# apt waits for dpkg's lock by itself and not for that of its lists, which a new machine's own timers hold for minutes.
update_lists() {
  local end=$((SECONDS + 600)) said=no
  until apt_get update; do
    grep -F /var/lib/apt/lists/lock /run/ha-kubernetes/apt.log >/dev/null || return 1
    [ "$SECONDS" -lt "$end" ] || return 1
    [ "$said" = yes ] || say "waiting for another apt to let go of its lists"
    said=yes
    pause 2
  done
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
  if item_is_on time_sync && ! in_container; then
    wait_until 120 "chrony to bring the clock in step (it asks the servers in /etc/chrony; hostPreparation.timeSync turns this off)" clock_in_step
  fi
}
clock_in_step() { chronyc -n tracking | tee /dev/stderr | grep -E '^Leap status *: Normal' >/dev/null; }
