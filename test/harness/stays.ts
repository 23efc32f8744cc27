// A host before `up` and after `destroy`: what differs, and the exceptions. docs/hosts.md explains each, and a unit test compares both.

/** Something that may differ. */
export interface Stay {
  /** The first column of the table in docs/hosts.md. */
  what: string;
  /** Lines of `host-state.sh` that are not compared. */
  is: RegExp;
  /** Only where the line came, and not where it went. Default: both. */
  onlyNew?: true;
}

/** What the cluster leaves behind, each for a reason that docs/hosts.md has. */
const left: readonly Stay[] = [
  { what: "snapshots of etcd", is: /^(file|content|folder) \/var\/backups\/ha-kubernetes\b/, onlyNew: true },
  {
    what: "the scripts of an `up` that was refused",
    is: /^content \/(root|home\/[^/]+)\/\.ha-kubernetes-scripts\.tar\.gz /,
  },
  { what: "audit logs", is: /^folder \/var\/log\/kubernetes\b/, onlyNew: true },
  {
    what: "lists and notes of apt and dpkg",
    is: /^(folder \/var\/(cache|log)\/(apt|debconf)\b|file \/var\/lib\/systemd\/deb-systemd-helper-\S+ d |(file|content) \/var\/lib\/ucf\/)/,
  },
  {
    what: "copies that the system's own tools make of what they change",
    is: /^(file|content) \/etc\/(passwd|group|shadow|gshadow|subuid|subgid)- /,
  },
  { what: "the linker's cache", is: /^content \/etc\/ld\.so\.cache / },
  {
    what: "modules that the kernel loaded by itself, and their sysctls",
    is: /^(module |sysctl net\.(bridge|netfilter|ipv4\.vs)\.)/,
    onlyNew: true,
  },
  {
    what: "files of locks and sockets in `/run`",
    is: /^(run (xtables\.lock|netns|lock|mount|ha-kubernetes|haproxy\.pid|haproxy-master\.sock|frr|keepalived)|mount \/run\/netns \S+)$/,
    onlyNew: true,
  },
  {
    what: "chains of firewalld's zone `trusted`",
    is: /^nft inet firewalld (chain )?\w+_trusted(_\w+)?( |$)/,
    onlyNew: true,
  },
];

/** What changes by itself on a host without a cluster. */
const moving: readonly Stay[] = [
  {
    what: "systemd's own state",
    is: /^(file|content) \/var\/lib\/systemd\/(random-seed|timesync|catalog|coredump|rfkill|timers d|timers\/stamp-(apt|dpkg|e2scrub|fstrim|man|logrotate|systemd))/,
  },
  {
    what: "state of the clock, of leases and of logs",
    is: /^(((file|content) \/var\/lib\/(chrony|dhcp|cloud|logrotate)|folder \/var\/log\/(journal|private|chrony)|folder \/var\/tmp\/systemd-private)\b)/,
  },
  {
    what: "sessions, maintenance and services on demand",
    is: /^unit (user@|user-runtime-dir@|run-|apt-|dpkg-|logrotate|man-db|fstrim|e2scrub|motd-news|ssh@|sshd@|modprobe@|systemd-(?!timesyncd|resolved|networkd|zram))/,
  },
  { what: "unit files of the moment", is: /^unit-file \S+ (generated|transient|alias)$/ },
  { what: "ports of clients and of a container's name server", is: /^port (udp \S+:(323|[3-6]\d{4})|\S+ 127\.0\.0\.11:\d+)$/ },
  { what: "addresses and routes made from a hardware address", is: /^(address \S+ fe80:|route .*\b(fe80:|ff00::))/ },
  { what: "a container's rules for its own name server", is: /^nft .*(127\.0\.0\.11\b|DOCKER_)/ },
  { what: "the kernel's own file systems", is: /^mount \/(proc|sys|dev|run\/(credentials|user|docker))\b/ },
  {
    what: "counters and caches among the sysctls",
    is: /^sysctl (fs\.(dentry-state|file-nr|inode-|aio-nr|quota|binfmt_misc)|kernel\.(random|ns_last_pid|pty\.nr|tainted|perf_)|net\.netfilter\.(nf_conntrack_count|nf_log)|net\.ipv4\.tcp_(available|allowed|fastopen_key)|vm\.(min_free_kbytes|stat_refresh))/,
  },
  {
    what: "what logins and services keep in `/run`",
    is: /^run (user|motd\.dynamic|sudo|sshd|utmp|log|blkid|cloud-init|credentials|agetty\.reload|dhclient\S*)$/,
  },
];

/** All of it. */
export const stays: readonly Stay[] = [...left, ...moving];

/** The differences of two states of a host, a line each: what went with `- `, what came with `+ `; only those that nothing explains. */
export function differences(before: string, after: string): string[] {
  const [then, now] = [new Set(before.split("\n")), new Set(after.split("\n"))];
  const explained = (line: string, isNew: boolean) => stays.some(({ is, onlyNew }) => (isNew || !onlyNew) && is.test(line));
  const gone = [...then].filter((line) => !now.has(line) && !explained(line, false)).map((line) => `- ${line}`);
  const more = [...now].filter((line) => !then.has(line) && !explained(line, true)).map((line) => `+ ${line}`);
  return [...gone, ...more];
}

/** Facts that every group compares. A group says `whole` once it was seen to pass with all of them. */
export const isCore = (line: string): boolean =>
  /^(file \S+ [^d] |content \/(etc|usr|opt)\/|user |process |port tcp |address |mount |package installed |unit-file \S+ (enabled|disabled|masked)|host name |sysctl net\.ipv4\.(ip_forward|conf\.(all|default)\.))/.test(
    line,
  ) && !/^file \/var\/(?!lib\/(ha-kubernetes|etcd|kubelet)\b)/.test(line);
