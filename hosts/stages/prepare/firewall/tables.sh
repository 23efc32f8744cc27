#!/usr/bin/env bash
# Watches the packet filter's tables that this host's part of the cluster needs, and brings back what something else took away:
# `systemctl restart nftables` and `nft flush ruleset` empty everything. Arguments: `firewall` for the port table, and
# the name of each program in a pod that writes its table once, when it starts; `no-netpol` where kube-network-policies ran before and was
# turned off. `now` before them: looks once.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
declare -rA TABLE_OF=([kube-proxy]="ip kube-proxy" [flanneld]="ip flannel-ipv4" [netpol]="inet kube-network-policies")
# The process that was seen with its table, by program: a new one has yet to write it.
readonly SEEN=/run/ha-kubernetes-tables

# processes PROGRAM: those in pods of this host, and not of another cluster that runs inside it.
processes() {
  local pid
  for pid in $(pgrep -x "$1"); do if grep -q ':/kubepods[./]' "/proc/$pid/cgroup" 2>/dev/null; then echo "$pid"; fi; done
}

# lives PID PROGRAM: still, and is no other.
lives() {
  local name
  [ -n "$1" ] && read -r name 2>/dev/null <"/proc/$1/comm" && [ "$name" = "$2" ]
}

# The kubelet starts it again at once, and it writes its table.
restart() {
  local pid
  echo "the table $2 of $1 is gone: starting $1 again"
  for pid in "${@:3}"; do kill -TERM "$pid"; done
}

# tidy TABLES: kube-network-policies does not take its table along when it ends (0.8.0 does so for SIGINT alone), and what the table
# sends to a queue that nobody reads is dropped. While its pod lives, it would write the table again.
tidy() {
  if [[ $'\n'"$1"$'\n' == *$'\n'"table ${TABLE_OF[netpol]}"$'\n'* ]] && [ -z "$(processes netpol)" ]; then
    echo "kube-network-policies is off and has ended: removing its table"
    # shellcheck disable=SC2086 # family and name
    nft delete table ${TABLE_OF[netpol]}
  fi
}

look() {
  local tables entry program table seen tried now pids
  # What can't be listed is not gone.
  tables=$(nft list tables 2>/dev/null) || return 0
  for entry; do
    if [ "$entry" = firewall ]; then
      if [[ $tables != *"table inet ha_kubernetes"* ]] && [ -f /etc/ha-kubernetes/firewall.nft ]; then
        echo "the firewall's table is gone: loading it again"
        systemctl restart ha-kubernetes-firewall.service
      fi
      continue
    fi
    if [ "$entry" = no-netpol ]; then
      tidy "$tables"
      continue
    fi
    program=$entry table=${TABLE_OF[$entry]}
    seen=""
    if [ -f "$SEEN/$program" ]; then read -r seen <"$SEEN/$program"; fi
    if [[ $'\n'"$tables"$'\n' == *$'\n'"table $table"$'\n'* ]]; then
      if lives "$seen" "$program"; then continue; fi
      mapfile -t pids < <(processes "$program")
      if [ ${#pids[@]} -gt 0 ]; then echo "${pids[0]}" >"$SEEN/$program"; fi
      continue
    fi
    if lives "$seen" "$program"; then
      rm -f "$SEEN/$program"
      restart "$program" "$table" "$seen"
      continue
    fi
    # One that has run for a minute without its table may have lost it before it was seen, or wait for the API: that is tried once in
    # an hour, because the kubelet lets a program wait that ends again and again.
    printf -v now '%(%s)T' -1
    if [ -f "$SEEN/$program.tried" ]; then
      read -r tried <"$SEEN/$program.tried"
      if [ $((now - tried)) -lt 3600 ]; then continue; fi
    fi
    mapfile -t pids < <(processes "$program")
    if [ ${#pids[@]} -gt 0 ] && [ "$(ps -o etimes= -p "${pids[0]}")" -gt 60 ]; then
      echo "$now" >"$SEEN/$program.tried"
      restart "$program" "$table" "${pids[@]}"
    fi
  done
}

mkdir -p "$SEEN"
if [ "${1:-}" = now ]; then
  rm -f "$SEEN"/*.tried
  look "${@:2}"
  exit 0
fi
# Without a process for each pause: a read from a pipe that nobody writes to.
exec {silent}<> <(:)
while :; do
  look "$@"
  read -rt 3 -u "$silent" || true
done
