# shellcheck shell=bash
# Policy drop must not lock anybody out: the new table is on trial until a new connection to sshd got through it. systemd takes it back
# where this script does not come to an end.

readonly TRIAL=ha-kubernetes-firewall-trial TABLE_BEFORE=/run/ha-kubernetes/firewall.before TABLE_FILE=/etc/ha-kubernetes/firewall.nft
# Of the network for documentation (RFC 5737): none of nodeCidrs.
readonly KNOCK_LINK=hak-knock KNOCK_HERE=192.0.2.1 KNOCK_THERE=192.0.2.2

# begin_trial: before the table's file is written, because what watches over tables may load it at once.
TRYING=no WAYS_IN=()
begin_trial() {
  [ -n "${SSH_PORT:-}" ] || return 0
  local way
  TRYING=yes WAYS_IN=()
  while read -r way; do
    # shellcheck disable=SC2086 # address and port
    if gets_in $way; then WAYS_IN+=("$way"); fi
  done < <(ways_in)
  [ ${#WAYS_IN[@]} -gt 0 ] || say "warning: no sshd answers a stranger here even without the firewall's table, so nothing proves that SSH gets in with it"
  if [ -f "$TABLE_FILE" ]; then write_file 0600 root:root "$TABLE_BEFORE" <"$TABLE_FILE"; else rm -f "$TABLE_BEFORE"; fi
  systemctl stop "$TRIAL.timer" 2>/dev/null || true
  systemd-run --quiet --collect --unit="$TRIAL" --on-active=90 /bin/sh -c "$(take_back_script)"
}
# The previous table, or none, also after a boot.
take_back_script() {
  cat <<END
if [ -f $TABLE_BEFORE ]; then mv $TABLE_BEFORE $TABLE_FILE && nft -f $TABLE_FILE
else rm -f $TABLE_FILE; systemctl disable --now ha-kubernetes-firewall.service; nft delete table inet ha_kubernetes; fi
END
}
end_trial() {
  [ "$TRYING" = yes ] || return 0
  local way
  for way in "${WAYS_IN[@]}"; do
    # shellcheck disable=SC2086 # address and port
    if gets_in $way; then
      systemctl stop "$TRIAL.timer"
      rm -f "$TABLE_BEFORE"
      table_is_whole || fail "the firewall's table was taken back before a login could prove it: run up again"
      return 0
    fi
  done
  if [ ${#WAYS_IN[@]} -gt 0 ]; then
    sh -c "$(take_back_script)" >/dev/null 2>&1 || true
    systemctl stop "$TRIAL.timer" 2>/dev/null || true
    forget_started ha-kubernetes-firewall.service
    fail "with the firewall's table no new SSH connection gets in, so it was taken back: sshd listens on ${WAYS_IN[*]// / port }, the config says $SSH_PORT. Name the port of sshd in hostPreparation.firewall.allow"
  fi
  systemctl stop "$TRIAL.timer"
  rm -f "$TABLE_BEFORE"
}

# ways_in: `address port` of each place where sshd listens, and of the port that the config says, where systemd may listen for it or
# another one may lead from there.
ways_in() {
  ss -Hltnp | awk -v own="$HOST_ADDRESS" -v port="$SSH_PORT" '
    BEGIN { print own, port }
    {
      at = $4; sub(/.*:/, "", at); from = $4; sub(/:[^:]*$/, "", from)
      if ($0 !~ /"sshd"/) next
      if (from ~ /^(0\.0\.0\.0|\*|\[::\])$/) from = own
      if (from !~ /^(127\.|\[)/) print from, at
    }' | sort -u
}

# gets_in ADDRESS PORT: whether sshd there greets a stranger, who comes from a network of his own that is gone with this.
gets_in() {
  local pid end=$((SECONDS + 10)) status=1
  ip link del "$KNOCK_LINK" 2>/dev/null || true
  unshare --net sleep 30 >/dev/null 2>&1 9>&- &
  pid=$!
  until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] || [ "$SECONDS" -ge "$end" ]; do pause 0.1; done
  if ip link add "$KNOCK_LINK" type veth peer name eth0 netns "$pid" && ip addr add "$KNOCK_HERE/30" dev "$KNOCK_LINK" &&
    ip link set "$KNOCK_LINK" up; then
    nsenter --net="/proc/$pid/ns/net" timeout 10 bash -c "ip addr add $KNOCK_THERE/30 dev eth0 && ip link set eth0 up &&
      ip route add default via $KNOCK_HERE && exec 3<>/dev/tcp/$1/$2 && read -rt 5 -u 3 line && [[ \$line == SSH-* ]]" >/dev/null 2>&1 && status=0
  fi
  ip link del "$KNOCK_LINK" 2>/dev/null || true
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  return "$status"
}
