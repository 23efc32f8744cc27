# shellcheck shell=bash
# Takes this balancer away: the address first, then what still runs through it, then haproxy.

undo_balancer() {
  if [ -f "$KEEPALIVED_UNIT" ]; then
    # Says so to the others: the address moves at once.
    give_up_address
  fi
  if [ -f "$HAPROXY_UNIT" ]; then
    let_connections_end
    systemctl stop haproxy || fail "haproxy does not stop"
  fi
  remove_files
  rmdir "$UNITS/haproxy.service.d" "$UNITS/keepalived.service.d" 2>/dev/null || true
  rm -f "$CONFIG/keepalived-host.conf" "$FORMER_FILE" "$HOME_DIR/balancer-peers"
  systemctl daemon-reload
  restore_service haproxy
  restore_service keepalived
  # Where the unit puts the journal's socket into haproxy's root; it stays behind when the unit ends.
  systemctl is-active --quiet haproxy || rm -f /var/lib/haproxy/dev/log
  forget_started haproxy haproxy:configuration keepalived keepalived:configuration
  forget_saved
  did "removed the balancer"
}

# Ten seconds for those that end by themselves: the rest comes back through the balancer that has the address now.
let_connections_end() {
  local end=$((SECONDS + 10))
  if [ -z "$PEERS" ] || connections_drained >/dev/null || teardown; then return 0; fi
  until connections_drained >/dev/null || [ "$SECONDS" -ge "$end" ]; do pause 0.2; done
}

undo_balancer
