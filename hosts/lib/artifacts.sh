# shellcheck shell=bash
# Brings binaries and images to this host. Every file's SHA-256 is checked here, before anything of it is installed.
#
# A list of artifacts has a line for each, fields parted by one blank:
#   binary  SHA256 FROM FOLDER PROGRAM       the file is the program
#   archive SHA256 FROM FOLDER PROGRAM...    programs, wherever in the tar they are
#   images  SHA256 FROM IMAGE...             an archive of images
#   pull    DIGEST IMAGE                     an image from its registry
# FROM is a URL or the path of a file on this host. What is in place is known by a stamp, so that asking again costs nothing.

# In front of the host's own folders; empty but in tests.
readonly ARTIFACT_ROOT=${HAK_ROOT:-}
readonly DOWNLOADS=$ARTIFACT_ROOT/opt/ha-kubernetes/downloads IMAGE_STAMPS=$ARTIFACT_ROOT/var/lib/containerd/ha-kubernetes

# stage_artifacts FILE: puts the list's programs in place, several at a time.
stage_artifacts() {
  local line wanted=()
  while read -r line; do
    case $line in
      'binary '* | 'archive '*) program_in_place "$line" || wanted+=("$line") ;;
    esac
  done <"$1"
  each_at_once install_program "${wanted[@]}"
  for line in "${wanted[@]}"; do did "installed $(cut -d' ' -f5- <<<"$line") in $(cut -d' ' -f4 <<<"$line")"; done
}

# import_images FILE: gives the list's images to the running containerd.
import_images() {
  local line present wanted=()
  present=$(ctr -n k8s.io images ls -q)
  while read -r line; do
    case $line in
      'images '* | 'pull '*) images_in_place "$line" "$present" || wanted+=("$line") ;;
    esac
  done <"$1"
  each_at_once bring_images "${wanted[@]}"
  for line in "${wanted[@]}"; do did "imported $(image_names "$line" | tr '\n' ' ' | sed 's/ $//')"; done
  pin_images "$1"
}

# No registry stands behind images of a bundle, so the kubelet must not collect them when the disk fills up, nor those of the list
# before this one: nodes run them until an upgrade is over.
readonly PIN=io.cri-containerd.pinned
pin_images() {
  local list=$IMAGE_STAMPS/list names keep pinned name line
  names=$(while read -r line; do case $line in 'images '*) image_names "$line" ;; esac; done <"$1" | sort -u)
  mkdir -p "$IMAGE_STAMPS"
  if [ "$names" != "$(cat "$list" 2>/dev/null)" ]; then
    [ ! -f "$list" ] || mv -f "$list" "$list.before"
    printf '%s\n' "$names" >"$list"
  fi
  keep=$(comm -12 <(cat "$list" "$list.before" 2>/dev/null | sort -u) <(ctr -n k8s.io images ls -q | sort))
  pinned=$(ctr -n k8s.io images ls -q "labels.\"$PIN\"==pinned" | sort)
  while read -r name; do
    ctr -n k8s.io images label "$name" "$PIN=pinned" >/dev/null
  done < <(comm -23 <(printf '%s' "${keep:+$keep$'\n'}") <(printf '%s' "${pinned:+$pinned$'\n'}"))
  while read -r name; do
    ctr -n k8s.io images label "$name" "$PIN=" >/dev/null
  done < <(comm -13 <(printf '%s' "${keep:+$keep$'\n'}") <(printf '%s' "${pinned:+$pinned$'\n'}"))
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
  [ -f "$stamp" ] && now=$(program_stamp "$1" 2>/dev/null) && [ "$(cat "$stamp")" = "$now" ]
}

