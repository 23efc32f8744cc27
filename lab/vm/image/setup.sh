# shellcheck shell=sh
# Runs inside the new tree: sets up users and services, and removes files that must differ on each machine.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Gone with the mount namespace.
mount -t proc proc /proc
useradd --create-home --shell /bin/bash ops
passwd --lock root
chmod 0440 /etc/sudoers.d/ops
# The kernel came before the files that say what its initrd holds.
update-initramfs -u -k all
systemctl enable lab-seed.service systemd-networkd.service
systemctl mask getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer systemd-networkd-wait-online.service systemd-pstore.service
echo '/dev/vda / ext4 errors=remount-ro 0 0' >/etc/fstab

# Each machine gets its own.
rm -f /etc/ssh/ssh_host_* /etc/hostname /var/lib/dbus/machine-id
: >/etc/machine-id
mkdir -p /var/log/journal

# Nothing that only a first boot would do, such as the linker's cache.
ldconfig
touch /etc/.updated /var/.updated

apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/log/*.log /var/log/apt /tmp/*
