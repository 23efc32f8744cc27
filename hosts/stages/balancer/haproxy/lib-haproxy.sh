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
haproxy_take_over() { take_over_service haproxy listens haproxy; }

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
  service_is_stale haproxy "$HAPROXY_UNIT" "${files[@]}"
}

haproxy_converge() {
  local files
  mapfile -t files < <(haproxy_files)
  converge_service haproxy "$HAPROXY_UNIT" "${files[@]}"
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
