# shellcheck shell=bash
# Whose a directory or a device is. It is taken only when it is provably empty or carries the mark of this cluster and host; nothing
# else is ever formatted, given another owner, or emptied. Each judge prints the reason against taking it, and nothing where there is none.

# Where a device is looked into; HAK_ROOT is empty but in tests.
readonly LOOK=${HAK_ROOT:-}/run/ha-kubernetes/look

# mark_of DIRECTORY: the file that says whose it is: the owner, then the host.
mark_of() { echo "$1/.ha-kubernetes"; }
our_mark() { echo "$OWNER $HOST_NAME"; }
is_marked() { [ -f "$(mark_of "$1")" ] && [ "$(<"$(mark_of "$1")")" = "$(our_mark)" ]; }
mark() { write_file 0644 root:root "$(mark_of "$1")" <<<"$(our_mark)"; }

# has_content DIRECTORY: more than the lost+found of an empty filesystem. The slash: it may be a link to a directory.
has_content() { [ -n "$(find "$1/" -mindepth 1 ! -path "$1/lost+found" -print -quit 2>/dev/null)" ]; }
some_content() { find "$1/" -mindepth 1 -maxdepth 1 ! \( -name lost+found -empty \) -printf '%f\n' | sort | head -n 4 | paste -sd' '; }

# against_directory DIRECTORY JUDGE: for data. Without a mark, `recorded` may say that it is ours, because the previous release had none, or
# the command JUDGE, which is given the directory.
against_directory() {
  local whose
  [ -e "$1" ] || return 0
  if [ ! -d "$1" ]; then
    echo "$1 is not a directory"
  elif [ -f "$(mark_of "$1")" ]; then
    whose=$(head -c 300 "$(mark_of "$1")" | head -n 1)
    [ "$whose" = "$(our_mark)" ] || echo "$1 holds data of ${whose% *} on host ${whose##* }, as its file .ha-kubernetes says"
  elif has_content "$1" && ! recorded "$1" && ! "$2" "$1"; then
    echo "$1 is not empty ($(some_content "$1")) and does not carry this cluster's mark"
  fi
}
# recorded DIRECTORY: etcd's settings that the last run left on this host name this cluster and this directory.
recorded() {
  grep -qxF "ETCD_INITIAL_CLUSTER_TOKEN=$OWNER" /etc/etcd/etcd.env 2>/dev/null && grep -qxF "ETCD_DATA_DIR=$1" /etc/etcd/etcd.env
}
is_ours() { is_marked "$1" || recorded "$1"; }
# move_away DIRECTORY: the cure. Its content, because something may be mounted there.
move_away() {
  local hidden=""
  [ ! -e "$(mark_of "$1")" ] || hidden=" $(mark_of "$1")"
  echo "Move it away if it may go: mkdir -p $1.old && mv $1/*$hidden $1.old/"
}

# Snapshots outlive their cluster, so a later one finds those of an earlier one: files with the name of a snapshot don't count as foreign.
against_snapshots() {
  local stranger
  [ -e "$1" ] || return 0
  if [ ! -d "$1" ]; then
    echo "$1 is not a directory"
  elif [ ! -f "$(mark_of "$1")" ]; then
    stranger=$(find "$1/" -mindepth 1 ! -path "$1/lost+found" ! -path "$1/.new.*" ! -path "$1/.drill.*" -printf '%P\n' |
      grep -vxE '[^/]+\.[0-9]{8}T[0-9]{6}Z\.r[0-9]+\.db(\.gz)?(\.facts)?' | sort | head -n 4 | paste -sd' ' || true)
    [ -z "$stranger" ] || echo "$1 holds something that is not a snapshot of etcd ($stranger)"
  fi
}

