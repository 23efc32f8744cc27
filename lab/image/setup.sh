# shellcheck shell=sh
# Runs inside the new tree: sets up users and services, and removes files that must differ on each host.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

useradd --create-home --shell /bin/bash ops
passwd --lock root
chmod 0440 /etc/sudoers.d/ops
chmod 0755 /usr/local/sbin/lab-init /usr/local/sbin/lab-keys

# No service of a cluster runs before the program enables it.
systemctl disable haproxy keepalived chrony nftables
# The clock belongs to the machine: chrony may watch it here, but not set it.
sed -i 's/^DAEMON_OPTS=.*/DAEMON_OPTS="-F 1 -x"/' /etc/default/chrony
# Kernel settings that belong to the machine stay unchanged.
rm -f /usr/lib/sysctl.d/50-pid-max.conf /usr/lib/sysctl.d/99-protect-links.conf
# Units that need a device or a console, and timers of long-running machines.
systemctl mask getty.target console-getty.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-udevd.service systemd-modules-load.service sys-kernel-debug.mount \
  sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount systemd-pstore.service proc-sys-fs-binfmt_misc.automount

# Each host gets its own.
rm -f /etc/ssh/ssh_host_* /etc/hostname /var/lib/dbus/machine-id
: >/etc/machine-id
mkdir -p /var/log/journal /var/cache/ha-kubernetes/bundle

apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /var/log/*.log /var/log/apt /tmp/*
