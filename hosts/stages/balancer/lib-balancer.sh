# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the scripts of this stage
# What both scripts of this stage know about the two services.

readonly CONFIG=/etc/ha-kubernetes UNITS=/etc/systemd/system
readonly HAPROXY_UNIT=$UNITS/haproxy.service.d/ha-kubernetes.conf KEEPALIVED_UNIT=$UNITS/keepalived.service.d/ha-kubernetes.conf
readonly HAPROXY_FILES=("$CONFIG/haproxy.cfg" "$CONFIG/kubernetes-ca.crt")
readonly FORMER_FILE=$CONFIG/keepalived-former.conf
readonly KEEPALIVED_FILES=("$CONFIG/keepalived.conf" "$CONFIG/keepalived-host.conf" "$FORMER_FILE")

# healthy [ADDRESS]: that balancer has an apiserver to offer.
healthy() { curl -sS --fail --output /dev/null --max-time 2 "http://${1:-127.0.0.1}:$STATISTICS_PORT/health"; }
peer_healthy() {
  local peer
  for peer in $PEERS; do
    if healthy "$peer"; then return 0; fi
  done
  return 1
}

# Connections of clients that this host still carries.
connections() { ss -Htn state established "( sport = :$API_PORT${FORMER_PORT:+ or sport = :$FORMER_PORT} )" | wc -l; }
drained() {
  local count
  count=$(connections)
  echo "$count connections"
  [ "$count" -eq 0 ]
}
