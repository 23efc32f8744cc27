# shellcheck shell=bash
# Images of virtual machines: a small Debian with its own kernel, built once for each release and cached. Sourced after ../lib.sh and
# ../image.sh.

# The root file system's size; the image takes only the space that files need.
readonly DISK_SIZE=24G

vm_recipe_digest() {
  (cd "$LAB" && { uname -m && find vm/image image/files/etc/ssh/sshd_config.d image/files/etc/sudoers.d -type f -print0 | sort -z | xargs -0 sha256sum; }) |
    sha256sum | cut -c1-16
}

# vm_image RELEASE: the folder with disk.img, vmlinuz and initrd.img.
vm_image() { echo "$CACHE/lab/vm-$1-$(vm_recipe_digest)"; }

# ensure_vm_image RELEASE: builds it if it does not exist; one run at a time.
ensure_vm_image() { [ -d "$(vm_image "$1")" ] || locked vm-image make_vm_image "$1"; }

make_vm_image() {
  local release=$1 image tree log packages
  image=$(vm_image "$release")
  [ ! -d "$image" ] || return 0
  say "building the image of a virtual machine with Debian $release, once: two to four minutes"
  install -d -m 0700 "$CACHE/lab"
  rm -rf "$CACHE"/lab/vm-build.*
  tree=$(mktemp -d "$CACHE/lab/vm-build.XXXXXXXX")
  log=$tree.log
  packages=$(grep -v '^#' "$LAB/vm/image/packages" | paste -sd,)
  # In a separate mount namespace, so that a killed run leaves no mounts; with debootstrap's own mirror if the machine names none.
  # shellcheck disable=SC2046 # no argument if there is no mirror
  unshare --mount debootstrap --force-check-gpg --keyring "$KEYRING" --variant=minbase --include="$packages" "$release" "$tree/root" $(machine_mirror) >"$log" 2>&1 ||
    fail "debootstrap could not make the image of Debian $release: $(tail -n 5 "$log")"
  machine_sources | sed "s/ bookworm/ $release/" >"$tree/root/etc/apt/sources.list.d/machine.list"
  machine_apt_settings >"$tree/root/etc/apt/apt.conf.d/90machine"
  cp -r "$LAB/vm/image/files/." "$tree/root/"
  cp "$LAB"/image/files/etc/ssh/sshd_config.d/* "$tree/root/etc/ssh/sshd_config.d/"
  cp "$LAB"/image/files/etc/sudoers.d/* "$tree/root/etc/sudoers.d/"
  unshare --mount chroot "$tree/root" /bin/sh -s <"$LAB/vm/image/setup.sh" >>"$log" 2>&1 ||
    fail "the image of Debian $release could not be set up: $(tail -n 5 "$log")"
  mkdir "$tree/image"
  cp -L "$tree/root/vmlinuz" "$tree/root/initrd.img" "$tree/image/"
  mkfs.ext4 -q -F -d "$tree/root" "$tree/image/disk.img" "$DISK_SIZE" >>"$log" 2>&1 || fail "no file system: $(tail -n 5 "$log")"
  mv "$tree/image" "$image"
  rm -rf "$CACHE"/lab/vm-build.*
  remove_old_vm_images "$release" "$image"
}

# Images of earlier recipes that no machine is built on any more.
remove_old_vm_images() {
  local old
  for old in "$CACHE/lab/vm-$1"-*; do
    if [ "$old" != "$2" ] && ! grep -qsxF "$old" "$STATE"/vms/*/*/image; then rm -rf "$old"; fi
  done
}
