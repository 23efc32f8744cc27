# shellcheck shell=bash
# Keeps the distribution's own updates from restarting the cluster's services on all hosts in the same night, outside any turn. Where
# neither needrestart nor unattended-upgrades is installed nobody reads these files.

readonly NEEDRESTART_FILE=/etc/needrestart/conf.d/ha-kubernetes.conf UPGRADES_FILE=/etc/apt/apt.conf.d/52ha-kubernetes

apply_updates() {
  put_file 0644 "$NEEDRESTART_FILE" <<'END'
# Restarted by ha-kubernetes, one host at a time.
$nrconf{override_rc}{qr(^(containerd|etcd|frr|haproxy|keepalived|kubelet|nginx)\.service$)} = 0;
END
  if has_dnf; then rm -f "$UPGRADES_FILE"; else held_upgrades | put_file 0644 "$UPGRADES_FILE"; fi
}
held_upgrades() {
  cat <<'END'
// All hosts would reboot in the same night. Maintenance reboots them, one after another.
Unattended-Upgrade::Automatic-Reboot "false";
END
  # A balancer, or a node that has one of its own.
  [[ " $PACKAGES " =~ " "(haproxy|nginx)" " ]] || return 0
  cat <<'END'
// An upgrade restarts these, which must not happen on all balancers at once. Maintenance upgrades them, one host after another.
Unattended-Upgrade::Package-Blacklist {
  "frr$";
  "haproxy$";
  "keepalived$";
  "nginx$";
};
END
}
restore_updates() {
  rm -f "$NEEDRESTART_FILE" "$UPGRADES_FILE"
  rmdir /etc/needrestart/conf.d /etc/needrestart 2>/dev/null || true
}
