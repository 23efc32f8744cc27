#!/usr/bin/env bash
# metrics.sh ADDRESS...: answers one request over HTTP with what this host alone can say of itself, as Prometheus reads it. The addresses
# are those that this balancer or another one holds. Changes nothing, and takes nothing from the request.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
readonly ROOT=${HAK_ROOT:-}

# metric NAME HELP: before its lines.
metric() { printf '# HELP ha_kubernetes_%s %s\n# TYPE ha_kubernetes_%s gauge\n' "$1" "$2" "$1"; }

# Of each file the first certificate: the leaf, or the authority that issues.
certificates() {
  local file end
  command -v openssl >/dev/null || return 0
  metric certificate_end_seconds "When the certificate ends, in seconds since 1970; 0 where there is none."
  for file in "$ROOT"/etc/etcd/pki/*.crt "$ROOT"/etc/kubernetes/pki/*.crt "$ROOT"/etc/kubernetes/pki/etcd/*.crt "$ROOT"/etc/kubernetes/serving/*.crt \
    "$ROOT"/etc/ha-kubernetes/*.crt "$ROOT"/etc/ha-kubernetes/*.pem "$ROOT"/var/lib/kubelet/pki/kubelet.crt "$ROOT"/var/lib/kubelet/pki/*-current.pem \
    "$ROOT"/etc/kubernetes/*.conf; do
    [ -f "$file" ] || continue
    case $file in
      *.conf) end=$(sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null) ;;
      *) end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) ;;
    esac
    # A kubelet's kubeconfig names a file.
    if [ -n "$end" ]; then end=$(date -d "${end#*=}" +%s); elif [[ $file == *.conf ]]; then continue; fi
    printf 'ha_kubernetes_certificate_end_seconds{file="%s"} %s\n' "${file#"$ROOT"}" "${end:-0}"
  done
}

snapshots() {
  local settings=$ROOT/etc/etcd-backup/settings.env directory name newest
  [ -f "$settings" ] || return 0
  directory=$(sed -n 's/^BACKUP_DIRECTORY=//p' "$settings") name=$(sed -n 's/^BACKUP_NAME=//p' "$settings")
  newest=$(find "$ROOT$directory" -maxdepth 1 -name "$name.*.facts" -exec sed -n 's/^taken=//p' {} + 2>/dev/null | sort -n | tail -n 1)
  metric etcd_snapshot_taken_seconds "When this host took its newest snapshot of etcd, in seconds since 1970; 0 where there is none."
  printf 'ha_kubernetes_etcd_snapshot_taken_seconds %s\n' "${newest:-0}"
}

addresses() {
  local held address is
  [ $# -gt 0 ] || return 0
  held=" $(ip -o address show | awk '{sub("/.*", "", $4); printf "%s ", $4}')"
  metric virtual_address_held "1 while this balancer holds the address."
  for address in "$@"; do
    if [[ $held == *" $address "* ]]; then is=1; else is=0; fi
    printf 'ha_kubernetes_virtual_address_held{address="%s"} %s\n' "$address" "$is"
  done
}

disks() {
  metric filesystem_size_bytes "Size of a file system on a disk."
  metric filesystem_free_bytes "Bytes there that users other than root can still fill."
  df -B1 --local --output=target,size,avail -x tmpfs -x devtmpfs -x squashfs 2>/dev/null |
    awk 'NR > 1 && $1 !~ "^/(var/lib/kubelet/pods|run/containerd|var/lib/containerd/)" {
      printf "ha_kubernetes_filesystem_size_bytes{mountpoint=\"%s\"} %s\nha_kubernetes_filesystem_free_bytes{mountpoint=\"%s\"} %s\n", $1, $2, $1, $3}' | sort
}

units() {
  metric unit_failed "1 for each unit of this cluster that has failed."
  systemctl list-units --failed --plain --no-legend --full 'ha-kubernetes-*' 'etcd*' kubelet.service containerd.service haproxy.service keepalived.service 2>/dev/null |
    awk '{printf "ha_kubernetes_unit_failed{unit=\"%s\"} 1\n", $1}'
}

all() {
  certificates
  snapshots
  addresses "$@"
  disks
  units
}

# The request ends with an empty line.
while IFS= read -r -t 5 line && [ -n "${line%$'\r'}" ]; do :; done
text=$(all "$@")
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s\n' $((${#text} + 1)) "$text"
