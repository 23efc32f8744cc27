# shellcheck shell=bash
# The port table and what watches over it and the tables of kube-proxy, flannel and kube-network-policies.

readonly TABLES_UNIT=ha-kubernetes-tables.service TABLES_SCRIPT=/usr/local/lib/ha-kubernetes/tables.sh

# had_policies UNIT: kube-network-policies ran on this host, as the unit of an earlier run says.
had_policies() { grep -qsE '^ExecStart=.* (no-)?netpol( |$)' "$1"; }

# tables_to_watch UNIT: what the config wants watched, and where policies were turned off, what they leave: their pods end later in the
# same `up`.
tables_to_watch() {
  if [[ " $TABLES " == *" netpol "* ]] || ! had_policies "$1"; then echo "$TABLES"; else echo "${TABLES:+$TABLES }no-netpol"; fi
}

# Both files are the same on all hosts but for the arguments, so they travel with the scripts.
apply_tables() {
  local unit=/etc/systemd/system/$TABLES_UNIT watched
  watched=$(tables_to_watch "$unit")
  if [ -z "$watched" ]; then
    restore_tables
    return 0
  fi
  put_file 0755 "$TABLES_SCRIPT" <"$STAGE/stage/tables.sh"
  put_file 0644 "$unit" <<END
[Unit]
Description=Watch over the packet filter's tables of this Kubernetes host
After=ha-kubernetes-firewall.service
StartLimitIntervalSec=0

[Service]
ExecStart=$TABLES_SCRIPT $watched
Restart=always
RestartSec=2
Nice=5

[Install]
WantedBy=multi-user.target
END
  if stale "$TABLES_UNIT" "$TABLES_SCRIPT" "$unit"; then
    enable_units "$TABLES_UNIT"
    reread_units "$TABLES_UNIT"
    systemctl restart "$TABLES_UNIT" || fail "$TABLES_UNIT does not start: $(journalctl -u "$TABLES_UNIT" -n 3 -o cat | tr '\n' ' ')"
    started "$TABLES_UNIT" "$TABLES_SCRIPT" "$unit"
  fi
  if first_run; then return 0; fi
  # One that was taken away before anybody watched.
  # shellcheck disable=SC2086 # one word each
  "$TABLES_SCRIPT" now $watched | while read -r line; do did "$line"; done
}
restore_tables() {
  [ -f "/etc/systemd/system/$TABLES_UNIT" ] || [ -f "$STARTED/$TABLES_UNIT" ] || return 0
  systemctl disable --quiet --now "$TABLES_UNIT" 2>/dev/null || true
  if had_policies "/etc/systemd/system/$TABLES_UNIT" && nft list table inet kube-network-policies >/dev/null 2>&1; then
    nft delete table inet kube-network-policies
  fi
  rm -f "$TABLES_SCRIPT" "/etc/systemd/system/$TABLES_UNIT"
  rmdir "${TABLES_SCRIPT%/*}" 2>/dev/null || true
  rm -rf /run/ha-kubernetes-tables
  forget_started "$TABLES_UNIT"
}

apply_firewall() {
  local unit=ha-kubernetes-firewall.service
  nft -c -f "$(staged /etc/ha-kubernetes/firewall.nft)" || fail "nft refuses the firewall's table"
  apply_others_firewalls
  # The same file and a whole table: nothing to try.
  if ! cmp -s "$(staged /etc/ha-kubernetes/firewall.nft)" /etc/ha-kubernetes/firewall.nft || stale "$unit" /etc/ha-kubernetes/firewall.nft "/etc/systemd/system/$unit" ||
    ! table_is_whole; then begin_trial; fi
  install_files /etc/ha-kubernetes/firewall.nft
  install_files "/etc/systemd/system/$unit"
  if stale "$unit" /etc/ha-kubernetes/firewall.nft "/etc/systemd/system/$unit" || ! table_is_whole; then
    enable_units "$unit"
    reread_units "$unit"
    systemctl reload-or-restart "$unit" || fail "the firewall's table can't be loaded: $(journalctl -u "$unit" -n 3 -o cat | tr '\n' ' ')"
    started "$unit" /etc/ha-kubernetes/firewall.nft "/etc/systemd/system/$unit"
    did "closed the port table to others than nodeCidrs"
  fi
  end_trial
}
# As its file has it: loaded into a network of its own, which is gone again with the command, it looks the same.
table_is_whole() {
  local has
  has=$(nft list table inet ha_kubernetes 2>/dev/null) || return 1
  [ "$has" = "$(unshare --net sh -c 'nft -f /etc/ha-kubernetes/firewall.nft && nft list table inet ha_kubernetes')" ]
}
restore_firewall() {
  local unit=ha-kubernetes-firewall.service
  restore_others_firewalls
  systemctl stop "$TRIAL.timer" 2>/dev/null || true
  [ -f "/etc/systemd/system/$unit" ] || [ -f "$STARTED/$unit" ] || return 0
  systemctl disable --quiet --now "$unit" 2>/dev/null || true
  if command -v nft >/dev/null && nft list table inet ha_kubernetes >/dev/null 2>&1; then nft delete table inet ha_kubernetes; fi
  forget_started "$unit"
}
