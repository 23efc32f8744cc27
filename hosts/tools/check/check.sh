# shellcheck shell=bash
# Tells how this host is and changes nothing. Comes through stdin, after the lists of what to look at: FILES, UNITS, LINKS, DIRECTORIES, SERVED (one
# a line) and ETCD, API_SERVER, NAMESPACES, HEALTH_URL, BACKUPS, BACKUP_NAME (empty: not on this host), and after system.sh and
# objects.sh, which say what else they are told. Prints sections of lines, each after a line
# `@@ NAME`; the last is `@@ end`. What can't be read is left out: the reader knows what should be there.

set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A proxy of the login has no way to these addresses.
for variable in $(compgen -e); do if [[ ${variable,,} == *_proxy ]]; then unset "$variable"; fi; done

section() { printf '\n@@ %s\n' "$1"; }
each() { xargs -r -d '\n' "$@" 2>/dev/null; }
lines() { if [ -n "$1" ]; then printf '%s\n' "$1"; fi; }
certificates_in() { awk '/-----BEGIN CERTIFICATE-----/ {on = 1} on; /-----END CERTIFICATE-----/ {on = 0}'; }

look_at_system() {
  section virtualization
  systemd-detect-virt --container
  section owner
  cat /var/lib/ha-kubernetes/owner
  section addresses
  ip -o address show | awk '{print $4}'
  section pod-bridge
  ip -4 -o address show dev cni0 | awk '{print $4}'
  section disks
  lines "$DIRECTORIES" | while read -r directory; do if [ -d "$directory" ]; then echo "$directory"; fi; done |
    each timeout 10 df -B1 --output=target,size,avail,itotal,iavail | tail -n +2 | sort -u
}

# As a file is on the disk: symbolic links are not followed.
look_at_files() {
  section files
  lines "$FILES" | each stat --printf '%04a %U:%G %F\t%n\n'
  section sums
  lines "$FILES" | while IFS= read -r path; do if [ -f "$path" ]; then printf '%s\n' "$path"; fi; done | each sha256sum
}

look_at_units() {
  section units
  lines "$UNITS" | each systemctl show --timestamp=unix \
    -p Id,LoadState,ActiveState,UnitFileState,Result,MainPID,ActiveEnterTimestamp,InactiveEnterTimestamp,NeedDaemonReload
  section programs
  lines "$UNITS" | each systemctl show -p MainPID --value | while read -r pid; do
    case $pid in "" | 0) ;; *) printf '%s %s\n' "$pid" "$(readlink "/proc/$pid/exe")" ;; esac
  done
  section links
  lines "$LINKS" | while read -r link; do printf '%s %s\n' "$link" "$(readlink -f "$link")"; done
  section failed
  systemctl list-units --failed --plain --no-legend | awk '{print $1}'
}

# Ports of pods are those of processes in their control groups.
look_at_ports() {
  local listening
  listening=$(ss -Hltunp)
  section ports
  printf '%s\n' "$listening"
  section pod-processes
  printf '%s\n' "$listening" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u | while read -r pid; do
    if grep kubepods "/proc/$pid/cgroup" >/dev/null; then echo "$pid"; fi
  done
}

