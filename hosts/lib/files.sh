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
  mv -f "$new" "$path"
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

# install_files [GLOB]: makes it so, and notes what was changed.
install_files() {
  local glob=${1:-*} mode owner index path
  while read -r path; do
    rm -f "$path"
    did "removed $path"
  done < <(stale_files "$glob")
  while read -r mode owner index path; do
    # shellcheck disable=SC2053 # a glob on purpose
    [[ $path == $glob ]] || continue
    if file_differs "$mode" "$owner" "$STAGE/files/$index" "$path"; then
      write_file "$mode" "$owner" "$path" <"$STAGE/files/$index"
      did "wrote $path"
    fi
  done <"$STAGE/manifest"
}

# The list of what is on the host now, for the next run and for the undo.
keep_manifest() { write_file 0600 root:root "$HOME_DIR/stages/$STAGE_NAME/manifest" <"$STAGE/manifest"; }

# remove_files: takes away everything that the last apply put in place.
remove_files() {
  local path
  [ -f "$STAGE/manifest" ] || return 0
  while read -r _ _ _ path; do rm -f "$path"; done <"$STAGE/manifest"
}

# A stage that was killed between writing its files and acting on them finds them as they should be. So it also notes, at the
# end, with which files it came to its end.
stage_digest() { cat "$STAGE/manifest" "$STAGE"/files/* | hash_of_input; }
is_converged() {
  [ -f "$HOME_DIR/converged-$STAGE_NAME" ] && [ -z "$(differing_files)" ] && [ "$(<"$HOME_DIR/converged-$STAGE_NAME")" = "$(stage_digest)" ]
}
mark_converged() { stage_digest | write_file 0600 root:root "$HOME_DIR/converged-$STAGE_NAME"; }
