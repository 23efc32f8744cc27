import { type ClusterConfig, onBoth } from "./samples.ts";

// What preflight finds on hosts, by rounds: each is a config, faults that are planted on real hosts, and what the report says of them. What a
// container can't have is in docs/lab.md: swap, modules, sysctls of the machine, another kernel, architecture or clock, few processors or
// little memory, a disk that is full or slow, and packages of time services.

/** A fault of one host: how to plant it, the message that names it, and the cure. */
export interface Fault {
  host: string;
  plant: string;
  problem?: RegExp;
  note?: RegExp;
  cure: string;
}

/** Faults that one report names, with the config in which they are faults. */
export interface Round {
  of: string;
  config: (config: ClusterConfig) => ClusterConfig;
  faults: Fault[];
}

const fault = (host: string, problem: RegExp, plant = ":", cure = ":"): Fault => ({ host, problem, plant, cure });
const note = (host: string, note: RegExp, plant: string, cure: string): Fault => ({ host, note, plant, cure });

/** Changes what a config says of single hosts. */
const withHosts = (config: ClusterConfig, more: Record<string, object>): ClusterConfig => ({
  ...config,
  hosts: Object.fromEntries(Object.entries(config.hosts).map(([name, host]) => [name, { ...host, ...more[name] }])),
});

/** A system of another name or release in /etc/os-release, which is a link. */
const system = (host: string, id: string, version: string, problem: RegExp): Fault =>
  fault(
    host,
    problem,
    `rm /etc/os-release; printf 'ID=${id}\\nVERSION_ID=${version}\\n' >/etc/os-release`,
    "ln -sfT ../usr/lib/os-release /etc/os-release",
  );

/** A file with another content for a while. */
const instead = (file: string, content: string): [plant: string, cure: string] => {
  const kept = `/root${file.replaceAll("/", "-")}`;
  return [`cp -a ${file} ${kept}; printf '%s' '${content}' >${file}`, `cat ${kept} >${file}; rm ${kept}`];
};

const waiting = (unit: string, listen: string, until: string, then = "EXEC:/bin/true") =>
  `systemd-run --quiet --collect --unit ${unit} socat ${listen},fork '${then}'; until ${until}; do sleep 0.1; done`;

/** A server of HTTP that has nothing. */
const absent = String.raw`printf '%s\n' '#!/bin/bash' 'while read -r line; do [ "${"$"}{#line}" -gt 1 ] || break; done' 'printf "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"' >/root/mirror; chmod 0755 /root/mirror`;

