# shellcheck shell=bash
# What a stage changes on a host is kept as it was before the first run, so that undo puts exactly that back; and what a service
# was last started with, so that it is restarted when that changed and only then, also after a run that was killed in between.

readonly SAVED=$HOME_DIR/saved/$STAGE_NAME STARTED=$HOME_DIR/started

is_saved() { [ -f "$SAVED/$1" ]; }
saved() { cat "$SAVED/$1"; }
# save NAME <value: only the first value is kept.
save() { if is_saved "$1"; then cat >/dev/null; else write_file 0600 root:root "$SAVED/$1"; fi; }
forget() { rm -f "$SAVED/$1"; }
forget_saved() {
  rm -rf "$SAVED"
  rmdir "$HOME_DIR/saved" 2>/dev/null || true
}

# save_directory PATH: whether it is there, with which mode and owner. restore_directory: as it was, and gone only where it is empty. The
# note stays until forget_saved: an undo that was killed does this again.
save_directory() { { stat -L -c '%04a %U:%G' "$1" 2>/dev/null || echo none; } | save "directory${1//\//+}"; }
restore_directory() {
  local mode owner name=directory${1//\//+}
  is_saved "$name" || return 0
  read -r mode owner < <(saved "$name")
  if [ "$mode" = none ]; then
    rmdir "$1" 2>/dev/null || true
  elif [ -d "$1" ]; then
    chown "$owner" "$1"
    chmod "$mode" "$1"
  fi
}

# staged PATH: where the bundle holds the new content of a file.
staged() {
  local index path
  while read -r _ _ index path; do if [ "$path" = "$1" ]; then echo "$STAGE/files/$index"; fi; done <"$STAGE/manifest"
}

# put_file MODE PATH <content: writes it where it differs, and notes that.
put_file() {
  local mode=$1 path=$2 content
  # Up to a byte that text has none of.
  IFS= read -rd '' content || true
  if [ -f "$path" ] && [ ! -L "$path" ] && printf %s "$content" | cmp -s - "$path" && [ "$(stat -c '%04a %U:%G' "$path")" = "$mode root:root" ]; then
    return 0
  fi
  write_file "$mode" root:root "$path" < <(printf %s "$content")
  did_write "$path"
}

# save_service UNIT: whether it is enabled and active now.
save_service() { printf '%s %s\n' "$(systemctl is-enabled "$1" 2>/dev/null || true)" "$(systemctl is-active "$1" || true)" | save "service-$1"; }
# restore_service UNIT: as it was, if it is still installed.
restore_service() {
  local enabled active
  is_saved "service-$1" || return 0
  read -r enabled active < <(saved "service-$1" | xargs)
  if systemctl cat "$1" >/dev/null 2>&1; then
    # Asked first, because the answer of a package with an old init script takes a second.
    if [ "$enabled" = enabled ] && ! systemctl is-enabled --quiet "$1"; then systemctl enable --quiet --no-reload "$1"; fi
    # One that has no [Install] section can't be told from an enabled one, and to disable it takes the links of others away.
    if [[ ! $enabled =~ ^(enabled|static|indirect|generated|alias)$ ]] && systemctl is-enabled --quiet "$1"; then systemctl disable --quiet --no-reload "$1"; fi
    if [ "$active" = active ]; then systemctl restart "$1"; else systemctl stop "$1"; fi
    systemctl reset-failed "$1" 2>/dev/null || true
  fi
  forget "service-$1"
}

# enable_units UNIT...: from the next boot on. By links in the file system alone: told of it, systemd would read all its files again
# before the next unit starts. Only where systemd has loaded one of them already, it is told: it remembers them as disabled.
enable_units() {
  SYSTEMD_OFFLINE=1 systemctl enable --quiet "$@"
  if [[ "$(systemctl show -p UnitFileState --value "$@")" == *disabled* ]]; then systemctl daemon-reload; fi
}

# reread_units UNIT...: systemd reloads its unit files, but only where one of these has changed.
reread_units() { if [[ "$(systemctl show -p NeedDaemonReload --value "$@")" == *yes* ]]; then systemctl daemon-reload; fi; }

fingerprint() { { printf '%s\n' "$@" && cat "$@"; } | hash_of_input; }
# stale UNIT[:PART] FILE...: true unless it runs and was last started, or told to reload them, with these files as they are.
stale() { ! systemctl is-active --quiet "${1%%:*}" || outdated "$@"; }
# outdated UNIT[:PART] FILE...: true unless it was last started with these files as they are, whether it runs or not.
outdated() { [ ! -f "$STARTED/$1" ] || [ "$(fingerprint "${@:2}")" != "$(<"$STARTED/$1")" ]; }
# started UNIT[:PART] FILE...: notes that it was started with these files.
started() { fingerprint "${@:2}" | write_file 0600 root:root "$STARTED/$1"; }
forget_started() {
  local unit
  for unit in "$@"; do rm -f "$STARTED/$unit"; done
  rmdir "$STARTED" 2>/dev/null || true
}
