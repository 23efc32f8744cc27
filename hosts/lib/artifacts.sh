# shellcheck shell=bash
# Brings binaries and images to this host; images.sh handles images. Every file's SHA-256 is checked here before anything of it is installed.
#
# A list of artifacts has a line for each, fields parted by one blank:
#   binary  SHA256 FROM FOLDER PROGRAM       the file is the program
#   archive SHA256 FROM FOLDER PROGRAM...    programs, wherever in the tar they are
#   images  SHA256 FROM IMAGE...             an archive of images
#   pull    DIGEST IMAGE                     an image from its registry
#   image-program DIGEST IMAGE FOLDER PROGRAM...   programs out of an image, wherever in it they are
# FROM is a URL or the path of a file on this host. A stamp marks installed files, so that another run costs nothing.

# In front of the host's own folders; empty but in tests.
readonly ARTIFACT_ROOT=${HAK_ROOT:-}
readonly DOWNLOADS=$ARTIFACT_ROOT/opt/ha-kubernetes/downloads

# What stage prepare puts there, from the config: proxy.env and curlrc, each where it is needed.
download_setting() { echo "$ARTIFACT_ROOT/etc/ha-kubernetes/downloads/$1"; }

# fetching COMMAND...: by way of the config's proxy, else of those that the login names, if any. A process of its own, so that neither
# they nor a password in them show in arguments, and nothing else has them.
fetching() (
  settings=$(download_setting proxy.env)
  if [ -f "$settings" ]; then
    set -a
    # shellcheck source=/dev/null
    . "$settings"
  else
    for variable in "${LOGIN_PROXIES[@]}"; do export "${variable?}"; done
  fi
  exec "$@"
)

# stage_artifacts FILE: puts the list's programs in place, several at a time.
stage_artifacts() {
  local line folder programs wanted=()
  while read -r line; do
    case $line in
      'binary '* | 'archive '*) program_in_place "$line" || wanted+=("$line") ;;
    esac
  done <"$1"
  each_at_once install_program "${wanted[@]}"
  for line in "${wanted[@]}"; do
    read -r _ _ _ folder programs <<<"$line"
    did "installed $programs in $folder"
  done
}