# against_device DEVICE DIRECTORY JUDGE: to be mounted there.
against_device() {
  local device=$1 directory=$2 judge=$3 found status=0 number held
  number=$(device_number "$device")
  held=$(use_of "$device" "$number" "$directory")
  [ -z "$held" ] || { echo "$held" && return; }
  if mountpoint -q "$directory"; then
    # A directory below a mount is judged as a directory.
    [ "$(mountpoint -d "$directory")" = "$number" ] ||
      echo "$directory is a mount of $(findmnt -n -o SOURCE "$directory") already, so $device would not be used"
    return 0
  fi
  held=$(awk -v at="$directory" '/^[^#]/ && $2 == at && !($1 ~ /^UUID=/ && $4 == "defaults,noatime,nofail") {print $1; exit}' /etc/fstab)
  [ -z "$held" ] || { echo "/etc/fstab mounts $held at $directory" && return; }
  [ -z "$(find "/sys/dev/block/$number/" -mindepth 2 -maxdepth 2 -name partition 2>/dev/null)" ] || { echo "$device has partitions" && return; }
  found=$(blkid -p -o export "$device" 2>/dev/null) || status=$?
  case $status in
    0)
      found=$(sed -n 's/^TYPE=//p' <<<"$found")
      if [ "$found" = ext4 ]; then against_ext4 "$device" "$judge"; else echo "$device holds ${found:-a partition table}, not ext4"; fi
      ;;
    2) [ -z "$(not_blank "$device")" ] || echo "$device is not blank: $(not_blank "$device")" ;;
    *) echo "$device is not blank: it holds more than one thing ($(wipefs --no-act --noheadings --output TYPE "$device" 2>&1 | paste -sd' '))" ;;
  esac
}
# use_of DEVICE NUMBER [DIRECTORY]: what has it, apart from a mount there.
use_of() {
  local held
  held=$(awk -v number="$2" -v at="${3:-}" '$3 == number && $5 != at {print $5; exit}' /proc/self/mountinfo)
  [ -z "$held" ] || { echo "$1 is mounted at $held" && return; }
  held=$(find "/sys/dev/block/$2/holders" -mindepth 1 -printf '%f ' 2>/dev/null || true)
  [ -z "$held" ] || { echo "$1 is in use by $held" && return; }
  if grep -qE "^($1|$(readlink -f "$1")) " /proc/swaps; then echo "$1 is swap space"; fi
}
# against_blank DEVICE: to be given away whole.
against_blank() {
  local number used found status=0
  number=$(device_number "$1")
  used=$(use_of "$1" "$number")
  [ -z "$used" ] || { echo "$used" && return; }
  [ -z "$(find "/sys/dev/block/$number/" -mindepth 2 -maxdepth 2 -name partition 2>/dev/null)" ] || { echo "$1 has partitions" && return; }
  found=$(blkid -p -o value -s TYPE "$1" 2>/dev/null) || status=$?
  case $status in
    0) echo "$1 holds ${found:-a partition table}" ;;
    2) [ -z "$(not_blank "$1")" ] || echo "$1 is not blank: $(not_blank "$1")" ;;
    *) echo "$1 is not blank: it holds more than one thing" ;;
  esac
}
device_number() { printf '%d:%d' "0x$(stat -L -c %t "$1")" "0x$(stat -L -c %T "$1")"; }

# cure_of_device DEVICE DIRECTORY: nobody's to try but the operator's.
cure_of_device() {
  if mountpoint -q "$2"; then
    echo "Unmount $2 and take its line out of /etc/fstab, or take the device out"
  elif grep -qE "^[^#[:space:]]+\s+$2\s" /etc/fstab; then
    echo "Take that line out"
  else
    echo "If its content may go, unmount it and run on this host: wipefs --all $1 && mkfs.ext4 -q $1"
  fi
}
remove_user() { echo "If nothing needs it: apt-get purge etcd-server, or userdel etcd"; }

# not_blank DEVICE: what speaks against a device on which blkid finds nothing; it says so of one that can't be read, too.
not_blank() {
  local size signs
  signs=$(wipefs --no-act --noheadings --output TYPE "$1" 2>&1) || { echo "it can't be read: $signs" && return; }
  [ -z "$signs" ] || { paste -sd' ' <<<"$signs" && return; }
  size=$(blockdev --getsize64 "$1") || { echo "its size is not known" && return; }
  [ "$size" -ge 2097152 ] || { echo "it has $size bytes" && return; }
  { all_zero "$1" 0 && all_zero "$1" $((size - 1048576)); } || echo "its first or last MiB is not all zeros"
}
# all_zero DEVICE OFFSET: of a MiB.
all_zero() { cmp -s -n 1048576 -i "$2:0" "$1" /dev/zero; }

# against_ext4 DEVICE JUDGE: looks into it without changing a byte. A mark of ours, etcd's data that may be ours, or nothing but lost+found.
against_ext4() {
  local against
  mkdir -p "$LOOK"
  # Of a run that was killed.
  ! mountpoint -q "$LOOK" || umount "$LOOK"
  mount -t ext4 -o ro,noload,nosuid,nodev,noexec "$1" "$LOOK" 2>/dev/null || { echo "$1 holds an ext4 that can't be mounted" && return; }
  against=$(against_directory "$LOOK" "$2")
  umount "$LOOK"
  rmdir "$LOOK"
  [ -z "$against" ] || echo "${against//$LOOK/$1}"
}
