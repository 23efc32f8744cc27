#!/usr/bin/env bash
# nginx-upstreams.sh FOLDER AUTHORITY MILLISECONDS PORT LEAVING-PORT NAME=ADDRESS...: asks every apiserver's /readyz, over TLS against
# AUTHORITY and by its name, and keeps nginx's list of those that get new connections: FOLDER/upstreams.conf. Where the list changes,
# nginx reloads. FOLDER/ready exists while there is one.
#
# As haproxy does it: two answers in a row count. An apiserver that ends in order, or that gets no answer of etcd, gets no new connection
# and keeps its own; where no other is left, those that live are used. The connections of one that is silent end.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
readonly FOLDER=$1 AUTHORITY=$2 MILLISECONDS=$3 PORT=$4 LEAVING_PORT=$5
shift 5

# ask NAME ADDRESS: ready, alive (new connections only where none is ready) or dead.
ask() {
  local said
  said=$(curl --silent --max-time 2 --cacert "$AUTHORITY" --connect-to "::$2:$PORT" --write-out '\n%{http_code}' "https://$1:$PORT/readyz?exclude=etcd")
  case $said in
    *$'\n200') echo ready ;;
    *'[-]shutdown failed'*) echo ending ;;
    *'[-]etcd-readiness failed'*) echo alive ;;
    *) echo dead ;;
  esac
}
leaves() { curl --silent --output /dev/null --max-time 1 "http://$1:$LEAVING_PORT/leaving"; }

declare -A state=() last=() address_of=()
for pair; do address_of[${pair%%=*}]=${pair#*=}; done

# look: asks all at once. What an apiserver says counts when it has said so twice, the first time at once.
look() {
  local name now
  for name in "${!address_of[@]}"; do ask "$name" "${address_of[$name]}" >"$FOLDER/answer-$name" & done
  wait
  for name in "${!address_of[@]}"; do
    now=$(<"$FOLDER/answer-$name")
    if [ -z "${state[$name]:-}" ] || [ "$now" = "${last[$name]}" ]; then
      if [ "${state[$name]:-$now}" != "$now" ]; then echo "apiserver $name: $now, before that ${state[$name]}"; fi
      # Clients of a dead host would wait for its answers.
      if [ "$now" = dead ] && [ "${state[$name]:-dead}" != dead ]; then ss --kill --no-header dst "${address_of[$name]}" dport = "$PORT" >/dev/null 2>&1; fi
      state[$name]=$now
    fi
    last[$name]=$now
  done
}
# those STATE: lines for nginx of the apiservers in it.
those() {
  local name
  for name in "${!address_of[@]}"; do
    if [ "${state[$name]}" = "$1" ]; then echo "server ${address_of[$name]}:$PORT max_fails=1 fail_timeout=2s;"; fi
  done | sort
}

# tell: nginx's list, and whether there is any use in this balancer.
tell() {
  local list name some=yes
  list=$(those ready)
  [ -n "$list" ] || list=$(those alive)
  if [ -z "$list" ]; then
    list="server 127.0.0.1:1 down;" some=no
    for name in "${!address_of[@]}"; do if leaves "${address_of[$name]}"; then some=yes; fi; done
  fi
  if [ "$list" != "$(cat "$FOLDER/upstreams.conf" 2>/dev/null)" ]; then
    echo "$list" >"$FOLDER/upstreams.new" && mv "$FOLDER/upstreams.new" "$FOLDER/upstreams.conf"
    systemctl reload nginx
  fi
  if [ "$some" = yes ]; then : >"$FOLDER/ready"; else rm -f "$FOLDER/ready"; fi
}

mkdir -p "$FOLDER"
# Without a process for each pause: a read from a pipe that nobody writes to.
exec {silent}<> <(:)
printf -v interval '%d.%03d' $((MILLISECONDS / 1000)) $((MILLISECONDS % 1000))
while :; do
  look
  tell
  read -rt "$interval" -u "$silent" || true
done
