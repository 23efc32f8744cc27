# shellcheck shell=bash
# Pods in the host's own network, flannel among them, reach Services only if the kernel has a route to their addresses: it looks for one
# before kube-proxy's rules lead elsewhere. A host without a default route gets one for that range, at each boot.

readonly SERVICE_ROUTE=ha-kubernetes-service-route.service
readonly SERVICE_ROUTE_UNIT=/etc/systemd/system/$SERVICE_ROUTE

apply_service_route() {
  local link
  # Once there it stays: the route that is found now may be this one.
  if [ ! -f "$SERVICE_ROUTE_UNIT" ] && service_route >/dev/null 2>&1; then return 0; fi
  link=$(ip -o address show to "$HOST_ADDRESS" | awk '{print $2; exit}')
  service_route_unit "$link" | put_file 0644 "$SERVICE_ROUTE_UNIT"
  if stale "$SERVICE_ROUTE" "$SERVICE_ROUTE_UNIT" || ! service_route >/dev/null 2>&1; then
    enable_units "$SERVICE_ROUTE"
    reread_units "$SERVICE_ROUTE"
    systemctl restart "$SERVICE_ROUTE"
    started "$SERVICE_ROUTE" "$SERVICE_ROUTE_UNIT"
    wait_until 20 "a route to the Services, $SERVICE_CIDR" service_route
    did "added a route to the Services, because this host has no default route"
  fi
}
restore_service_route() {
  [ -f "$SERVICE_ROUTE_UNIT" ] || return 0
  systemctl disable --quiet --now "$SERVICE_ROUTE" 2>/dev/null || true
  forget_started "$SERVICE_ROUTE"
  rm -f "$SERVICE_ROUTE_UNIT"
}

service_route() {
  local range
  for range in $SERVICE_CIDR; do ip route get "${range%/*}" || return 1; done
}
service_route_unit() {
  local range add="" remove="" source
  for range in $SERVICE_CIDR; do
    source=$HOST_ADDRESS
    if [[ $range == *:* && $source != *:* ]] || [[ $range != *:* && $source == *:* ]]; then source=$SECOND_ADDRESS; fi
    add+=" && ip route replace $range dev $1 src $source" remove+="; ip route del $range dev $1"
  done
  cat <<EOF
[Unit]
Description=Route to the Services of Kubernetes

[Service]
RemainAfterExit=yes
ExecStart=/bin/sh -c 'until ${add# && }; do sleep 1; done'
ExecStop=-/bin/sh -c '${remove#; }'

[Install]
WantedBy=multi-user.target
EOF
}
