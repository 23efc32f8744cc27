# shellcheck shell=bash
# Timers start defragmentation, snapshots and restore drills (hosts/tools/etcd). Snapshots are also taken before each upgrade. They outlive the host's membership.

# Where the last run on this host had them, and what it called them: read before this run writes its own.
BACKUP_RECORDED=$(awk -F= '{has[$1] = $2} END {print has["BACKUP_DIRECTORY"], has["BACKUP_NAME"]}' /etc/etcd-backup/settings.env 2>/dev/null || true)
readonly BACKUP_RECORDED
readonly TIMED_FILES=('*/etcd-backup*' '*/etcd-defragment*') ALL_TIMERS="etcd-backup.timer etcd-backup-drill.timer etcd-defragment.timer"

# Stops timers that the config no longer wants, before their files are removed.
drop_timers() {
  local timer
  for timer in $ALL_TIMERS; do
    if [[ " $BACKUP_TIMERS $DEFRAGMENT_TIMER " == *" $timer "* ]] || [ ! -e "/etc/systemd/system/$timer" ]; then continue; fi
    systemctl disable --quiet --now "$timer"
    forget_last_run "$timer"
    did "stopped $timer"
  done
}

# A timer that makes up for what it missed (Persistent=yes) has a file of that name.
forget_last_run() { rm -f "/var/lib/systemd/timers/stamp-$1"; }

place_timed() {
  local files
  for files in "${TIMED_FILES[@]}"; do install_files "$files"; done
}

# Also where no timer is wanted: an upgrade takes a snapshot.
place_backup() {
  place_timed
  # shellcheck disable=SC2086 # names without blanks
  reread_units etcd-backup.service etcd-backup-drill.service etcd-defragment.service $ALL_TIMERS
}

# A separate directory. One of the previous release has no mark, but its settings name it.
take_backup_directory() {
  local against
  if is_marked "$BACKUP_DIRECTORY" && [ "$(stat -L -c '%a %U:%G' "$BACKUP_DIRECTORY")" = "700 etcd:etcd" ]; then return 0; fi
  against=$(against_snapshots "$BACKUP_DIRECTORY")
  if [ -n "$against" ] && ! backup_recorded; then
    fail "$against, so no snapshots go there (etcd.backup.directory), where only root and etcd would be let in. Name a directory of its own, or move that away"
  fi
  if [ ! -e "$(mark_of "$BACKUP_DIRECTORY")" ] && ! backup_recorded; then save_directory "$BACKUP_DIRECTORY"; fi
  install -d -m 0700 -o etcd -g etcd "$BACKUP_DIRECTORY"
  mark "$BACKUP_DIRECTORY"
  # Those of an earlier time on this host, when the user's number was another one. The user may put anything there: links are not followed.
  find "$BACKUP_DIRECTORY/" -maxdepth 1 -type f -links 1 -name "$BACKUP_NAME.*" ! -uid "$(id -u etcd)" -exec chown -h etcd:etcd {} +
  did "made $BACKUP_DIRECTORY"
}
backup_recorded() { [ "$BACKUP_DIRECTORY $BACKUP_NAME" = "$BACKUP_RECORDED" ]; }

# Runs once etcd has started: nothing waits for these snapshots.
keep_snapshots() {
  local timer idle=()
  place_backup
  for timer in $BACKUP_TIMERS $DEFRAGMENT_TIMER; do
    if ! systemctl is-enabled --quiet "$timer" || ! systemctl is-active --quiet "$timer"; then idle+=("$timer"); fi
    if systemctl is-failed --quiet "${timer%.timer}.service"; then
      say "WARNING: the last run of ${timer%.timer} failed: $(journalctl -u "${timer%.timer}.service" -n 20 -o cat | grep ERROR | tail -n 1)"
    fi
  done
  [ ${#idle[@]} -gt 0 ] || return 0
  enable_units "${idle[@]}"
  systemctl start "${idle[@]}"
  did "started ${idle[*]}"
}

# The versions that the last snapshot of this kind came before, or that the member was born with.
readonly UPGRADE=$HOME_DIR/etcd-upgrade
upgrade_target() { echo "etcd $ETCD_VERSION and Kubernetes $KUBERNETES_VERSION"; }

# Once for each change of etcd's or Kubernetes' version, before anything of it is done: control planes wait for every etcd host's
# stage. Without a verified snapshot nothing goes on. A member that never took such a snapshot and is not healthy is repaired first.
snapshot_before_upgrade() {
  [ "$(cat "$UPGRADE" 2>/dev/null)" != "$(upgrade_target)" ] || return 0
  [ -f "$UPGRADE" ] || { etcd_access && etcd_healthy_here; } || return 0
  place_backup
  systemctl start etcd-backup.service ||
    fail "no snapshot could be taken before going to $(upgrade_target), so nothing was changed: $(why_no_snapshot). Mend that, then run up again"
  did "took a snapshot before going to $(upgrade_target): $(find "$BACKUP_DIRECTORY" -maxdepth 1 -name "$BACKUP_NAME.*.db.gz" -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2)"
  upgrade_begun
}
why_no_snapshot() {
  journalctl -u etcd-backup.service -n 20 -o cat | grep ERROR | tail -n 1 || journalctl -u etcd-backup.service -n 3 -o cat | tr '\n' ' '
}
upgrade_begun() { [ "$(cat "$UPGRADE" 2>/dev/null)" = "$(upgrade_target)" ] || upgrade_target | write_file 0644 root:root "$UPGRADE"; }

stop_backup() {
  local timer
  for timer in $ALL_TIMERS; do
    systemctl disable --quiet --now "$timer" 2>/dev/null || true
    forget_last_run "$timer"
  done
  systemctl stop etcd-backup.service etcd-backup-drill.service etcd-defragment.service 2>/dev/null || true
}

# The snapshots stay, readable by root alone, because the user etcd goes.
leave_snapshots() {
  rm -rf /etc/etcd-backup /usr/local/lib/etcd-backup /usr/local/lib/etcd-defragment
  if [ ! -d "$BACKUP_DIRECTORY" ] || { ! is_marked "$BACKUP_DIRECTORY" && ! backup_recorded; }; then return 0; fi
  rm -rf "$BACKUP_DIRECTORY"/.new.* "$BACKUP_DIRECTORY"/.drill.*
  if [ -z "$(find "$BACKUP_DIRECTORY/" -mindepth 1 ! -path "$(mark_of "$BACKUP_DIRECTORY")" -print -quit)" ]; then
    rm -f "$(mark_of "$BACKUP_DIRECTORY")"
    chown root:root "$BACKUP_DIRECTORY"
    restore_directory "$BACKUP_DIRECTORY"
    return 0
  fi
  find "$BACKUP_DIRECTORY/" -xdev ! -user root -exec chown -h root:root {} +
  did "left $(find "$BACKUP_DIRECTORY/" -name '*.db' -o -name '*.db.gz' | wc -l) snapshots in $BACKUP_DIRECTORY"
}
