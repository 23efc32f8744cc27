# shellcheck shell=bash
# The timer that makes join tokens: its files are those of the stage.

stop_join_timer() {
  [ -e /etc/systemd/system/ha-kubernetes-join.timer ] || return 0
  systemctl disable --quiet --now ha-kubernetes-join.timer
  systemctl stop ha-kubernetes-join.service 2>/dev/null || true
  did "stopped ha-kubernetes-join.timer"
}

# Join tokens for auto-scaling pools, where the files for that are there.
keep_join_timer() {
  local timer=ha-kubernetes-join.timer
  if [ ! -s "$STAGE/manifest" ]; then
    stop_join_timer
    install_files
    return
  fi
  if [ -z "$(differing_files)" ] && systemctl is-active --quiet "$timer"; then return; fi
  install_files
  systemctl daemon-reload
  systemctl enable --quiet "$timer"
  systemctl restart "$timer"
  did "started $timer"
}
