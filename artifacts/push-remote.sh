# What push-bundle.ts runs on a host, as root: `look FOLDER <lines "SHA256 SIZE NAME"`, or `take FOLDER NAME SHA256 SIZE START <the
# file from its byte START on`.
# shellcheck shell=bash
set -euo pipefail
umask 022

fail() {
  echo "$*" >&2
  exit 1
}

# The first line says what this host is. Then a line "BYTES NAME" for each file that is not here whole: how much of it is.
look() {
  local sha256 size name machine
  machine=$(uname -m)
  case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
  # shellcheck disable=SC1091 # the host's own
  echo "host $machine $(. /etc/os-release && echo "$ID-$VERSION_ID")"
  while read -r sha256 size name; do
    if [ -f "$1/$name" ] && [ "$(stat -Lc %s "$1/$name")" = "$size" ] && holds "$1/$name" "$sha256"; then continue; fi
    echo "$(stat -c %s "$1/.$name.$sha256" 2>/dev/null || echo 0) $name"
  done
}

holds() { [ "$(sha256sum <"$1")" = "$2  -" ]; }

# The part's name has the hash: a part of another file is never continued. Each push writes at the place that it counted from: another
# one at the same time writes the same bytes there.
take() {
  local folder=$1 name=$2 sha256=$3 size=$4 start=$5 part=$1/.$2.$3 said
  mkdir -p "$folder"
  if [ "$(stat -c %s "$part" 2>/dev/null || echo 0)" -lt "$start" ]; then
    if ends_elsewhere; then return; fi
    fail "the part of $name that came before is gone"
  fi
  said=$(dd of="$part" bs=1M iflag=fullblock oflag=seek_bytes seek="$start" conv=notrunc status=none 2>&1) ||
    fail "$name can't be written to $folder: ${said##*: }"
  [ "$(stat -c %s "$part" || echo 0)" -ge "$size" ] || ends_elsewhere || fail "the connection was cut before $name was whole"
  holds "$part" "$sha256" || {
    if ends_elsewhere; then return; fi
    rm -f "$part"
    fail "$name came with another SHA-256 than $sha256 and was removed"
  }
  sync "$part" || ends_elsewhere || fail "$part is gone"
  mv -f "$part" "$folder/$name" || ends_elsewhere || fail "$part is gone"
  # Of other versions of the same file.
  rm -f "$folder/.$name".????????????????????????????????????????????????????????????????
}

# Whether another push has put the file of `take` in its place meanwhile.
ends_elsewhere() { [ ! -e "$part" ] && holds "$folder/$name" "$sha256"; }

"$@"
