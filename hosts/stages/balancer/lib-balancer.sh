# shellcheck shell=bash
# What both scripts of this stage know about the two services.

readonly CONFIG=/etc/ha-kubernetes UNITS=/etc/systemd/system
readonly HAPROXY_UNIT=$UNITS/haproxy.service.d/ha-kubernetes.conf KEEPALIVED_UNIT=$UNITS/keepalived.service.d/ha-kubernetes.conf
readonly HAPROXY_FILES=("$CONFIG/haproxy.cfg" "$CONFIG/kubernetes-ca.crt")
readonly FORMER_FILE=$CONFIG/keepalived-former.conf
readonly KEEPALIVED_FILES=("$CONFIG/keepalived.conf" "$CONFIG/keepalived-host.conf" "$FORMER_FILE")

# balancer_healthy [ADDRESS]: that balancer has an apiserver to offer.
balancer_healthy() { curl -sS --fail --output /dev/null --max-time 2 "http://${1:-127.0.0.1}:$STATISTICS_PORT/health"; }
peer_balancer_healthy() {
  local peer
  for peer in $PEERS; do
    if balancer_healthy "$peer"; then return 0; fi
  done
  return 1
}

balancer_is_stale() {
  stale haproxy "$HAPROXY_UNIT" || stale haproxy:configuration "${HAPROXY_FILES[@]}" ||
    stale keepalived "$KEEPALIVED_UNIT" || stale keepalived:configuration "${KEEPALIVED_FILES[@]}"
}

# Connections of clients that this host still carries.
client_connections() { ss -Htn state established "( sport = :$API_PORT${FORMER_PORT:+ or sport = :$FORMER_PORT} )" | wc -l; }
connections_drained() {
  local count
  count=$(client_connections)
  echo "$count connections"
  [ "$count" -eq 0 ]
}
