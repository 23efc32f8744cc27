#!/usr/bin/env bash
# nginx-upstreams.sh FOLDER AUTHORITY MILLISECONDS PORT LEAVING-PORT NAME=ADDRESS...: keeps nginx's list of the apiservers that get new
# connections, FOLDER/upstreams.conf. Where the list changes, nginx reloads. apiservers.sh, which lies beside it, says how they are asked.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck disable=SC2034 # apiservers.sh reads them
readonly FOLDER=$1 AUTHORITY=$2 MILLISECONDS=$3 PORT=$4 LEAVING_PORT=$5
shift 5
# shellcheck source=hosts/stages/balancer/apiservers.sh
. "${BASH_SOURCE[0]%/*}/apiservers.sh"

tell() {
  local list address
  list=$(for address in $CHOSEN; do echo "server $address:$PORT max_fails=1 fail_timeout=2s;"; done)
  [ -n "$list" ] || list="server 127.0.0.1:1 down;"
  if [ "$list" != "$(cat "$FOLDER/upstreams.conf" 2>/dev/null)" ]; then
    echo "$list" >"$FOLDER/upstreams.new" && mv "$FOLDER/upstreams.new" "$FOLDER/upstreams.conf"
    systemctl reload nginx
  fi
}
give_up() { ss --kill --no-header dst "$1" dport = "$PORT" >/dev/null 2>&1; }

watch_apiservers "$@"
