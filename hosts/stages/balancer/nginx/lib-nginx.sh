# shellcheck shell=bash
# The proxy nginx, with a service of ours that asks the apiservers. The package's own service becomes ours.

readonly NGINX_UNIT=$UNITS/nginx.service.d/ha-kubernetes.conf UPSTREAMS_UNIT=$UNITS/ha-kubernetes-upstreams.service
readonly UPSTREAMS_SCRIPT=/usr/local/lib/ha-kubernetes/nginx-upstreams.sh UPSTREAMS_FOLDER=/run/ha-kubernetes-nginx
readonly NGINX_FILES=("$CONFIG/nginx.conf") UPSTREAMS_FILES=("$UPSTREAMS_UNIT" "$UPSTREAMS_SCRIPT" "$APISERVERS_SCRIPT" "$CONFIG/kubernetes-ca.crt")

nginx_is_here() { is_saved service-nginx; }
nginx_runs() { systemctl is-active --quiet nginx && systemctl is-active --quiet ha-kubernetes-upstreams; }

# Someone's own nginx is not taken away from them.
nginx_take_over() { take_over_service nginx listens nginx; }

# It includes the list of apiservers, which a balancer that has not started has none of.
nginx_check() {
  local words
  put_file 0644 "$APISERVERS_SCRIPT" <"$STAGE/stage/apiservers.sh"
  put_file 0755 "$UPSTREAMS_SCRIPT" <"$STAGE/stage/nginx-upstreams.sh"
  mkdir -p "$UPSTREAMS_FOLDER"
  [ -s "$UPSTREAMS_FOLDER/upstreams.conf" ] || echo "server 127.0.0.1:1 down;" >"$UPSTREAMS_FOLDER/upstreams.conf"
  words=$(nginx -q -t -c "$(staged "$CONFIG/nginx.conf")" 2>&1) || fail "nginx refuses its configuration: $(tail -n 3 <<<"$words" | tr '\n' ' ')"
}

nginx_is_stale() { service_is_stale nginx "$NGINX_UNIT" "${NGINX_FILES[@]}" || stale ha-kubernetes-upstreams.service "${UPSTREAMS_FILES[@]}"; }

nginx_converge() {
  reread_units nginx ha-kubernetes-upstreams
  converge_service nginx "$NGINX_UNIT" "${NGINX_FILES[@]}"
  if stale ha-kubernetes-upstreams.service "${UPSTREAMS_FILES[@]}"; then
    # What it takes away when it ends, it brings back at its first look: before a balancer is asked twice how well it is.
    turn_on restart ha-kubernetes-upstreams.service "${UPSTREAMS_FILES[@]}"
  fi
}

nginx_stop() {
  systemctl stop ha-kubernetes-upstreams 2>/dev/null || true
  systemctl stop nginx || fail "nginx does not stop"
}

nginx_remove() {
  systemctl disable --quiet --now ha-kubernetes-upstreams 2>/dev/null || true
  rm -rf "$UPSTREAMS_SCRIPT" "$UPSTREAMS_FOLDER"
  lvs_is_here || rm -f "$APISERVERS_SCRIPT"
  rmdir "${UPSTREAMS_SCRIPT%/*}" "${NGINX_UNIT%/*}" 2>/dev/null || true
  systemctl daemon-reload
  restore_service nginx
  forget_started nginx nginx:configuration ha-kubernetes-upstreams.service
}
