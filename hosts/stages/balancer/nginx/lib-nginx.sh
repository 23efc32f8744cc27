# shellcheck shell=bash
# The proxy nginx, with a service of ours that asks the apiservers. The package's own service becomes ours.

readonly NGINX_UNIT=$UNITS/nginx.service.d/ha-kubernetes.conf UPSTREAMS_UNIT=$UNITS/ha-kubernetes-upstreams.service
readonly UPSTREAMS_SCRIPT=/usr/local/lib/ha-kubernetes/nginx-upstreams.sh UPSTREAMS_FOLDER=/run/ha-kubernetes-nginx
readonly NGINX_FILES=("$CONFIG/nginx.conf") UPSTREAMS_FILES=("$UPSTREAMS_UNIT" "$UPSTREAMS_SCRIPT" "$CONFIG/kubernetes-ca.crt")

nginx_is_here() { is_saved service-nginx; }
nginx_runs() { systemctl is-active --quiet nginx && systemctl is-active --quiet ha-kubernetes-upstreams; }

# Someone's own nginx is not taken away from them.
nginx_take_over() {
  systemctl cat nginx >/dev/null 2>&1 || fail "there is no service nginx: install the package, or turn hostPreparation.packages on"
  if ! nginx_is_here && ss -Hltnp | grep '"nginx"' >/dev/null; then
    fail "nginx already runs here for something else: take another host as balancer, or stop it"
  fi
  save_service nginx
}

# It includes the list of apiservers, which a balancer that has not started has none of.
nginx_check() {
  local words
  put_file 0755 "$UPSTREAMS_SCRIPT" <"$STAGE/stage/nginx-upstreams.sh"
  mkdir -p "$UPSTREAMS_FOLDER"
  [ -s "$UPSTREAMS_FOLDER/upstreams.conf" ] || echo "server 127.0.0.1:1 down;" >"$UPSTREAMS_FOLDER/upstreams.conf"
  words=$(nginx -q -t -c "$(staged "$CONFIG/nginx.conf")" 2>&1) || fail "nginx refuses its configuration: $(tail -n 3 <<<"$words" | tr '\n' ' ')"
}

nginx_is_stale() { stale nginx "$NGINX_UNIT" || stale nginx:configuration "${NGINX_FILES[@]}" || stale ha-kubernetes-upstreams.service "${UPSTREAMS_FILES[@]}"; }

nginx_converge() {
  reread_units nginx ha-kubernetes-upstreams
  if stale nginx "$NGINX_UNIT"; then
    # A restart ends every connection, so the address goes to another balancer first.
    if [ -n "$PEERS" ] && systemctl is-active --quiet nginx; then give_up_address; fi
    turn_on restart nginx "$NGINX_UNIT"
    started nginx:configuration "${NGINX_FILES[@]}"
  elif stale nginx:configuration "${NGINX_FILES[@]}"; then
    turn_on reload nginx:configuration "${NGINX_FILES[@]}"
  fi
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
  rmdir "${UPSTREAMS_SCRIPT%/*}" "${NGINX_UNIT%/*}" 2>/dev/null || true
  systemctl daemon-reload
  restore_service nginx
  forget_started nginx nginx:configuration ha-kubernetes-upstreams.service
}
