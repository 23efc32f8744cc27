# shellcheck shell=bash
# What check.sh tells of the kernel and of programs and their configuration, after the lists SYSCTLS, PROGRAMS, ARCHIVES, TABLES and
# KUBECONFIGS. Read before it.

look_at_kernel() {
  local path
  section arrays
  cat /proc/mdstat
  section swap
  tail -n +2 /proc/swaps | awk '{print $1}'
  section sysctls
  lines "$SYSCTLS" | while IFS= read -r path; do
    if [ -r "/proc/sys/$path" ]; then printf '%s %s\n' "$path" "$(tr -s '\t ' ' ' <"/proc/sys/$path")"; fi
  done
  section sysctl-file
  cat /etc/sysctl.d/99-zz-ha-kubernetes.conf
  section shutdown-delay
  busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager InhibitDelayMaxUSec
  section inhibitors
  systemd-inhibit --list --no-pager --no-legend
}

# The state that keepalived entered last, such as MASTER.
look_at_keepalived() {
  section keepalived
  journalctl --unit keepalived --output cat | sed -n 's/.*Entering \([A-Z]*\) STATE.*/\1/p' | tail -n 1
}

# The port table as its file would have it: loaded into a network that is gone with the command.
look_at_tables() {
  local has
  section tables
  nft list tables
  section port-table
  if ! has=$(nft list table inet ha_kubernetes); then
    echo missing
  elif [ "$has" = "$(unshare --net sh -c 'nft -f /etc/ha-kubernetes/firewall.nft && nft list table inet ha_kubernetes')" ]; then
    echo whole
  else
    echo changed
  fi
}

# openssl uses the processor's own instructions for it.
sums() { if command -v openssl >/dev/null; then each openssl dgst -sha256 -r; else each sha256sum; fi; }
look_at_programs() {
  section program-sums
  lines "$PROGRAMS" | while IFS= read -r path; do if [ -f "$path" ]; then printf '%s\n' "$path"; fi; done | sums | tr '*' ' '
  section installed-sums
  lines "$ARCHIVES" | while IFS= read -r path; do cat "$path"/.*.sums; done
}

look_at_configuration() {
  local file server authority
  section manifests
  find /etc/kubernetes/manifests -maxdepth 1 -type f ! -name '.*' | sort | each sha256sum
  section manifests-written
  cat /var/lib/ha-kubernetes/manifests.sums
  section kubeconfigs
  lines "$KUBECONFIGS" | while IFS= read -r file; do
    [ -f "$file" ] || continue
    server=$(sed -n 's/^ *server: *//p' "$file")
    authority=$(sed -n 's/^ *certificate-authority: *//p' "$file")
    if [ -n "$authority" ]; then
      authority=$(sha256sum <"$authority")
    else
      authority=$(sed -n 's/^ *certificate-authority-data: *//p' "$file" | base64 -d | sha256sum)
    fi
    printf '%s %s %s\n' "$file" "$server" "${authority%% *}"
  done
}

look_at_host() {
  look_at_kernel
  if [ -n "$TABLES" ]; then look_at_tables; fi
  look_at_programs
  if [ -n "$KUBECONFIGS" ]; then look_at_configuration; fi
}
