# shellcheck shell=bash
# Host name, names in /etc/hosts, name servers of pods. Each item has apply_ITEM and restore_ITEM; restoring an item
# that was never applied does nothing.

apply_host_name() {
  [ "$(cat /proc/sys/kernel/hostname)" != "$HOST_NAME" ] || [ "$(cat /etc/hostname 2>/dev/null)" != "$HOST_NAME" ] || return 0
  save host_name <<<"$(cat /proc/sys/kernel/hostname)"
  if [ -f /etc/hostname ]; then save hostname_file </etc/hostname; fi
  set_host_name "$HOST_NAME"
  replace_file /etc/hostname <<<"$HOST_NAME"
  did "set the host name"
}
restore_host_name() {
  is_saved host_name || return 0
  set_host_name "$(saved host_name)"
  if is_saved hostname_file; then saved hostname_file | replace_file /etc/hostname; else rm -f /etc/hostname; fi
  forget hostname_file
  forget host_name
}
set_host_name() { printf '%s' "$1" >/proc/sys/kernel/hostname; }

# replace_file PATH <content: at once, or in place where the file is a mount of its own and can't be replaced.
replace_file() {
  local path=$1 mode=0644
  [ ! -f "$path" ] || mode=$(stat -c %04a "$path")
  if mountpoint -q "$path"; then cat >"$path"; else write_file "$mode" root:root "$path"; fi
}

# Our lines carry a mark. Everything else in the file is left as it is.
apply_hosts_lines() {
  local kept
  install_files /etc/ha-kubernetes/hosts
  install_files /etc/systemd/system/ha-kubernetes-hosts.service
  kept=$(grep -v '# ha-kubernetes$' /etc/hosts || true)
  if [ "$(cat /etc/hosts)" != "$kept"$'\n'"$(cat /etc/ha-kubernetes/hosts)" ]; then
    { printf '%s\n' "$kept" && cat /etc/ha-kubernetes/hosts; } | replace_file /etc/hosts
    did "named $API_NAME in /etc/hosts"
  fi
  if stale ha-kubernetes-hosts.service /etc/systemd/system/ha-kubernetes-hosts.service; then
    enable_units ha-kubernetes-hosts.service
    reread_units ha-kubernetes-hosts.service
    systemctl restart ha-kubernetes-hosts.service
    started ha-kubernetes-hosts.service /etc/systemd/system/ha-kubernetes-hosts.service
  fi
}
restore_hosts_lines() {
  systemctl disable --quiet --now ha-kubernetes-hosts.service 2>/dev/null || true
  forget_started ha-kubernetes-hosts.service
  if grep -q '# ha-kubernetes$' /etc/hosts; then { grep -v '# ha-kubernetes$' /etc/hosts || true; } | replace_file /etc/hosts; fi
}

# The file that kubelet gives to pods: no loopback address, which would be the pod's own. The resolver reads three servers.
apply_resolv_conf() {
  local file servers=$NAME_SERVERS
  file=$(resolv_source)
  [ -n "$servers" ] || servers=$(host_name_servers)
  # Only in a container (preflight): nobody may answer there, but the cluster's own names work.
  [ -n "$servers" ] || servers=$({ ip -4 route show default; ip -6 route show default; } | awk '{print $3; exit}')
  {
    if [ -z "$NAME_SERVERS" ] && [ -n "$file" ]; then grep -E '^(search|options) ' "$file" || true; fi
    # shellcheck disable=SC2086 # one word each
    printf 'nameserver %s\n' $servers | head -n 3
  } | put_file 0644 /etc/ha-kubernetes/resolv.conf
}