install_program() {
  local kind sha256 from folder programs program file new stamp
  read -r kind sha256 from folder programs <<<"$1"
  folder=$ARTIFACT_ROOT$folder
  new=$folder/.new-${from##*/}
  stamp=$(stamp_file "$1")
  rm -rf "$new" "$stamp"
  mkdir -p "$new"
  if [ "$kind" = binary ]; then
    # The copy is what is checked: nobody can change it between the check and its use.
    bring "$sha256" "$from" "$new/$programs"
  else
    file=$from
    [[ $from == /* ]] || file=$new/.archive
    bring "$sha256" "$from" "$file"
    tar -xf "$file" --no-same-owner -C "$new"
  fi
  for program in $programs; do
    file=$(find "$new" -type f -name "$program" -print -quit)
    [ -n "$file" ] || fail "${from##*/} holds no $program"
    chmod 0755 "$file"
    # So that a power cut leaves the whole of it or nothing. In a container, the machine around it keeps what was written.
    in_container || sync "$file"
    mv -f "$file" "$folder/$program"
  done
  rm -rf "$new"
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
  if command -v openssl >/dev/null; then
    openssl dgst -sha256 -r "$1" | cut -d' ' -f1
  else
    sha256sum "$1" | cut -d' ' -f1
  fi
}

# A download that was cut goes on where it ended, at the next attempt or in a later run.
download() {
  local sha256=$1 url=$2 file=$3 part=$DOWNLOADS/$1 attempt code failure
  mkdir -p "$DOWNLOADS"
  if [ ! -f "$part" ] || [ "$(sha256_of "$part")" != "$sha256" ]; then
    say "downloading $url"
    for attempt in 1 2 3 4 5 6; do
      failure=0
      # curl's own retries would throw away what the last one brought.
      code=$(curl -fsSL -C - --connect-timeout 20 --speed-limit 1024 --speed-time 60 -o "$part" -w '%{http_code}' "$url" 2>"$part.said") ||
        failure=$?
      [ "$failure" != 0 ] || break
      case $failure/$code in
        # The server can't go on in the middle, or what was brought is longer than what it has.
        33/* | 36/* | 22/416) rm -f "$part" ;;
        # Waiting changes nothing.
        22/4*) break ;;
        *) sleep "$attempt" ;;
      esac
    done
    [ "$failure" = 0 ] || fail "$url can't be downloaded to this host ($(tail -n 1 "$part.said"));" \
      "where it has no way to it, use a mirror or a bundle"
    rm -f "$part.said"
  fi
  mv -f "$part" "$file"
}

image_names() {
  local kind rest
  read -r kind _ rest <<<"$1"
  # shellcheck disable=SC2086 # names without blanks
  case $kind in
    images) printf '%s\n' ${rest#* } ;;
    pull) echo "$rest" ;;
  esac
}
image_stamp() { echo "$IMAGE_STAMPS/$(cut -d' ' -f2 <<<"$1")"; }

# images_in_place LINE PRESENT: this containerd got this very archive, and still has every image of it.
images_in_place() {
  local name
  [ -f "$(image_stamp "$1")" ] || return 1
  for name in $(image_names "$1"); do grep -qxF -- "$name" <<<"$2" || return 1; done
}

bring_images() {
  local kind hash from file said
  read -r kind hash from _ <<<"$1"
  mkdir -p "$IMAGE_STAMPS"
  if [ "$kind" = pull ]; then
    said=$(ctr -n k8s.io images pull "${from%:*}@$hash" 2>&1 && ctr -n k8s.io images tag --force "${from%:*}@$hash" "$from" 2>&1) ||
      fail "image $from can't be pulled: $(tail -n 3 <<<"$said")"
  else
    file=$from
    [[ $from == /* ]] || file=$IMAGE_STAMPS/$hash.tar
    bring "$hash" "$from" "$file"
    said=$(ctr -n k8s.io images import "$file" 2>&1) || fail "${from##*/} can't be imported: $(tail -n 3 <<<"$said")"
    [ "$file" = "$from" ] || rm -f "$file"
  fi
  touch "$(image_stamp "$1")"
}
