# shellcheck shell=bash
# Whether this host is to reboot, and the reboot itself.

# Which boot this is. A container has the id of the machine around it, and a first process of its own.
this_boot() {
  local stat fields
  stat=$(</proc/1/stat)
  read -r -a fields <<<"${stat##*) }"
  echo "$(</proc/sys/kernel/random/boot_id)/${fields[19]}"
}

reboot_is_wanted() {
  case $REBOOT in
    always) return 0 ;;
    never) return 1 ;;
    *) [ -n "$(reason_to_reboot)" ] ;;
  esac
}
# Nothing where there is none.
reason_to_reboot() {
  local newest status=0
  if [ -e "${HAK_ROOT:-}/run/reboot-required" ]; then
    echo "/run/reboot-required is there"
    return
  fi
  if has_dnf && command -v needs-restarting >/dev/null; then
    needs-restarting -r >/dev/null 2>&1 || status=$?
    if [ "$status" -eq 1 ]; then echo "needs-restarting -r says so"; fi
  fi
  if in_container; then return 0; fi
  newest=$(newest_kernel)
  if [ -n "$newest" ] && [ "$newest" != "$(uname -r)" ] && older_or_same "$(uname -r)" "$newest"; then
    echo "kernel $newest is installed, and $(uname -r) runs"
  fi
}
newest_kernel() {
  find "${HAK_ROOT:-}/boot" -maxdepth 1 -name 'vmlinuz-*' ! -name '*rescue*' -printf '%f\n' 2>/dev/null | sed 's/^vmlinuz-//' | sort -V | tail -n 1
}

# Services and sockets that take logins. Sessions that are open go on without them.
readonly LOGIN_UNITS=(ssh.socket sshd.socket ssh.service sshd.service)

# ask_for_reboot: by systemd, a few seconds after this script, so that its session ends in order, whatever happens to it from here on. New
# logins are refused at once: the next one is to find the host after its boot.
ask_for_reboot() {
  local unit units=()
  for unit in "${LOGIN_UNITS[@]}"; do if systemctl is-active --quiet "$unit"; then units+=("$unit"); fi; done
  systemctl stop ha-kubernetes-reboot.timer 2>/dev/null || true
  # shellcheck disable=SC2016 # for the shell that it starts
  systemd-run --quiet --collect --unit ha-kubernetes-reboot --on-active=5 --timer-property=AccuracySec=100ms \
    /bin/sh -c 'systemctl reboot || { echo "systemctl reboot failed"; systemctl start "$@"; }' sh "${units[@]}" ||
    fail "systemd does not take the reboot. Reboot this host by hand, then run up again"
  did "reboots"
  [ ${#units[@]} -eq 0 ] || systemctl stop "${units[@]}"
}
