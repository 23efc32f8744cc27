# shellcheck shell=bash
# How long the disk takes until a small write is safe, where etcd's data go. etcd answers a write only then: its own advice is that the 99th
# percentile stays below 10 ms (etcd.io/docs/v3.6/faq, "failed to send out heartbeat on time"); a leader that waits longer loses its followers.

readonly SLOW_WRITE_MICROSECONDS=10000 TRIED_WRITES=100

check_disk() {
  local place slow
  # There it stops nothing, so only the report of all hosts takes the time.
  if in_container && [ -z "${REPORT:-}" ]; then return 0; fi
  place=$(place_to_write) || return 0
  slow=$(slow_write "$place") || return 0
  [ -n "$slow" ] || return 0
  [ "$slow" -le "$SLOW_WRITE_MICROSECONDS" ] ||
    short_warning slow-disk "a small write to $place is safe after $(milliseconds "$slow") ms (99th percentile of $TRIED_WRITES), and etcd needs 10 ms or less: take a faster disk, or a device of its own (hosts.$HOST_NAME.dataDevice)"
}
milliseconds() { printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)); }

# place_to_write: the directory that is there already, on the way to etcd's. A device that is not mounted yet can't be written to.
place_to_write() {
  local place=$ETCD_DATA_DIRECTORY
  if [ -n "$ETCD_DATA_DEVICE" ] && ! mountpoint -q "$place"; then return 1; fi
  while [ ! -d "$place" ]; do place=${place%/*}; done
  echo "${place:-/}"
}

# slow_write DIRECTORY: microseconds of the slowest write but one in a hundred, by dd's own clock, which leaves its start out. The file has
# no name any more when it is written: nothing of it stays, wherever this ends. As long as one of etcd's entries, which fio tests use.
slow_write() {
  local file number
  file=$(mktemp -p "$1" .ha-kubernetes-write.XXXXXXXX 2>/dev/null) || return 1
  exec {WRITTEN}<>"$file"
  rm -f "$file"
  for ((number = 0; number < TRIED_WRITES; number++)); do
    dd if=/dev/zero of="/proc/self/fd/$WRITTEN" bs=2300 count=1 seek="$number" oflag=dsync conv=notrunc 2>&1 || return 1
  done | awk '/ copied, / {for (i = 1; i < NF; i++) if ($i == "copied,") printf "%d\n", $(i + 1) * 1000000}' | sort -n | tail -n 2 | head -n 1
  exec {WRITTEN}>&-
}
