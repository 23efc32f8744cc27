#!/usr/bin/env bash
# Answers one request over HTTP on stdin, as haproxy does on its statistics port: /health while there is any use in this balancer, /owner,
# and /leaving with the word of a control plane that leaves. From its unit it has FOLDER, OWNER, LEAVING_PORT and CONTROL_PLANES, addresses.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

answer() { printf 'HTTP/1.0 %s\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n' "$1"; }
leaving() {
  local address word
  for address in $CONTROL_PLANES; do
    if word=$(curl --silent --fail --max-time 2 "http://$address:$LEAVING_PORT/leaving"); then
      answer "200 OK"
      printf '%s\n' "$word"
      return
    fi
  done
  answer "503 Service Unavailable"
}

read -rt 5 _ path _ || exit 0
while read -rt 5 line && [ -n "${line%$'\r'}" ]; do :; done
case $path in
  /health) if [ -e "$FOLDER/ready" ]; then answer "200 OK"; else answer "503 Service Unavailable"; fi ;;
  /owner)
    answer "200 OK"
    printf %s "$OWNER"
    ;;
  /leaving) leaving ;;
  *) answer "404 Not Found" ;;
esac
