# shellcheck shell=bash
# Settings of systemd's own services: how much the journal keeps, and how long a shutdown waits for pods.

readonly JOURNAL_LIMIT=/etc/systemd/journald.conf.d/ha-kubernetes.conf
apply_journal() {
  install_files "$JOURNAL_LIMIT"
  if stale systemd-journald "$JOURNAL_LIMIT"; then
    systemctl restart systemd-journald
    started systemd-journald "$JOURNAL_LIMIT"
  fi
}
restore_journal() {
  [ -f "$STARTED/systemd-journald" ] || return 0
  rm -f "$JOURNAL_LIMIT"
  systemctl restart systemd-journald
  forget_started systemd-journald
}

# The time that a host's shutdown waits for its pods: systemd-logind grants it, the kubelet asks for it when it starts.

# Read after what packages bring (unattended-upgrades has a file that begins with u and says 30 s).
readonly LOGIND_FILE=/etc/systemd/logind.conf.d/zz-ha-kubernetes.conf
# The kubelet's shutdownGracePeriod, in microseconds.
readonly SHUTDOWN_USEC=60000000

# shutdown_delay_granted: whether logind lets a shutdown wait that long, as it is now.
shutdown_delay_granted() {
  local delay
  read -r _ delay < <(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager InhibitDelayMaxUSec)
  echo "it grants $((${delay:-0} / 1000000)) s"
  [ "${delay:-0}" -ge "$SHUTDOWN_USEC" ]
}

# Where it granted less, the kubelet went without: it is noted as one to start again, which its own stage does.
apply_shutdown() {
  printf '[Login]\nInhibitDelayMaxSec=60\n' | put_file 0644 "$LOGIND_FILE"
  systemctl is-active --quiet systemd-logind || return 0
  if shutdown_delay_granted >/dev/null; then return 0; fi
  # All versions of logind read their files again at this signal.
  systemctl kill --signal=HUP systemd-logind
  wait_until 20 "systemd-logind to let a shutdown wait 60 s for pods (systemd-analyze cat-config systemd/logind.conf shows which file says otherwise)" shutdown_delay_granted
  forget_started kubelet
  did "made shutdowns wait for pods"
}
restore_shutdown() {
  [ -f "$LOGIND_FILE" ] || return 0
  rm -f "$LOGIND_FILE"
  rmdir "${LOGIND_FILE%/*}" 2>/dev/null || true
  if systemctl is-active --quiet systemd-logind; then systemctl kill --signal=HUP systemd-logind; fi
}
