# shellcheck shell=bash
# What both scripts of this stage know. A balancer is a proxy in front of the apiservers, and a holder that brings the API's address to
# it. Each kind of the two has a library of its name, with the functions that are called here as KIND_FUNCTION:
#
#   take_over   makes the service ours, unless it is somebody's      is_here   whether it was made ours
#   check       has the program judge its new files                  runs      whether its service does
#   converge    starts, restarts or reloads it, as far as it must    is_stale  whether that would do anything
#   remove      gives the service back, once its files are gone
#
# A proxy has `stop`, too. A holder has `addresses`, those that it may bring here, and `let_go`, which takes them away from here.

# shellcheck disable=SC2034 # the other scripts read them
readonly UNITS=/etc/systemd/system
# shellcheck disable=SC2034 # the other scripts read them
readonly PROXIES=(haproxy nginx lvs)
# Read by the scripts of proxies that can't ask apiservers themselves.
# shellcheck disable=SC2034 # the other scripts read it
readonly APISERVERS_SCRIPT=/usr/local/lib/ha-kubernetes/apiservers.sh
# A node's own balancer has no holder.
PROXY=${PROXY:-haproxy} HOLDER=${HOLDER:-vrrp}

# holder FUNCTION: of this balancer's holder, if it has one.
holder() { [ "$HOLDER" = none ] || "${HOLDER}_$1"; }
holder_is_stale() { [ "$HOLDER" != none ] && "${HOLDER}_is_stale"; }

peer_balancer_healthy() {
  local peer
  for peer in $PEERS; do
    if balancer_healthy "$peer"; then return 0; fi
  done
  return 1
}
# Healthy or not: with 503 it says that no apiserver is ready.
balancer_answers() {
  local status
  status=$(curl -s --output /dev/null --write-out '%{http_code}' --max-time 2 "http://127.0.0.1:$STATISTICS_PORT/health") || true
  echo "status $status"
  [ "$status" = 200 ] || [ "$status" = 503 ]
}

# turn_on restart|reload UNIT[:PART] FILE...
turn_on() {
  local unit=${2%%:*}
  systemctl is-enabled --quiet "$unit" || enable_units "$unit"
  systemctl "$1" "$unit" || fail "$unit does not $1: $(journalctl -u "$unit" -n 3 -o cat | tr '\n' ' ')"
  started "${@:2}"
  did "${1}ed $unit"
}

# take_over_service SERVICE COMMAND...: a package's own service becomes ours, unless COMMAND says that it is somebody's.
take_over_service() {
  systemctl cat "$1" >/dev/null 2>&1 || fail "there is no service $1: install the package, or turn on hostPreparation.packages"
  if ! is_saved "service-$1" && "${@:2}"; then
    fail "$1 already runs here for something else: take another host as balancer, or stop it"
  fi
  save_service "$1"
}
listens() { ss -Hltnp | grep "\"$1\"" >/dev/null; }

# converge_service SERVICE UNIT FILE...: a restart where the unit's file changed, a reload where only what it reads did.
converge_service() {
  reread_units "$1"
  if stale "$1" "$2"; then
    # A restart ends every connection, so the address goes to another balancer first.
    if [ -n "$PEERS" ] && systemctl is-active --quiet "$1"; then give_up_address; fi
    turn_on restart "$1" "$2"
    started "$1:configuration" "${@:3}"
  elif stale "$1:configuration" "${@:3}"; then
    turn_on reload "$1:configuration" "${@:3}"
  fi
}
service_is_stale() { stale "$1" "$2" || stale "$1:configuration" "${@:3}"; }
