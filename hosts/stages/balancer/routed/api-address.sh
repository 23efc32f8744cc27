#!/usr/bin/env bash
# api-address.sh URL FALL ADDRESS...: gives this host the addresses while URL, the proxy's health answer, says that it has an apiserver to
# offer, and takes them away after FALL questions in a row without that, one a second. FRR announces those that the host has.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
readonly URL=$1 FALL=$2
shift 2

has() { ip -o -4 address show dev lo to "$1" | grep . >/dev/null; }

# Without a process for each pause: a read from a pipe that nobody writes to.
exec {silent}<> <(:)
failed=$FALL
while :; do
  if curl --silent --fail --output /dev/null --max-time 1 "$URL"; then failed=0; else failed=$((failed + 1)); fi
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
