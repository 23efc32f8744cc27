# shellcheck shell=bash
# Storage: what the kernel must know of it, disks that the config gives away, and the health of arrays.

# check_storage: STORAGE has words of config/packages.ts, CEPH_DISKS the disks that Ceph gets on this host.
check_storage() {
  local kind
  for kind in ${STORAGE:-}; do
    case $kind in
      nfs) kernel_has nfs nfs4 "NFS, which addons.nfs needs" ;;
      iscsi) kernel_has iscsi_tcp "" "iSCSI, which addons.iscsi needs" ;;
      multipath) kernel_has dm_multipath "" "multipath, which addons.iscsi.multipath needs" ;;
    esac
  done
  check_ceph_disks
  check_arrays
}

# kernel_has MODULE FILESYSTEM WHAT: loaded, built in, or to be loaded.
kernel_has() {
  if [ -d "/sys/module/$1" ] || { [ -n "$2" ] && grep -qw "$2" /proc/filesystems; }; then return 0; fi
  if in_container; then
    remark "Linux $(uname -r), which this container shares, has not loaded the module $1: it can't do $3"
  elif command -v modprobe >/dev/null && ! modprobe --dry-run --quiet "$1"; then
    problem "Linux $(uname -r) has no module $1, so it can't do $3: install the kernel's package of modules, such as linux-modules-extra-$(uname -r) on Ubuntu, or another kernel"
  fi
}

# initiator_mark: one for each iSCSI initiator. Targets tell hosts apart by this name, so two hosts with one name are one to them. Nothing
# where the package has yet to make a name.
initiator_mark() {
  local name mark
  [[ " ${STORAGE:-} " == *" iscsi "* ]] || return 0
  name=$(sed -n 's/^InitiatorName=//p' "${HAK_ROOT:-}/etc/iscsi/initiatorname.iscsi" 2>/dev/null || true)
  [ -n "$name" ] || return 0
  mark=$(hash_of_input <<<"$name")
  echo " initiator ${mark:0:16}"
}

# The memory that addons/set/rook-ceph gives to the daemon of a disk, and what a node needs besides.
readonly CEPH_MEBIBYTES=4096 NODE_MEBIBYTES=2048

check_ceph_disks() {
  local disk against count=0 memory wanted
  for disk in ${CEPH_DISKS:-}; do
    count=$((count + 1))
    if [ ! -b "$disk" ]; then
      problem "there is no block device $disk: attach it, or name one that lsblk shows on this host (addons.rookCeph.disks.$HOST_NAME)"
      continue
    fi
    against=$(against_giving "$disk")
    [ -z "$against" ] || problem "$against, so it can't be given to Ceph (addons.rookCeph.disks.$HOST_NAME). If its content may go, run on this host: wipefs --all $disk && blkdiscard -f $disk || dd if=/dev/zero of=$disk bs=1M count=100 oflag=direct"
  done
  [ "$count" -gt 0 ] || return 0
  memory=$(awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo)
  wanted=$((count * CEPH_MEBIBYTES + NODE_MEBIBYTES))
  # What the kernel keeps for itself does not count as missing.
  [ $((memory * 10)) -ge $((wanted * 9)) ] || short_of "Ceph takes $CEPH_MEBIBYTES MB for each disk: with $count disks this host needs $wanted MB of memory, it has $memory"
}

# against_giving DEVICE: to Ceph, which takes it whole. What Ceph has on it already is fine on a host that was prepared before.
against_giving() {
  local found
  if ! first_run; then
    found=$(blkid -p -o export "$1" 2>/dev/null || true)
    if grep -qE '^TYPE=ceph_bluestore$|^SUBSYSTEM=ceph_fsid' <<<"$found"; then return 0; fi
  fi
  against_blank "$1"
}

# ---- arrays of disks (md) ---------------------------------------------------------------------------------------------------------

readonly MDSTAT=${HAK_ROOT:-}/proc/mdstat

# arrays: `NAME LEVEL WANTED THERE WORK` of each array; WORK is - or what it is busy with, such as recovery=12.6%.
arrays() {
  [ -r "$MDSTAT" ] || return 0
  awk 'function tell() { if (name != "") print name, level, wanted, there, work; name = "" }
    /^md[^ ]* : / {tell(); name = $1; level = "inactive"; wanted = there = 0; work = "-"; for (i = 3; i <= NF; i++) if ($i ~ /^(raid[0-9]+|linear|multipath)$/) level = $i}
    name != "" && match($0, /\[[0-9]+\/[0-9]+\]/) {split(substr($0, RSTART + 1, RLENGTH - 2), of, "/"); wanted = of[1]; there = of[2]}
    name != "" && match($0, /(recovery|resync|reshape) *= *[0-9.]+%/) {work = substr($0, RSTART, RLENGTH); gsub(/ /, "", work)}
    END {tell()}' "$MDSTAT"
}

check_arrays() {
  local name level wanted there work below=""
  if has_role etcd; then below=$(devices_below_etcd); fi
  while read -r name level wanted there work; do
    if [ "$level" = inactive ]; then
      short_warning degraded-array "array $name is not running: mdadm --detail /dev/$name says what it lacks"
    elif [ "$there" -lt "$wanted" ]; then
      short_warning degraded-array "array $name ($level) has $there of $wanted disks: replace the missing one (mdadm /dev/$name --add DISK), lest the next fault takes its data"
    fi
    [ "$work" = - ] || remark "array $name ($level) is busy with ${work%=*}, ${work#*=} done: until it ends its disks are slower"
    if [[ $'\n'$below$'\n' == *$'\n'$name$'\n'* ]] && [[ $level == raid[456] ]]; then
      remark "etcd's data are on array $name, $level: each of its small writes reads and writes two disks or more. raid1 or raid10 suit etcd, or a disk without an array: its members are its copies"
    fi
  done < <(arrays)
}

# devices_below_etcd: the kernel's names of what etcd's data are on, all the way down.
devices_below_etcd() {
  local place=${ETCD_DATA_DIRECTORY:-/} device
  device=${ETCD_DATA_DEVICE:-}
  if [ ! -b "$device" ]; then
    while [ ! -d "$place" ]; do place=${place%/*}; done
    device=$(findmnt -n -o SOURCE -T "${place:-/}" 2>/dev/null) || return 0
  fi
  lsblk -n -s -l -o NAME "$device" 2>/dev/null || true
}
