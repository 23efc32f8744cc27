# shellcheck shell=bash
# Time zone and clock.

apply_time_zone() {
  [ -f "/usr/share/zoneinfo/$TIME_ZONE" ] || fail "there is no time zone $TIME_ZONE (hostPreparation.timeZone)"
  [ "$(readlink /etc/localtime)" != "/usr/share/zoneinfo/$TIME_ZONE" ] || return 0
  save localtime <<<"$(readlink /etc/localtime || true)"
  if [ -f /etc/timezone ]; then
    save timezone </etc/timezone
    write_file 0644 root:root /etc/timezone <<<"$TIME_ZONE"
  fi
  ln -sfn "/usr/share/zoneinfo/$TIME_ZONE" /etc/localtime
  did "set the time zone $TIME_ZONE"
}
restore_time_zone() {
  is_saved localtime || return 0
  if [ -n "$(saved localtime)" ]; then ln -sfn "$(saved localtime)" /etc/localtime; else rm -f /etc/localtime; fi
  if is_saved timezone; then saved timezone | write_file 0644 root:root /etc/timezone; fi
  forget timezone
  forget localtime
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
