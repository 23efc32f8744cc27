# shellcheck shell=bash
# For proxies that can't ask apiservers well enough themselves. Their scripts source this, with
#
#   FOLDER              where answers are kept, and where `ready` exists while there is any use in this balancer
#   AUTHORITY           the certificate that signs for apiservers
#   MILLISECONDS        the pause between two looks
#   PORT, LEAVING_PORT  where apiservers answer, and control planes that leave
#
# and with two functions: `tell` has the proxy lead new connections to the addresses in CHOSEN, and sets USE to no where it can't;
# `give_up ADDRESS` ends those to an apiserver that died.
#
# Every apiserver's /readyz is asked over TLS, against AUTHORITY and by its name. Two answers in a row count, and one where nobody listens.
# As haproxy does it: an apiserver that ends in order, or that gets no answer of etcd, gets no new connection and keeps its own; where no
# other is left, those that live are used. The connections of one that is silent end.

# The shell would take an address in brackets for a pattern of file names.
set -f
declare -A state=() last=() address_of=()

# ask NAME ADDRESS: ready, ending, alive (new connections only where none is ready), dead, or absent where nobody listens.
ask() {
  local said status=0
  said=$(curl --silent --max-time 2 --cacert "$AUTHORITY" --connect-to "::$2:$PORT" --write-out '\n%{http_code}' "https://$1:$PORT/readyz?exclude=etcd") || status=$?
  case "$status $said" in
    *$'\n200') echo ready ;;
    *'[-]shutdown failed'*) echo ending ;;
    *'[-]etcd-readiness failed'*) echo alive ;;
    "7 "*) echo absent ;;
    *) echo dead ;;
  esac
}
leaves() { curl --silent --output /dev/null --max-time 1 "http://$1:$LEAVING_PORT/leaving"; }

# look: asks all at once. The first answer counts, too.
look() {
  local name now
  for name in "${!address_of[@]}"; do ask "$name" "${address_of[$name]}" >"$FOLDER/answer-$name" & done
  wait
  for name in "${!address_of[@]}"; do
    now=$(<"$FOLDER/answer-$name")
    if [ "$now" = absent ]; then now=dead last[$name]=dead; fi
    if [ -z "${state[$name]:-}" ] || [ "$now" = "${last[$name]}" ]; then
      if [ "${state[$name]:-$now}" != "$now" ]; then echo "apiserver $name: $now, before that ${state[$name]}"; fi
      # Clients of a dead host would wait for its answers.
      if [ "$now" = dead ] && [ "${state[$name]:-dead}" != dead ]; then give_up "${address_of[$name]}"; fi
      state[$name]=$now
    fi
    last[$name]=$now
  done
}
# those STATE...: addresses of the apiservers in one of them, one a line, sorted.
those() {
  local name
  for name in "${!address_of[@]}"; do
    if [[ " $* " == *" ${state[$name]} "* ]]; then echo "${address_of[$name]}"; fi
  done | sort
}

# watch_apiservers NAME=ADDRESS...: goes on for good. Addresses of IPv6 are in brackets.
watch_apiservers() {
  local pair name interval silent
  for pair; do address_of[${pair%%=*}]=${pair#*=}; done
  mkdir -p "$FOLDER"
  # Without a process for each pause: a read from a pipe that nobody writes to.
  exec {silent}<> <(:)
  printf -v interval '%d.%03d' $((MILLISECONDS / 1000)) $((MILLISECONDS % 1000))
  while :; do
    look
    CHOSEN=$(those ready)
    [ -n "$CHOSEN" ] || CHOSEN=$(those alive)
    USE=yes
    if [ -z "$CHOSEN" ]; then
      USE=no
      for name in "${!address_of[@]}"; do if leaves "${address_of[$name]}"; then USE=yes; fi; done
    fi
    tell
    if [ "$USE" = yes ]; then : >"$FOLDER/ready"; else rm -f "$FOLDER/ready"; fi
    read -rt "$interval" -u "$silent" || true
  done
}
