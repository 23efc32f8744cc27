# shellcheck shell=bash
# Prints the state of this host, one fact a line, the kind of fact first: everything that a stage may change, and what an undo may forget.
# `stays.ts` names the exceptions. Quick: a host answers in some hundred milliseconds.

cd /
export LC_ALL=C
# A host that still boots is another one a moment later.
timeout 30 systemctl is-system-running --wait >/dev/null 2>&1 || true
readonly PLACES=(/etc /usr/local /opt /root /home /var/lib /var/spool/cron)
# Lists and databases of the package manager: packages have lines of their own.
readonly SKIPPED=(-path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/rpm -o -path /var/lib/dnf -o -path /var/lib/docker)

# Volumes and disks are file systems of their own.
volumes=()
for place in /var/lib/{containerd,etcd,kubelet}; do if mountpoint -q "$place"; then volumes+=("$place"); fi; done
find "${PLACES[@]}" "${volumes[@]}" -xdev \( "${SKIPPED[@]}" \) -prune -o -printf 'file %p %y %m %U:%G %l\n' 2>/dev/null || true
find "${PLACES[@]}" "${volumes[@]}" -xdev \( "${SKIPPED[@]}" \) -prune -o -type f -print0 2>/dev/null |
  { xargs -0 -r sha256sum 2>/dev/null || true; } | awk '{hash = $1; sub(/^[^ ]+ +/, ""); print "content", $0, hash}' || true
# Where programs write all the time, only new folders count.
find /var/log /var/cache /var/backups /var/tmp /srv /mnt /usr/libexec -xdev -maxdepth 3 -type d -printf 'folder %p\n' 2>/dev/null || true
find /run -mindepth 1 -maxdepth 1 ! -name 'kubectl-of-tests' -printf 'run %f\n'

awk -F: '{print "user", $1}' /etc/passwd
awk -F: '{print "group", $1, $4}' /etc/group
if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f 'package ${db:Status-Status} ${Package} ${db:Status-Want}\n' | { grep -v '^package not-installed' || true; }
else
  rpm -qa --qf 'package installed %{NAME}\n'
fi
systemctl list-unit-files --plain --no-legend --no-pager | awk '{print "unit-file", $1, $2}'
# A unit without a line is inactive. Mounts have lines of their own.
systemctl list-units --all --plain --no-legend --no-pager --type=service,socket,timer,path,swap |
  awk '$3 != "inactive" {print "unit", $1, $3}'

ps -eo comm= | awk '/^(kubelet|etcd|haproxy|nginx|keepalived|containerd.*|kube-.*|flanneld|coredns|bgpd|ospfd|zebra|watchfrr|bfdd)$/ {print "process", $1}'
ss -Hltun | awk '{print "port", $1, $5}'
ip -o link show | awk '{sub(/@.*/, "", $2); print "link", $2, $4, $5}'
ip -o address show | awk '{print "address", $2, $4}'
for family in -4 -6; do
  ip "$family" rule show | sed 's/^/rule /'
  ip "$family" route show table all | sed 's/ expires [0-9]*sec//; s/^/route /'
done
awk '{print "mount", $2, $3}' /proc/mounts
if [ -r /proc/net/ip_vs ]; then sed -n '4,$s/^/ipvs /p' /proc/net/ip_vs; fi
for file in /proc/net/ip_tables_names /proc/net/ip6_tables_names; do
  if [ -r "$file" ]; then sed 's/^/old-table /' "$file"; fi
done
if command -v ipset >/dev/null; then ipset list -n 2>/dev/null | sed 's/^/ipset /'; fi

# The whole rule set, without counters. A table without a rule, and a chain of iptables' own that lets everything pass, do nothing.
if command -v nft >/dev/null; then
  nft -s list ruleset | awk '
    /^#/ {next}
    /^table / {table = $2 " " $3; next}
    /^\t(chain|set|map|flowtable) / {inside = $2; plain = $1 == "chain" && $2 ~ /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/
      if (!plain) print "nft", table, $1, inside
      next}
    /^\t?}$/ || /^$/ {next}
    plain && /policy accept;$/ {next}
    {sub(/^[ \t]+/, ""); print "nft", table, inside, $0}'
fi

sed 's/^/host name /' /proc/sys/kernel/hostname
if systemd-detect-virt --container --quiet; then
  # The rest is the machine's, and other hosts on it change that.
  sysctl -a --pattern '^net\.' 2>/dev/null | sed 's/^/sysctl /' || true
else
  sysctl -a 2>/dev/null | sed 's/^/sysctl /' || true
  awk '{print "module", $1}' /proc/modules
  awk 'NR > 1 {print "swap", $1}' /proc/swaps
fi
