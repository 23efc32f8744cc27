# shellcheck shell=bash
# One virtual machine: its disks, what makes it this one, its process and its logins. Sourced after ../lib.sh, ../container.sh and image.sh.

install_vm_tools() { install_missing qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils ssh:openssh-client; }

# A device's name has at most 15 characters.
tap_name() { echo "hakv-$(printf %s "$1/$2" | sha256sum | cut -c1-10)"; }
mac_of() { printf %s "$1/$2" | sha256sum | sed 's/\(..\)\(..\)\(..\).*/52:54:00:\1:\2:\3/'; }

# make_disks FOLDER IMAGE SIZE...: its own on top of the image, and blank ones of these sizes.
make_disks() {
  local folder=$1 image=$2 size number=0
  qemu-img create -q -f qcow2 -F raw -b "$image/disk.img" "$folder/root.qcow2"
  echo "$image" >"$folder/image"
  cp "$image/vmlinuz" "$image/initrd.img" "$folder/"
  for size in "${@:3}"; do
    number=$((number + 1))
    qemu-img create -q -f qcow2 "$folder/data$number.qcow2" "$size"
  done
}

# make_seed FOLDER BRIDGE HOST ADDRESS <keys: the archive that the machine unpacks at its first boot.
make_seed() {
  local folder=$1 bridge=$2 host=$3 address=$4 own authorized root=$1/seed
  own=$(ip -4 -o address show dev "$bridge" | awk '{print $4; exit}')
  mkdir -p "$root"/etc/{ssh,systemd/network}
  umask 077
  read -r authorized
  cat >"$root/etc/ssh/ssh_host_ed25519_key"
  ssh-keygen -y -f "$root/etc/ssh/ssh_host_ed25519_key" >"$root/etc/ssh/ssh_host_ed25519_key.pub"
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$folder/key"
  echo "$address $(cat "$root/etc/ssh/ssh_host_ed25519_key.pub")" >"$folder/known_hosts"
  echo "$address" >"$folder/address"
  { printf '%s\n' "$authorized" && cat "$folder/key.pub"; } >"$root/etc/ssh/authorized_keys"
  echo "$host" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$host" >"$root/etc/hosts"
  name_servers | tr ' ' '\n' | sed 's/^/nameserver /' >"$root/etc/resolv.conf"
  cat >"$root/etc/systemd/network/10-lab.network" <<NETWORK
[Match]
Name=en*
[Network]
Address=$address/${own#*/}
Gateway=${own%/*}
[Link]
MTUBytes=$(cat "/sys/class/net/$bridge/mtu")
NETWORK
  chmod 0755 "$root" "$root"/etc{,/ssh,/systemd,/systemd/network}
  chmod 0644 "$root"/etc/{hosts,hostname,resolv.conf} "$root"/etc/ssh/{authorized_keys,*.pub} "$root"/etc/systemd/network/*
  tar --owner 0 --group 0 -C "$root" -cf "$folder/seed.tar" .
  rm -r "$root"
}

# machine_lives FOLDER: its process is this one and no other with the same number.
machine_lives() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) && grep -zqxF -- "$1/pid" "/proc/$pid/cmdline" 2>/dev/null
}
machine_ended() { ! machine_lives "$1"; }

start_machine() {
  local cluster=$1 host=$2 folder tap arguments
  folder=$(vm_folder "$cluster" "$host")
  [ -d "$folder" ] || fail "lab $cluster has no machine $host"
  if ! machine_lives "$folder"; then
    tap=$(tap_name "$cluster" "$host")
    [ -d "/sys/class/net/$tap" ] || ip tuntap add dev "$tap" mode tap
    ip link set "$tap" mtu "$(cat "/sys/class/net/$(bridge_name "$cluster")/mtu")" master "$(bridge_name "$cluster")" up
    mapfile -t arguments < <(machine_arguments "$folder" "$tap" "$(mac_of "$cluster" "$host")" "$(nproc)" "$(cat "$folder/memory")")
    qemu-system-x86_64 "${arguments[@]}" >&2
  fi
  wait_until 600 "machine $host to accept logins (its console: $folder/console)" accepts_logins "$folder"
}
accepts_logins() {
  local banner
  machine_lives "$1" || fail "it ended: $(tail -n 3 "$1/console")"
  exec 3<>"/dev/tcp/$(cat "$1/address")/22" && read -t 10 -r banner <&3 && [[ $banner == SSH-2.0-* ]] && ssh_to "$1" test ! -e /run/nologin
}

# machine_arguments FOLDER TAP MAC PROCESSORS MEMORY: qemu's arguments, one on each line. Software emulation, no firmware's menu, and disks
# that nobody syncs: the machine outlives its guest. `tsc=reliable`: on a busy machine the kernel would take the emulated HPET for its clock,
# which each look at the time waits for. The processor lacks what costs more to emulate than it gives: with erms kernel and libraries copy
# byte by byte (27 MB/s, by words 500), and protection of memory by smap and pku and a fifth level of page tables (la57) are work at each
# copy or page fault. Copies of files took a third of the processor time without the four, page faults and switches of processes two thirds.
readonly PROCESSOR=max,-erms,-smap,-pku,-la57

machine_arguments() {
  local folder=$1 tap=$2 mac=$3 processors=$4 memory=$5 disk
  printf '%s\n' -name "ha-kubernetes-${folder##*/}" -daemonize -pidfile "$folder/pid" -nodefaults -no-user-config -display none \
    -serial "file:$folder/console" -machine q35 -accel tcg,thread=multi,tb-size=1024 -cpu "$PROCESSOR" -smp "$processors" -m "$memory" \
    -kernel "$folder/vmlinuz" -initrd "$folder/initrd.img" \
    -append "root=/dev/vda rw console=ttyS0 quiet fsck.mode=skip mitigations=off tsc=reliable systemd.show_status=false" \
    -netdev "tap,id=net,ifname=$tap,script=no,downscript=no" -device "virtio-net-pci,netdev=net,mac=$mac" -device virtio-rng-pci
  printf '%s\n' -drive "file=$folder/root.qcow2,if=none,id=root,cache=unsafe" -device virtio-blk-pci,drive=root,serial=root \
    -drive "file=$folder/seed.tar,format=raw,if=none,id=seed,readonly=on" -device virtio-blk-pci,drive=seed,serial=seed
  for disk in "$folder"/data*.qcow2; do
    [ -f "$disk" ] || continue
    disk=${disk##*/}
    disk=${disk%.qcow2}
    printf '%s\n' -drive "file=$folder/$disk.qcow2,if=none,id=$disk,cache=unsafe" -device "virtio-blk-pci,drive=$disk,serial=$disk"
  done
}

# ssh_to FOLDER COMMAND...: over one connection that stays, because emulated cryptography takes a second.
ssh_to() {
  local folder=$1 options
  options=(-i "$folder/key" -o "UserKnownHostsFile=$folder/known_hosts" -o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes
    -o LogLevel=ERROR -o ConnectTimeout=20 -o ServerAliveInterval=10 -o ServerAliveCountMax=6 -o "ControlPath=$folder/control"
    "root@$(cat "$folder/address")")
  (
    exec 8>"$folder/lock"
    flock -w 120 8
    # It holds nothing of this script open.
    ssh -O check "${options[@]}" 2>/dev/null || ssh -f -N -M -o ControlPersist=600 "${options[@]}" 3>&- 8>&- 9>&- </dev/null >/dev/null 2>"$folder/ssh.log" ||
      fail "no login: $(tail -n 1 "$folder/ssh.log")"
  )
  # shellcheck disable=SC2029 # the caller has quoted it for the other side
  ssh "${options[@]}" "${@:2}"
}

# run_in_machine CLUSTER HOST COMMAND...
run_in_machine() {
  local folder
  folder=$(vm_folder "$1" "$2")
  [ -d "$folder" ] || fail "lab $1 has no machine $2"
  ssh_to "$folder" "$(printf '%q ' "${@:3}")"
}

end_machine() {
  local folder
  folder=$(vm_folder "$1" "$2")
  ssh -o "ControlPath=$folder/control" -O exit machine 2>/dev/null || true
  if machine_lives "$folder"; then kill -KILL "$(cat "$folder/pid")"; fi
  wait_until 30 "machine $2 to end" machine_ended "$folder"
}

delete_machine() {
  local folder tap
  folder=$(vm_folder "$1" "$2")
  [ -d "$folder" ] || [ -d "$folder.new" ] || return 0
  end_machine "$1" "$2"
  tap=$(tap_name "$1" "$2")
  if [ -d "/sys/class/net/$tap" ]; then ip link delete "$tap"; fi
  rm -rf "$folder" "$folder.new"
  rmdir "${folder%/*}" "$STATE/vms" 2>/dev/null || true
}