# The public part only, whatever else is in a file.
look_at_certificates() {
  local file address
  section certificates
  for file in /etc/etcd/pki/*.crt /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /etc/kubernetes/serving/*.crt /etc/ha-kubernetes/*.crt \
    /var/lib/kubelet/pki/kubelet.crt /var/lib/kubelet/pki/kubelet-{client,server}-current.pem; do
    [ -f "$file" ] || continue
    printf 'file %s\n' "$file"
    certificates_in <"$file"
  done
  for file in /etc/kubernetes/*.conf; do
    [ -f "$file" ] || continue
    printf 'file %s\n' "$file"
    sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d | certificates_in
  done
  section served
  lines "$SERVED" | while read -r address file; do
    printf 'file %s\n' "$file"
    timeout 5 openssl s_client -connect "$address" </dev/null 2>/dev/null | certificates_in
  done
}

etcd_says() {
  timeout 10 etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/member.crt --key /etc/etcd/pki/member.key \
    --dial-timeout=2s --command-timeout=5s "$@"
}
look_at_etcd() {
  section etcd-metrics
  curl -s --max-time 5 http://127.0.0.1:2381/metrics |
    grep -E '^etcd_(server_(has_leader|is_leader|is_learner|quota_backend_bytes)|mvcc_db_total_size_in(_use_in)?_bytes|disk_(wal_fsync|backend_commit)_duration_seconds_bucket)'
  section etcd-status
  ETCD_STATUS=$(etcd_says endpoint status -w fields)
  printf '%s\n' "$ETCD_STATUS"
  section etcd-members
  etcd_says member list
  section etcd-alarms
  # Told apart from no answer.
  etcd_says alarm list && echo "-"
}

# Discovery is not kept on the disk.
api() { timeout 15 kubectl --cache-dir /dev/null --kubeconfig /etc/kubernetes/admin.conf --server "$API_SERVER" --request-timeout=10s "$@"; }
look_at_api() {
  section api
  api get --raw /readyz || return 0
  section nodes
  api get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.unschedulable}{"\t"}{.status.nodeInfo.kubeletVersion}{"\t"}{range .status.conditions[*]}{.type}={.status} {end}{"\t"}{.spec.podCIDR}{"\t"}{.metadata.labels.ha-kubernetes/pool}{"\t"}{.status.conditions[?(@.type=="Ready")].message}{"\n"}{end}'
  section pods
  for namespace in $NAMESPACES; do
    api get pods -n "$namespace" -o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.nodeName}{"\t"}{.status.phase}{"\t"}{range .status.conditions[?(@.type=="Ready")]}{.status}{end}{"\t"}{range .spec.containers[*]}{.image} {end}{"\t"}{.metadata.namespace}{"\t"}{.status.initContainerStatuses[*].state.waiting.reason}{.status.containerStatuses[*].state.waiting.reason}{"\n"}{end}'
  done
}

look_at_addons() {
  section objects
  look_at_objects ha-kubernetes "$OBJECTS"
  look_at_objects ha-kubernetes-custom "$CUSTOM_OBJECTS"
}

# The newest is the one of the highest revision that today's etcd cluster wrote, as for the snapshots' own scripts: clocks can be wrong.
look_at_backups() {
  local cluster
  section backups
  cluster=$(sed -n 's/^"ClusterID" : //p' <<<"${ETCD_STATUS:-}")
  printf 'count=%s\n' "$(find "$BACKUPS" -maxdepth 1 \( -name "$BACKUP_NAME.*.db" -o -name "$BACKUP_NAME.*.db.gz" \) | wc -l)"
  # shellcheck disable=SC2016 # awk's own
  find "$BACKUPS" -maxdepth 1 -name "$BACKUP_NAME.*.facts" | sort | each awk -F= -v cluster="$cluster" -v now="$(date +%s)" '
    {is[FILENAME, $1] = $2; files[FILENAME] = 1}
    END {
      for (file in files) {
        own = cluster == "" || is[file, "cluster"] == cluster
        if (newest == "" || own > best || (own == best && is[file, "revision"] + 0 > revision)) {
          newest = file; best = own; revision = is[file, "revision"] + 0
        }
        if (is[file, "taken"] > now + 60) ahead++
      }
      print "ahead=" ahead + 0
      if (newest != "") printf "newest=%s\ntaken=%s\n", substr(newest, 1, length(newest) - 6), is[newest, "taken"]
    }'
}

look() {
  section time
  date +%s.%N
  look_at_system
  look_at_files
  look_at_units
  look_at_ports
  look_at_host
  look_at_certificates
  if [ -n "$ETCD" ]; then look_at_etcd; fi
  if [ -n "$API_SERVER" ]; then
    look_at_api
    look_at_addons
  fi
  if [ -n "$HEALTH_URL" ]; then
    section balancer
    curl -s --output /dev/null --write-out '%{http_code}\n' --max-time 5 "$HEALTH_URL"
    look_at_keepalived
  fi
  if [ -n "$BACKUPS" ]; then look_at_backups; fi
  section end
}

look </dev/null 2>/dev/null
