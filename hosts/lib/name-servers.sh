# shellcheck shell=bash
# The name servers of this host that a pod could ask.

# Where systemd-resolved runs, /etc/resolv.conf names itself only; its own upstream servers are in the other file.
resolv_source() {
  local file
  for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf; do
    if [ -f "$file" ] && [ -n "$(reachable_servers "$file")" ]; then
      echo "$file"
      return
    fi
  done
}
reachable_servers() { awk '$1 == "nameserver" && $2 !~ /^127\./ && $2 != "::1" {print $2}' "$1"; }
host_name_servers() {
  local file
  file=$(resolv_source)
  [ -z "$file" ] || reachable_servers "$file"
}