/** What the config asks of hosts that they don't have. */
function asked(config: ClusterConfig): Round {
  const [prefix] = /^.*\./.exec(String(config.hosts.w2?.address)) as unknown as [string];
  return {
    of: "what the config asks for and hosts lack",
    config: (from) => ({
      ...withHosts(from, {
        m1: { dataDevice: "/dev/nothing", balancerInterface: "eth9" },
        w1: { flannelInterface: "pods0", hostPreparation: { packages: false } },
        w2: { address: `${prefix}29`, sshAddress: from.hosts.w2?.address },
      }),
      hostPreparation: { timeZone: "Mars/Olympus_Mons", minimumKernel: "99.0" },
      containerRuntime: { registries: { "quay.io": { ca: "/etc/ssl/not-there.pem" } } },
      // Nothing listens there.
      artifacts: { ...(from.artifacts as object), source: "mirror", location: `http://${from.hosts.m1?.address}:8098` },
    }),
    faults: [
      fault("m1", /there is no device \/dev\/nothing: attach it/),
      fault("m1", /there is no interface eth9 \(hosts\.m1\.balancerInterface\)/),
      fault("m1", /older than 99\.0 \(hostPreparation\.minimumKernel\)/),
      fault("m1", /there is no time zone Mars\/Olympus_Mons/),
      fault(
        "w1",
        /interface pods0 \(hosts\.w1\.flannelInterface\) has no IPv4 address/,
        "ip link add pods0 type bridge",
        "ip link del pods0",
      ),
      fault(
        "w1",
        /hostPreparation\.packages is off and these commands are missing: .*conntrack/,
        "mv /usr/sbin/conntrack /root/conntrack",
        "mv /root/conntrack /usr/sbin/conntrack",
      ),
      fault("w1", /http:\/\/\S+:8098\/\S+ \(and \d+ more\) can't be reached from this host \(/),
      fault("w2", /\.29 is on none of its interfaces \(it has /),
      fault("w2", /\/etc\/ssl\/not-there\.pem is missing or empty/),
      // The shell itself asks where there is no curl.
      fault("w2", /:8098\/\S+ can't be reached from this host: /, "mv /usr/bin/curl /root/curl", "mv /root/curl /usr/bin/curl"),
    ],
  };
}

/** Leftovers and neighbors on hosts. */
const before: Round = {
  of: "what others left or run",
  config: (from) => ({
    ...from,
    artifacts: { ...(from.artifacts as object), source: "mirror", location: `http://${from.hosts.m1?.address}:8099` },
  }),
  faults: [
    fault("m1", /\/var\/lib\/etcd is not empty \(x\).*\(etcd\.dataDirectory\)/, "echo x >/var/lib/etcd/x", "rm /var/lib/etcd/x"),
    fault(
      "m1",
      /\/var\/backups\/ha-kubernetes holds something that is not a snapshot of etcd \(notes\)/,
      "mkdir -p /var/backups/ha-kubernetes; echo x >/var/backups/ha-kubernetes/notes",
      "rm -r /var/backups/ha-kubernetes",
    ),
    fault("m1", /another Kubernetes is here \(\/var\/lib\/rancher\)/, "mkdir /var/lib/rancher", "rmdir /var/lib/rancher"),
    fault("m1", /another etcd runs here/, "systemd-run --quiet --collect --unit etcd sleep infinity", "systemctl stop etcd"),
    // The mirror of this round, which lacks every file.
    fault(
      "m1",
      /http:\/\/\S+:8099\/\S+ \(and \d+ more\) is not there \(404\)/,
      `${absent}; ${waiting("mirror", "TCP-LISTEN:8099,reuseaddr", "ss -Hltn | grep -q :8099", "EXEC:/root/mirror")}`,
      "systemctl stop mirror; rm /root/mirror",
    ),
    system("m1", "debian", "11", /Debian 11: 12 or newer is needed/),
    system("w1", "fedora", "42", /it runs fedora 42: only Debian 12/),
    system("w2", "ubuntu", "20.04", /Ubuntu 20\.04: 22\.04 or newer is needed/),
    fault(
      "w1",
      /containerd of a package is here \(\S*\/lib\/systemd\/system\/containerd\.service\)/,
      "printf '[Service]\\nExecStart=/bin/true\\n' >/usr/lib/systemd/system/containerd.service; systemctl daemon-reload",
      "rm /usr/lib/systemd/system/containerd.service; systemctl daemon-reload",
    ),
    fault(
      "w1",
      /the name server 10\.244\.0\.10 lies in network\.podCidr/,
      ...instead("/etc/resolv.conf", "nameserver 10.244.0.10"),
    ),
    note(
      "w1",
      /own programs take the place of \/usr\/local\/bin\/kubectl/,
      "echo '#!/bin/sh' >/usr/local/bin/kubectl",
      "rm /usr/local/bin/kubectl",
    ),
    fault(
      "w2",
      /another containerd listens on \/run\/containerd\/containerd\.sock/,
      `mkdir /run/containerd; ${waiting("theirs", "UNIX-LISTEN:/run/containerd/containerd.sock", "[ -S /run/containerd/containerd.sock ]")}`,
      "systemctl stop theirs; rm -r /run/containerd",
    ),
    fault(
      "w2",
      /UDP port 8472 is taken by socat: stop that, vxlan needs it/,
      waiting("tunnel", "UDP-LISTEN:8472,reuseaddr", "ss -Hlun | grep -q :8472"),
      "systemctl stop tunnel",
    ),
    fault(
      "w2",
      /its own address 10\.244\.9\.1\/32 \(lo\) lies in network\.podCidr/,
      "ip address add 10.244.9.1/32 dev lo",
      "ip address del 10.244.9.1/32 dev lo",
    ),
    fault("w2", /\/etc\/machine-id holds no id/, ...instead("/etc/machine-id", "")),
    note("w2", /names no server that a pod could ask/, ...instead("/etc/resolv.conf", "nameserver 127.0.0.53")),
  ],
};

/** Turns IPv6 on or off on a host, and back to what each interface had. */
const ipv6 = (isOn: boolean): [plant: string, cure: string] => {
  const each = "for one in all default lo eth0";
  const value = "/proc/sys/net/ipv6/conf/$one/disable_ipv6";
  return [
    `${each}; do cp ${value} /root/ipv6-$one; done; sysctl -q net.ipv6.conf.all.disable_ipv6=${isOn ? 0 : 1}`,
    `${each}; do cat /root/ipv6-$one >${value}; rm /root/ipv6-$one; done`,
  ];
};

/** What needs IPv6. */
function ofBoth(config: ClusterConfig): Round {
  const both = (from: ClusterConfig) => withHosts(onBoth(from) as ClusterConfig, { w1: { flannelInterface: "pods6" } });
  const on = ipv6(true);
  const address = ((both(config).hosts.w1?.address ?? []) as readonly string[])[1];
  return {
    of: "what keeps IPv6 out",
    config: both,
    faults: [
      fault(
        "w1",
        /interface pods6 \(hosts\.w1\.flannelInterface\) has no IPv6 address/,
        "ip link add pods6 type bridge",
        "ip link del pods6",
      ),
      fault(
        "w1",
        /chain ip6 hard6 input drops what the cluster needs: tcp 10250/,
        `${on[0]}; ip -6 address add ${address}/64 dev eth0 nodad
         nft 'table ip6 hard6 { chain input { type filter hook input priority 5; ct state established accept; tcp dport 10250 drop; }; }'`,
        `nft delete table ip6 hard6; ip -6 address del ${address}/64 dev eth0; ${on[1]}`,
      ),
      fault("w2", /IPv6 is turned off here \(net\.ipv6\.conf\.all\.disable_ipv6 is not 0\)/, ...ipv6(false)),
      fault("w2", /fd\S+ is on none of its interfaces/),
    ],
  };
}

/** All rounds of a cluster with hosts m1, which has every role but worker, w1 and w2. */
export const rounds = (config: ClusterConfig): Round[] => [asked(config), before, ofBoth(config)];

/** The script that plants the faults of a host, or mends them in the other order. */
export function scriptFor({ faults }: Round, host: string, what: "plant" | "cure"): string {
  const scripts = faults.filter((it) => it.host === host).map((it) => it[what]);
  return (what === "cure" ? scripts.reverse() : scripts).join("\n");
}
