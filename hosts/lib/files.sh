# shellcheck shell=bash
# Puts the stage's files in place. The manifest has a line `mode owner index path` for each; index names it below files/.

# hash_of_input <DATA: its SHA-256.
hash_of_input() {
  local hash
  hash=$(sha256sum)
  echo "${hash%% *}"
}

# write_file MODE OWNER PATH <content: whole or not at all, never readable by others than MODE says, also while it is written. A birth
# writes hundreds of files, so nothing is asked of a program that the shell can do.
write_file() {
  local mode=$1 owner=$2 path=$3 new=$3.new-file mask
  [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
  # Of a run that was killed.
  if [ -e "$new" ] || [ -L "$new" ]; then rm -f "$new"; fi
  printf -v mask %04o $((0777 & ~8#$mode))
  # noclobber: a new file or none, never through a link that somebody put there.
  set -C
  umask "$mask"
  cat >"$new"
  umask 022
  set +C
  if [ "$owner" != root:root ]; then chown "$owner" "$new"; fi
  # No file is made executable.
  if ((8#$mode & 0111)); then chmod "$mode" "$new"; fi
  durable "$new"
  # Never into a directory that a link there leads to.
  mv -fT "$new" "$path"
}

# ---- originals ---------------------------------------------------------------------------------------------------
# A foreign file or link in the place of one of ours is kept once, in a tree like the host's own, and put back when ours goes.

readonly ORIGINALS=$HOME_DIR/originals
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
save_original() {
  local kept=$ORIGINALS$1
  # A path with this program's name is its own, also where an earlier release wrote it in another way.
  if [[ $1 == *ha-kubernetes* ]] || ! is_there "$1" || is_there "$kept"; then return 0; fi
  mkdir -p "$ORIGINALS"
  chmod 0700 "$ORIGINALS"
  mkdir -p "${kept%/*}"
  rm -rf "$kept.new-file"
  cp -a "$1" "$kept.new-file"
  mv -T "$kept.new-file" "$kept"
  say "kept $1, which this program did not make; it comes back with the undo"
}
# restore_original PATH: not over what somebody has put there since.
restore_original() {
  local kept=$ORIGINALS$1
  is_there "$kept" || return 0
  if ! is_there "$1"; then
    mkdir -p "${1%/*}"
    rm -rf "$1.new-file"
    cp -a "$kept" "$1.new-file"
    mv -T "$1.new-file" "$1"
    did "put $1 back"
  fi
  rm -rf "$kept"
  find "$ORIGINALS" -depth -type d -empty -delete
}

# What a run that was killed did not put back.
restore_all_originals() {
  local kept
  [ -d "$ORIGINALS" ] || return 0
  while read -r kept; do restore_original "${kept#"$ORIGINALS"}"; done < <(find "$ORIGINALS" ! -type d)
}

# keep_originals: of the files that this stage is to write here for the first time; what the manifest of the last run names is ours.
keep_originals() {
  local path before
  local -A ours=()
  for before in "$HOME_DIR/stages/$STAGE_NAME"{,.old}/manifest; do
    [ -f "$before" ] || continue
    while read -r _ _ _ path; do ours[$path]=yes; done <"$before"
  done
  while read -r _ _ _ path; do
    if [ -z "${ours[$path]:-}" ]; then save_original "$path"; fi
  done <"$STAGE/manifest"
}
remove_file() {
  rm -f "$1" "$1.new-file"
  restore_original "$1"
}

# put_link TARGET PATH, remove_link PATH: a link to a program of ours, in a place that may hold a foreign one.
put_link() {
  local now
  now=$(readlink "$2" || true)
  [ "$now" != "$1" ] || return 0
  [[ $now == /opt/ha-kubernetes/* ]] || save_original "$2"
  ln -sfT "$1" "$2"
}
remove_link() {
  if [[ "$(readlink "$1")" == /opt/ha-kubernetes/* ]]; then rm -f "$1"; fi
  restore_original "$1"
}

file_differs() {
  local mode=$1 owner=$2 source=$3 path=$4
  [ -f "$path" ] && [ ! -L "$path" ] && cmp -s "$source" "$path" &&
    [ "$(stat -c '%04a %U:%G' "$path")" = "$mode $owner" ] && return 1
  return 0
}

# differing_files: the paths, one a line, of files that are not yet as this stage wants them, gone ones included.
differing_files() {
  local mode owner index path
  while read -r mode owner index path; do
    if file_differs "$mode" "$owner" "$STAGE/files/$index" "$path"; then echo "$path"; fi
  done <"$STAGE/manifest"
  stale_files
}

# Files that the last run put here and this stage no longer has.
stale_files() {
  local glob=${1:-*} path before=$HOME_DIR/stages/$STAGE_NAME/manifest
  local -A wanted=()
  [ -f "$before" ] || return 0
  while read -r _ _ _ path; do wanted[$path]=yes; done <"$STAGE/manifest"
  while read -r _ _ _ path; do
    # shellcheck disable=SC2053 # a glob on purpose
    [[ $path == $glob ]] || continue
    if [ -e "$path" ] && [ -z "${wanted[$path]:-}" ]; then echo "$path"; fi
  done <"$before"
}

# install_files [GLOB]: installs the files and notes each change.
install_files() {
  local glob=${1:-*} mode owner index path
  while read -r path; do
    remove_file "$path"
    did "removed $path"
  done < <(stale_files "$glob")
  while read -r mode owner index path; do
    # shellcheck disable=SC2053 # a glob on purpose
    [[ $path == $glob ]] || continue
    if file_differs "$mode" "$owner" "$STAGE/files/$index" "$path"; then
      write_file "$mode" "$owner" "$path" <"$STAGE/files/$index"
      did_write "$path"
    fi
  done <"$STAGE/manifest"
}

# The list of files on the host now, for the next run and for the undo.
keep_manifest() { write_file 0600 root:root "$HOME_DIR/stages/$STAGE_NAME/manifest" <"$STAGE/manifest"; }

# remove_files: takes away everything that the last apply put in place.
remove_files() {
  local path
  [ -f "$STAGE/manifest" ] || return 0
  while read -r _ _ _ path; do remove_file "$path"; done <"$STAGE/manifest"
}

# A stage that was killed between writing its files and acting on them finds them as they should be. So it also notes, at the
# end, with which files it came to its end.
stage_digest() { cat "$STAGE/manifest" "$STAGE"/files/* | hash_of_input; }
is_converged() {
  [ -f "$HOME_DIR/converged-$STAGE_NAME" ] && [ -z "$(differing_files)" ] && [ "$(<"$HOME_DIR/converged-$STAGE_NAME")" = "$(stage_digest)" ]
}
mark_converged() { stage_digest | write_file 0600 root:root "$HOME_DIR/converged-$STAGE_NAME"; }
