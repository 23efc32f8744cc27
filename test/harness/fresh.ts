import type { LabHost } from "./lab.ts";
import { eventually } from "./process.ts";

/** Hosts as they were before the first `up`. */
export class FreshHosts {
  readonly #then = new Map<string, string>();

  /** Records the state of hosts. Call it before anything is done to them, and again after a reinstallation. */
  async remember(hosts: Iterable<LabHost>): Promise<void> {
    for (const host of hosts) this.#then.set(host.name, await snapshot(host));
  }

  /** Waits until each host is in its recorded state; throws the differences. */
  async assertClean(...hosts: LabHost[]): Promise<void> {
    for (const host of hosts) await this.#assertClean(host);
  }

  async #assertClean(host: LabHost): Promise<void> {
    await eventually(`${host.name} to be as it was`, 60, async () => {
      const then = (this.#then.get(host.name) ?? "").split("\n");
      const now = (await snapshot(host)).split("\n");
      const gone = then.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
      const more = now.filter((line) => !then.includes(line)).map((line) => `+ ${line}`);
      if (gone.length + more.length > 0) throw new Error([...gone, ...more].join("\n"));
      return true;
    });
  }
}

/**
 * Everything that a stage may change on a host: files by content, packages, units, processes, open ports, addresses, mounts, packet
 * filter tables, sysctls of the network. Left out are what systemd and apt write by themselves, docker's name server, whose port is
 * another one after each boot, and times.
 */
function snapshot(host: LabHost): Promise<string> {
  return host.sh(`
    cd /
    find etc usr/local opt root home var/lib/ha-kubernetes var/lib/etcd var/lib/kubelet -xdev ! -type d \\
      ! -path 'etc/ld.so.cache' ! -path 'etc/*-' ! -path 'etc/mtab' -printf '%p %m %U:%G %l\\n' 2>/dev/null | sort || true
    find etc usr/local opt -xdev -type f ! -path 'etc/ld.so.cache' ! -path 'etc/*-' -exec sha256sum {} + | sort -k2
    echo '== users'; cut -d: -f1 /etc/passwd | sort
    echo '== processes'; ps -eo comm= | grep -xE 'kubelet|etcd|haproxy|keepalived|containerd.*|kube-.*|flanneld|coredns' || true
    echo '== ports'; ss -Hltn | awk '$4 !~ /^127\\.0\\.0\\.11:/ {print $4}' | sort
    echo '== addresses'; ip -4 -o address show | awk '{print $2, $4}'
    echo '== mounts'; awk '{print $2, $3}' /proc/mounts | grep -vE '^/(proc|sys|dev|run/credentials)' | sort
    echo '== nftables'; nft list tables
    echo '== packages'; dpkg-query -W -f '\${db:Status-Status} \${Package}\n' | grep '^installed' | sort
    echo '== unit files'; systemctl list-unit-files --plain --no-legend | awk '$2 ~ /^(enabled|disabled|masked)/ {print $1, $2}' | sort
    echo '== sysctls'; sysctl -a 2>/dev/null | grep -E '^net\\.(ipv4\\.(ip_forward |conf\\.(all|default)\\.)|bridge\\.)' | sort
    echo '== host name'; cat /proc/sys/kernel/hostname
  `);
}