# each_at_once COMMAND LINE...: runs COMMAND LINE for all, as many at once as there are processors. Ends the script where one fails.
each_at_once() {
  local command=$1 line ended failed=0 limit
  local -A running=()
  shift
  limit=$(nproc)
  [ "$limit" -ge 2 ] || limit=2
  for line; do
    if [ ${#running[@]} -ge "$limit" ]; then
      wait -n -p ended "${!running[@]}" || failed=1
      unset "running[$ended]"
    fi
    [ "$failed" = 0 ] || break
    "$command" "$line" &
    running[$!]=1
  done
  for ended in "${!running[@]}"; do wait "$ended" || failed=1; done
  # The one that failed has said why.
  [ "$failed" = 0 ] || exit 1
}

# What a stamp must say for the programs of a line to be the ones that were checked.
program_stamp() {
  local sha256 folder programs
  read -r _ sha256 _ folder programs <<<"$1"
  echo "$sha256"
  # shellcheck disable=SC2086 # names without blanks
  cd "$ARTIFACT_ROOT$folder" && stat -c '%n %s %.9Y %i' $programs
}
stamp_file() {
  local from folder
  read -r _ _ from folder _ <<<"$1"
  echo "$ARTIFACT_ROOT$folder/.${from##*/}.stamp"
}
program_in_place() {
  local stamp now
  stamp=$(stamp_file "$1")
  [ -f "$stamp" ] && now=$(program_stamp "$1" 2>/dev/null) && [ "$(cat "$stamp")" = "$now" ] || return 1
  # A repair trusts no stamp: a disk may have lost bits.
  [ -z "${REPAIR:-}" ] || programs_are_whole "$1"
}
programs_are_whole() {
  local kind sha256 folder programs sums file
  read -r kind sha256 _ folder programs <<<"$1"
  folder=$ARTIFACT_ROOT$folder
  if [ "$kind" = binary ]; then
    [ "$(sha256_of "$folder/$programs")" = "$sha256" ]
    return
  fi
  sums=$(stamp_file "$1")
  sums=${sums%.stamp}.sums
  # An earlier release noted none. To bring programs again that run would be worse than to take them as they are.
  [ -f "$sums" ] || sums_of "$folder" "$programs" >"$sums"
  while read -r sha256 file; do [ "$(sha256_of "$file")" = "$sha256" ] || return 1; done <"$sums"
}

# sums_of FOLDER PROGRAMS: an archive's hash says nothing of one of its programs later on.
sums_of() {
  local program
  for program in $2; do echo "$(sha256_of "$1/$program") $1/$program"; done
}

install_program() {
  local kind sha256 from folder programs file new
  read -r kind sha256 from folder programs <<<"$1"
  new=$(fresh_folder "$1")
  if [ "$kind" = binary ]; then
    # The copy is checked, not the source: nobody can change it between the check and its use.
    bring "$sha256" "$from" "$new/$programs"
  else
    file=$from
    [[ $from == /* ]] || file=$new/.archive
    bring "$sha256" "$from" "$file"
    tar -xf "$file" --no-same-owner -C "$new"
  fi
  put_programs "$1" "$new"
}

# fresh_folder LINE: the folder to which the programs of the line come first. Until they are in place, the line has no stamp.
fresh_folder() {
  local from folder new
  read -r _ _ from folder _ <<<"$1"
  new=$ARTIFACT_ROOT$folder/.new-${from##*/}
  rm -rf "$new" "$(stamp_file "$1")"
  mkdir -p "$new"
  echo "$new"
}

# put_programs LINE NEW: moves the line's programs from the folder NEW to their place, and stamps them.
put_programs() {
  local kind from folder programs program file new=$2 stamp
  read -r kind _ from folder programs <<<"$1"
  folder=$ARTIFACT_ROOT$folder
  stamp=$(stamp_file "$1")
  for program in $programs; do
    file=$(find "$new" -type f -name "$program" -print -quit)
    [ -n "$file" ] || fail "${from##*/} holds no $program"
    chmod 0755 "$file"
    durable "$file"
    mv -f "$file" "$folder/$program"
  done
  rm -rf "$new"
  if [ "$kind" != binary ]; then sums_of "$folder" "$programs" >"${stamp%.stamp}.sums"; fi
  program_stamp "$1" >"$stamp.new"
  mv -f "$stamp.new" "$stamp"
}

# bring SHA256 FROM FILE: FROM as FILE, downloaded or copied unless it is the same file, and checked.
bring() {
  local sha256=$1 from=$2 file=$3 found
  case $from in
    /*)
      [ -f "$from" ] || fail "$from is missing on this host: fill the folder with npm run bundle"
      [ "$from" = "$file" ] || cp "$from" "$file"
      ;;
    *) download "$sha256" "$from" "$file" ;;
  esac
  found=$(sha256_of "$file")
  [ "$found" = "$sha256" ] || {
    [ "$from" = "$file" ] || rm -f "$file"
    fail "${from##*/} is not what it should be and was not installed: expected SHA-256 $sha256, found $found (from $from)"
  }
}
# openssl uses the processor's own instructions for it: four times as fast as sha256sum where that doesn't.
sha256_of() {
  local hash
  if command -v openssl >/dev/null; then hash=$(openssl dgst -sha256 -r "$1"); else hash=$(sha256sum "$1"); fi
  echo "${hash%% *}"
}

# A download that was cut goes on where it ended, at the next attempt or in a later run.
download() {
  local sha256=$1 url=$2 file=$3 part=$DOWNLOADS/$1 attempt code failure settings trust=()
  mkdir -p "$DOWNLOADS"
  settings=$(download_setting curlrc)
  [ ! -f "$settings" ] || trust=(--config "$settings")
  if [ ! -f "$part" ] || [ "$(sha256_of "$part")" != "$sha256" ]; then
    say "downloading $url"
    for attempt in 1 2 3 4 5 6; do
      failure=0
      # curl's own retries would throw away what the last one brought.
      code=$(fetching curl "${trust[@]}" -fsSL -C - --connect-timeout 20 --speed-limit 1024 --speed-time 60 -o "$part" -w '%{http_code}' "$url" 2>"$part.said") ||
        failure=$?
      [ "$failure" != 0 ] || break
      case $failure/$code in
        # The server can't resume, or the partial download is longer than the file.
        33/* | 36/* | 22/416) rm -f "$part" ;;
        # Waiting changes nothing.
        22/4*) break ;;
        *) sleep "$attempt" ;;
      esac
    done
    [ "$failure" = 0 ] || fail "$url can't be downloaded to this host ($(grep -m 1 '^curl:' "$part.said"));" \
      "where it has no way to it, use a mirror or a bundle"
    rm -f "$part.said"
  fi
  mv -f "$part" "$file"
}
