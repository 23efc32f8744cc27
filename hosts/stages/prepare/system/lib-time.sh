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

# The hardware clock: local time is right twice a year only until a host boots at the wrong moment.
apply_clock_in_utc() {
  if in_container; then
    NOT_APPLIED+=("hardware clock")
    return 0
  fi
  [ "$(timedatectl show -p LocalRTC --value)" = yes ] || return 0
  save local_rtc <<<"yes"
  timedatectl set-local-rtc 0
  did "put the hardware clock in UTC"
}
restore_clock_in_utc() {
  is_saved local_rtc || return 0
  timedatectl set-local-rtc 1
  forget local_rtc
}

# ---- time service -----------------------------------------------------------------------------------------------------------------
# Debian and its relatives call chrony's service after the package, RHEL and its own after the program.

chrony_unit() { if systemctl cat chronyd.service >/dev/null 2>&1 && ! systemctl cat chrony.service >/dev/null 2>&1; then echo chronyd; else echo chrony; fi; }
chrony_file() { if [ -f "${HAK_ROOT:-}/etc/chrony/chrony.conf" ] || [ ! -f "${HAK_ROOT:-}/etc/chrony.conf" ]; then echo "${HAK_ROOT:-}/etc/chrony/chrony.conf"; else echo "${HAK_ROOT:-}/etc/chrony.conf"; fi; }

# other_time_service: one that runs in place of chrony, where the config lets it.
other_time_service() {
  local unit
  if [ "${TIME_SERVICE:-}" != keep ] || is_saved service-chrony || is_saved service-chronyd; then return 1; fi
  for unit in systemd-timesyncd ntpsec ntpd ntp openntpd; do
    if systemctl is-active --quiet "$unit"; then
      echo "$unit"
      return 0
    fi
  done
  return 1
}

apply_time_sync() {
  local unit
  if in_container; then
    NOT_APPLIED+=("clock")
    return 0
  fi
  if other_time_service >/dev/null; then return 0; fi
  unit=$(chrony_unit)
  name_time_servers "$unit"
  if systemctl is-active --quiet "$unit" && systemctl is-enabled --quiet "$unit"; then return 0; fi
  save_service "$unit"
  systemctl enable --quiet "$unit"
  systemctl start "$unit" || fail "$unit does not start: $(journalctl -u "$unit" -n 3 -o cat | tr '\n' ' ')"
  did "started $unit"
}
restore_time_sync() {
  if forget_time_servers && systemctl is-active --quiet "$(chrony_unit)"; then systemctl restart "$(chrony_unit)"; fi
  restore_service chrony
  restore_service chronyd
}

# name_time_servers UNIT: in place of those that the file names, whose lines stay as comments. A mark finds all of that again.
name_time_servers() {
  local file text
  if [ -z "${TIME_SERVERS:-}" ]; then
    if forget_time_servers; then
      systemctl restart "$1"
      did "gave chrony its own servers back"
    fi
    return 0
  fi
  file=$(chrony_file)
  [ -f "$file" ] || fail "there is no $file to name the time servers in (hostPreparation.timeServers)"
  # shellcheck disable=SC2086 # one word each
  text=$(plain_chrony_file "$file" | sed -E 's/^(server|pool|peer|sourcedir) /#ha-kubernetes# &/' && echo "# ha-kubernetes: below" && printf 'server %s iburst\n' $TIME_SERVERS)
  [ "$text" != "$(<"$file")" ] || return 0
  write_file "$(stat -c %04a "$file")" root:root "$file" <<<"$text"
  if systemctl is-active --quiet "$1"; then systemctl restart "$1"; fi
  did "named the time servers of chrony"
}
plain_chrony_file() { sed -E '/^# ha-kubernetes: below$/,$d; s/^#ha-kubernetes# //' "$1"; }
forget_time_servers() {
  local file text
  file=$(chrony_file)
  grep -q '^# ha-kubernetes: below$' "$file" 2>/dev/null || return 1
  text=$(plain_chrony_file "$file")
  write_file "$(stat -c %04a "$file")" root:root "$file" <<<"$text"
}

wait_for_clock() {
  local other
  if ! item_is_on time_sync || in_container; then return 0; fi
  if other=$(other_time_service); then
    wait_until 120 "$other to bring the clock in step (hostPreparation.timeService)" clock_is_synchronized
    return 0
  fi
  wait_until 120 "chrony to bring the clock in step (it asks the servers in $(chrony_file); hostPreparation.timeSync turns this off)" clock_in_step
}
clock_in_step() { chronyc -n tracking | tee /dev/stderr | grep -E '^Leap status *: Normal' >/dev/null; }
# As the kernel has it from the service that sets it.
clock_is_synchronized() { timedatectl show -p NTPSynchronized | tee /dev/stderr | grep -x NTPSynchronized=yes >/dev/null; }
