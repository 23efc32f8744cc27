# shellcheck shell=bash
# The proxy haproxy. The package's own service becomes ours.

readonly HAPROXY_UNIT=$UNITS/haproxy.service.d/ha-kubernetes.conf

# What a reload reads: the page's certificate, too, where it has one.
haproxy_files() {
  local path
  for path in haproxy.cfg kubernetes-ca.crt statistics.pem; do if [ -f "$CONFIG/$path" ]; then echo "$CONFIG/$path"; fi; done
}

haproxy_is_here() { is_saved service-haproxy; }
haproxy_runs() { systemctl is-active --quiet haproxy; }

# Someone's own haproxy is not taken away from them.
haproxy_take_over() {
  systemctl cat haproxy >/dev/null 2>&1 || fail "there is no service haproxy: install the package, or turn hostPreparation.packages on"
  if ! haproxy_is_here && ss -Hltnp | grep '"haproxy"' >/dev/null; then
    fail "haproxy already runs here for something else: take another host as balancer, or stop it"
  fi
  save_service haproxy
}

haproxy_check() {
  local words
  # The configuration names it, so it must be there to judge that.
  [ -z "$(staged "$CONFIG/statistics.pem")" ] || install_files "$CONFIG/statistics.pem"
  words=$(haproxy -c -f "$(staged "$CONFIG/haproxy.cfg")" 2>&1) ||
    fail "haproxy refuses its configuration: $(grep -F ALERT <<<"$words" | tail -n 2 | tr '\n' ' ')"
}

haproxy_is_stale() {
  local files
  mapfile -t files < <(haproxy_files)
  stale haproxy "$HAPROXY_UNIT" || stale haproxy:configuration "${files[@]}"
}

haproxy_converge() {
  local files
  mapfile -t files < <(haproxy_files)
  reread_units haproxy
  if stale haproxy "$HAPROXY_UNIT"; then
    # A restart ends every connection, so the address goes to another balancer first.
    if [ -n "$PEERS" ] && systemctl is-active --quiet haproxy; then give_up_address; fi
    turn_on restart haproxy "$HAPROXY_UNIT"
    started haproxy:configuration "${files[@]}"
  elif stale haproxy:configuration "${files[@]}"; then
    turn_on reload haproxy:configuration "${files[@]}"
  fi
}

haproxy_stop() { systemctl stop haproxy || fail "haproxy does not stop"; }

haproxy_remove() {
  rmdir "${HAPROXY_UNIT%/*}" 2>/dev/null || true
  systemctl daemon-reload
  restore_service haproxy
  # Where the unit puts the journal's socket into haproxy's root; it stays behind when the unit ends.
  systemctl is-active --quiet haproxy || rm -f /var/lib/haproxy/dev/log
  forget_started haproxy haproxy:configuration
}
