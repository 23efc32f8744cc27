# shellcheck shell=bash
# The place of the data: a directory of the root disk, or a device of its own, which may outlive the machine.

# An own disk for the data, formatted only when blank.
mount_data_device() {
  [ -n "$DATA_DEVICE" ] || return 0
  wait_until 120 "device $DATA_DEVICE" test -b "$DATA_DEVICE"
  if mountpoint -q "$DATA_DIRECTORY"; then return 0; fi
  local kind
  kind=$(blkid -p -o value -s TYPE "$DATA_DEVICE" || true)
  case $kind in
    ext4) ;;
    "")
      [ -z "$(blkid -p "$DATA_DEVICE" || true)" ] || fail "$DATA_DEVICE is not blank and holds no ext4: $(blkid -p "$DATA_DEVICE"). Wipe it by hand if it may go"
      mkfs.ext4 -q -L etcd "$DATA_DEVICE"
      did "formatted $DATA_DEVICE"
      ;;
    *) fail "$DATA_DEVICE holds $kind, not ext4: name another device, or wipe it by hand if its content may go" ;;
  esac
  mkdir -p "$DATA_DIRECTORY"
  sed -i "\|^[^ ]* $DATA_DIRECTORY |d" /etc/fstab
  printf 'UUID=%s %s ext4 defaults,noatime,nofail 0 2\n' "$(blkid -p -o value -s UUID "$DATA_DEVICE")" "$DATA_DIRECTORY" >>/etc/fstab
  systemctl daemon-reload
  mount "$DATA_DIRECTORY"
}

# Data that came with its device from another machine: that one's user etcd may have had another number, and who the other members are
# is to be asked of this one.
own_data() {
  chown etcd:etcd "$DATA_DIRECTORY"
  chmod 0700 "$DATA_DIRECTORY"
  [ -d "$DATA_DIRECTORY/member/wal" ] || return 0
  [ "$(stat -c %U:%G "$DATA_DIRECTORY/member")" = etcd:etcd ] || chown -R etcd:etcd "$DATA_DIRECTORY/member"
  if [ ! -s "$KNOWN_MEMBERS" ] && [ -z "${BIRTH_ENDPOINTS:-}" ]; then
    write_file 0600 root:root "$KNOWN_MEMBERS" <<<"$LOCAL"
    did "found the data of this member on ${DATA_DEVICE:-its disk}"
  fi
}
