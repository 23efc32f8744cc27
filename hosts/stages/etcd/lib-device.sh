# shellcheck shell=bash
# The place of the data: a directory of the root disk, or a device of its own, which may outlive the machine. lib/own.sh says what may be
# taken.

# take_place: takes the data directory, or refuses and changes nothing.
take_place() {
  local against ours
  ours="if it is this member's own and was moved here, say so: $(say_it_is_ours)"
  # The previous release noted nothing about mounts.
  if recorded "$DATA_DIRECTORY"; then
    if ! is_saved mount && mountpoint -q "$DATA_DIRECTORY" && grep -qxE "$(fstab_line '[^ ]*')" /etc/fstab; then save mount <<<yes; fi
  elif [ ! -e "$(mark_of "$DATA_DIRECTORY")" ]; then
    save_directory "$DATA_DIRECTORY"
  fi
  mount_data_device
  against=$(against_directory "$DATA_DIRECTORY" data_is_ours)
  [ -z "$against" ] || {
    unmount_data
    fail "$against, so etcd does not take it (etcd.dataDirectory). $(move_away "$DATA_DIRECTORY"); $ours"
  }
  mkdir -p "$DATA_DIRECTORY"
  is_marked "$DATA_DIRECTORY" || mark "$DATA_DIRECTORY"
  own_data
}
# The user etcd, noted before it is created: an existing one belongs to something else. The previous release created every missing one.
have_user() {
  if ! id -u etcd >/dev/null 2>&1; then
    save user <<<made
    useradd --system --home-dir "$DATA_DIRECTORY" --no-create-home --shell /usr/sbin/nologin etcd
  elif ! is_saved user; then
    recorded "$DATA_DIRECTORY" || fail "a user etcd is here already, which may be a package's: this host's etcd needs one of its own. $(remove_user)"
    save user <<<made
  fi
}
drop_user() { if is_saved user && id -u etcd >/dev/null 2>&1; then userdel etcd; fi; }
say_it_is_ours() {
  local word
  word="echo '$(our_mark)'"
  if [ -n "$DATA_DEVICE" ]; then
    echo "mount $DATA_DEVICE /mnt && $word >$(mark_of /mnt) && umount /mnt"
  else
    echo "$word >$(mark_of "$DATA_DIRECTORY")"
  fi
}

# The data's own disk, formatted only when it is provably blank.
mount_data_device() {
  local against
  [ -n "$DATA_DEVICE" ] || return 0
  wait_until 120 "device $DATA_DEVICE" test -b "$DATA_DEVICE"
  against=$(against_device "$DATA_DEVICE" "$DATA_DIRECTORY" data_is_ours)
  if [ -n "$against" ] && ! format_was_cut; then
    # The previous release skipped such a device silently, and the member lives.
    if mountpoint -q "$DATA_DIRECTORY" && recorded "$DATA_DIRECTORY"; then
      say "WARNING: $against. To move the data there, replace this member"
      return 0
    fi
    fail "$against (hosts.$HOST_NAME.dataDevice). $(cure_of_device "$DATA_DEVICE" "$DATA_DIRECTORY"); if it holds this member's own data, say so: $(say_it_is_ours)"
  fi
  if mountpoint -q "$DATA_DIRECTORY"; then return 0; fi
  if [ -d "$DATA_DIRECTORY" ] && has_content "$DATA_DIRECTORY"; then
    fail "$DATA_DIRECTORY is not empty ($(some_content "$DATA_DIRECTORY")), and $DATA_DEVICE would hide that. $(move_away "$DATA_DIRECTORY")"
  fi
  if format_was_cut || [ "$(blkid -p -o value -s TYPE "$DATA_DEVICE" || true)" != ext4 ]; then format_device; fi
  mkdir -p "$DATA_DIRECTORY"
  save mount <<<yes
  { other_mounts && fstab_line "$(blkid -p -o value -s UUID "$DATA_DEVICE")"; } | write_file 0644 root:root /etc/fstab
  systemctl daemon-reload
  mount "$DATA_DIRECTORY"
}
fstab_line() { echo "UUID=$1 $DATA_DIRECTORY ext4 defaults,noatime,nofail 0 2"; }
other_mounts() { grep -vxE "$(fstab_line '[^ ]*')" /etc/fstab || true; }

# Half a filesystem of our own making is not blank. While this machine runs, its kernel knows the device by a number that it gives once.
format_device() {
  write_file 0600 root:root "$SAVED/formatting" < <(this_device)
  mkfs.ext4 -q -F -L etcd "$DATA_DEVICE" </dev/null
  forget formatting
  did "formatted $DATA_DEVICE"
}
format_was_cut() { is_saved formatting && [ "$(saved formatting)" = "$(this_device)" ]; }
this_device() {
  local number
  number=$(device_number "$DATA_DEVICE")
  echo "$DATA_DEVICE $number $(cat "/sys/dev/block/$number/"{size,diskseq} /proc/sys/kernel/random/boot_id 2>/dev/null | paste -sd' ')"
}

# unmount_data: only what a run of ours has mounted.
unmount_data() {
  is_saved mount || return 0
  if mountpoint -q "$DATA_DIRECTORY"; then umount "$DATA_DIRECTORY"; fi
  other_mounts | write_file 0644 root:root /etc/fstab
  forget mount
  systemctl daemon-reload
}

# Data may have come with its device from another machine. There the user etcd may have had another number. This member itself then knows
# who the other members are.
own_data() {
  [ "$(stat -L -c '%a %U:%G' "$DATA_DIRECTORY")" = "700 etcd:etcd" ] || {
    chown etcd:etcd "$DATA_DIRECTORY"
    chmod 0700 "$DATA_DIRECTORY"
  }
  [ -d "$DATA_DIRECTORY/member/wal" ] || return 0
  # It passes by symbolic links.
  [ "$(stat -c %U:%G "$DATA_DIRECTORY/member")" = etcd:etcd ] || chown -R etcd:etcd "$DATA_DIRECTORY/member"
  if [ ! -s "$KNOWN_MEMBERS" ] && [ -z "${BIRTH_ENDPOINTS:-}" ]; then
    write_file 0600 root:root "$KNOWN_MEMBERS" <<<"$LOCAL"
    did "found the data of this member on ${DATA_DEVICE:-its disk}"
  fi
}

# release_place: deletes what etcd and this stage made there, on this one filesystem, and nothing else.
release_place() {
  local left
  if [ -d "$DATA_DIRECTORY" ] && is_ours "$DATA_DIRECTORY"; then
    find "$DATA_DIRECTORY/" -mindepth 1 -maxdepth 1 \( -name member -o -name 'restore-*' -o -name 'before-restore-*' -o -name 'before-rejoin*' -o -name .touch \) \
      ! -exec mountpoint -q {} \; -exec rm -rf --one-file-system {} +
    # The last, so that a run that was killed goes on.
    rm -f "$(mark_of "$DATA_DIRECTORY")"
    if has_content "$DATA_DIRECTORY"; then
      left=$(some_content "$DATA_DIRECTORY")
      did "left in $DATA_DIRECTORY what etcd did not make: $left"
    fi
    chown root:root "$DATA_DIRECTORY"
  fi
  unmount_data
  restore_directory "$DATA_DIRECTORY"
}
