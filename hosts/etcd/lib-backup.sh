# shellcheck shell=bash
# Snapshots on a timer: what runs them is files/snapshot.sh and files/drill.sh. Snapshots outlive the host's membership.

# shellcheck disable=SC2034 # used by apply.sh
readonly BACKUP_FILES='*/etcd-backup*' ALL_TIMERS="etcd-backup.timer etcd-backup-drill.timer"

# Before the files of a timer that is no longer wanted go.
drop_timers() {
  local timer
  for timer in $ALL_TIMERS; do
    if [[ " $BACKUP_TIMERS " == *" $timer "* ]] || [ ! -e "/etc/systemd/system/$timer" ]; then continue; fi
    systemctl disable --quiet --now "$timer"
    did "stopped $timer"
  done
}

# Only once etcd starts: nothing waits for snapshots.
keep_snapshots() {
  local timer idle=()
  install_files "$BACKUP_FILES"
  [ -n "$BACKUP_TIMERS" ] || return 0
  if [ "$(stat -c '%a %U:%G' "$BACKUP_DIRECTORY" 2>/dev/null)" != "700 etcd:etcd" ]; then
    install -d -m 0700 -o etcd -g etcd "$BACKUP_DIRECTORY"
    # Those of an earlier time on this host, when the user's number was another one.
    find "$BACKUP_DIRECTORY" -maxdepth 1 -name "$BACKUP_NAME.*" -exec chown etcd:etcd {} +
    did "made $BACKUP_DIRECTORY"
  fi
  for timer in $BACKUP_TIMERS; do
    if systemctl show -p NeedDaemonReload --value "$timer" "${timer%.timer}.service" | grep yes >/dev/null; then systemctl daemon-reload; fi
    if ! systemctl is-enabled --quiet "$timer" || ! systemctl is-active --quiet "$timer"; then idle+=("$timer"); fi
    if systemctl is-failed --quiet "${timer%.timer}.service"; then
      say "WARNING: the last run of ${timer%.timer} failed: $(journalctl -u "${timer%.timer}.service" -n 20 -o cat | grep ERROR | tail -n 1)"
    fi
  done
  [ ${#idle[@]} -gt 0 ] || return 0
  systemctl enable --quiet --now "${idle[@]}"
  did "started ${idle[*]}"
}

stop_backup() {
  local timer
  for timer in $ALL_TIMERS; do systemctl disable --quiet --now "$timer" 2>/dev/null || true; done
  systemctl stop etcd-backup.service etcd-backup-drill.service 2>/dev/null || true
}

# The snapshots stay, readable by root alone, because the user etcd goes.
leave_snapshots() {
  rm -rf /etc/etcd-backup /usr/local/lib/etcd-backup
  [ -d "$BACKUP_DIRECTORY" ] || return 0
  rm -rf "$BACKUP_DIRECTORY"/.new.* "$BACKUP_DIRECTORY"/.drill.*
  if rmdir "$BACKUP_DIRECTORY" 2>/dev/null; then return 0; fi
  chown -R root:root "$BACKUP_DIRECTORY"
  did "left $(find "$BACKUP_DIRECTORY" -name '*.db' | wc -l) snapshots in $BACKUP_DIRECTORY"
}
