# shellcheck shell=bash
# What answers Prometheus on this host. The script is the same everywhere, so it travels with the others.

readonly METRICS_SOCKET=ha-kubernetes-metrics.socket METRICS_SCRIPT=/usr/local/lib/ha-kubernetes/metrics.sh
readonly METRICS_UNITS=(/etc/systemd/system/ha-kubernetes-metrics{.socket,@.service})

apply_metrics() {
  put_file 0755 "$METRICS_SCRIPT" <"$STAGE/stage/metrics.sh"
  install_files '/etc/systemd/system/ha-kubernetes-metrics*'
  stale "$METRICS_SOCKET" "${METRICS_UNITS[@]}" || return 0
  enable_units "$METRICS_SOCKET"
  systemctl daemon-reload
  systemctl restart "$METRICS_SOCKET" || fail "$METRICS_SOCKET does not start: $(journalctl -u "$METRICS_SOCKET" -n 3 -o cat | tr '\n' ' ')"
  started "$METRICS_SOCKET" "${METRICS_UNITS[@]}"
  did "answers Prometheus"
}
restore_metrics() {
  [ -f "$METRICS_SCRIPT" ] || [ -f "$STARTED/$METRICS_SOCKET" ] || return 0
  systemctl disable --quiet --now "$METRICS_SOCKET" 2>/dev/null || true
  rm -f "$METRICS_SCRIPT" "${METRICS_UNITS[@]}"
  rmdir "${METRICS_SCRIPT%/*}" 2>/dev/null || true
  systemctl daemon-reload
  forget_started "$METRICS_SOCKET"
  did "answers Prometheus no more"
}
