#!/usr/bin/env bash
# api-address.sh PORT FALL ADDRESS...: gives this host the addresses while the proxy, asked for /health at PORT, has an apiserver to
# offer, and takes them away after FALL questions in a row without that, one a second. FRR announces those that the host has.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
readonly PORT=$1 FALL=$2
shift 2
# A connection that the proxy ends early is an answer, too.
trap '' PIPE

has() { ip -o -4 address show dev lo to "$1" | grep . >/dev/null; }

# Without a process, as often as it asks.
is_well() {
  local line
  { printf 'GET /health HTTP/1.0\r\n\r\n' >&3 && read -rt 1 line <&3 && [[ $line == HTTP/1.?' 200'* ]]; } 3<>"/dev/tcp/127.0.0.1/$PORT"
}

# Without a process for each pause: a read from a pipe that nobody writes to.
exec {silent}<> <(:)
failed=$FALL
while :; do
  if is_well 2>/dev/null; then failed=0; else failed=$((failed + 1)); fi
  for address; do
    if [ "$failed" -eq 0 ] && ! has "$address"; then
      echo "the balancer has an apiserver: taking $address"
      ip address add "$address/32" dev lo
    elif [ "$failed" -ge "$FALL" ] && has "$address"; then
      echo "the balancer has no apiserver: giving $address up"
      ip address del "$address/32" dev lo
    fi
  done
  read -rt 1 -u "$silent" || true
done
