# shellcheck shell=bash
# The timer that makes join tokens: its files are those of the stage.

stop_join_timer() {
  [ -e /etc/systemd/system/ha-kubernetes-join.timer ] || return 0
  systemctl disable --quiet --now ha-kubernetes-join.timer
  systemctl stop ha-kubernetes-join.service 2>/dev/null || true
  did "stopped ha-kubernetes-join.timer"
}
