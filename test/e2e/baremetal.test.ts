// hosts that exist, reached by a user with sudo: destroy undoes everything, whatever state the cluster is in, and up works again
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutNetwork, healNetwork } from "../../lab/faults.ts";
import type { LabHost } from "../support/lab.ts";
import { makeMetal, onMetal } from "../support/metal.ts";
import { eventually } from "../support/process.ts";
import { assertNothingRuns, onCluster } from "../support/scenario.ts";
import { startWhereAmI } from "../support/workload.ts";

const budget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: whereami, namespace: default }
spec: { maxUnavailable: 0, selector: { matchLabels: { app: whereami } } }
`;

const fresh = new Map<string, string>();

onCluster(
  onMetal("test-metal", 2),
  (scenario) => {
    const { stack, cluster } = scenario;

    test("five nodes are Ready, and a second up runs nothing", async () => {
      await cluster.settled();
      await assertNothingRuns(scenario);
    });

    test("destroy under a PodDisruptionBudget that allows nothing leaves hosts as they were", async () => {
      await startWhereAmI(cluster);
      await cluster.apply(budget);
      await stack.destroy();
      await assertAllClean();
    });

    test("up on the same hosts again, then destroy with etcd stopped on two of three", async () => {
      await stack.up();
      await cluster.settled();
      for (const name of ["m1", "m2"]) await cluster.host(name).sh("systemctl stop etcd");
      await stack.destroy();
      await assertAllClean();
    });

    test("destroy with a host that can't be reached names it and the way out, undoes the others, and ends once it is back", async () => {
      await stack.up();
      await cluster.settled();
      await cutNetwork(scenario.config.name, "w2");
      const { status, text } = await stack.engine("destroy", ["--yes"]);
      assert.notEqual(status, 0);
      assert.match(text, /w2/);
      assert.match(text, /lost: true/);
      await assertClean(cluster.host("w1"));
      await healNetwork(scenario.config.name, "w2");
      await stack.destroy();
      await assertAllClean();
      assert.deepEqual(stack.resources(), []);
    });

    async function assertAllClean(): Promise<void> {
      for (const host of cluster.hosts.values()) await assertClean(host);
    }
  },
  {
    prepare: async (scenario) => {
      await makeMetal(scenario);
      for (const host of scenario.cluster.hosts.values()) fresh.set(host.name, await snapshot(host));
    },
  },
);

/** A host is as it was before the first `up`. */
async function assertClean(host: LabHost): Promise<void> {
  await eventually(`${host.name} to be as it was`, 20, async () => {
    const [then, now] = [fresh.get(host.name) ?? "", await snapshot(host)].map((text) => text.split("\n")) as [
      string[],
      string[],
    ];
    const [gone, more] = [then.filter((line) => !now.includes(line)), now.filter((line) => !then.includes(line))];
    if (gone.length > 0 || more.length > 0)
      throw new Error(
        `${gone
          .map((it) => `- ${it}`)
          .concat(more.map((it) => `+ ${it}`))
          .join("\n")}`,
      );
    return true;
  });
}

/**
 * What a stage may have changed on a host: files by content, units, processes, open ports, addresses, mounts, packet filter tables.
 * Left out are packages (they stay installed), what systemd and apt write by themselves, and times.
 */
function snapshot(host: LabHost): Promise<string> {
  return host.sh(`
    cd /
    find etc usr/local opt root var/lib/ha-kubernetes var/lib/etcd var/lib/kubelet -xdev ! -type d \\
      ! -path 'etc/ld.so.cache' ! -path 'etc/*-' ! -path 'etc/mtab' -printf '%p %m %U:%G %l\\n' 2>/dev/null | sort || true
    find etc usr/local opt -xdev -type f ! -path 'etc/ld.so.cache' ! -path 'etc/*-' -exec sha256sum {} + | sort -k2
    echo '== users'; cut -d: -f1 /etc/passwd | sort
    echo '== processes'; ps -eo comm= | grep -xE 'kubelet|etcd|haproxy|keepalived|containerd.*|kube-.*|flanneld|coredns' || true
    echo '== ports'; ss -Hltn | awk '{print $4}' | sort
    echo '== addresses'; ip -4 -o address show | awk '{print $2, $4}'
    echo '== mounts'; awk '{print $2, $3}' /proc/mounts | grep -vE '^/(proc|sys|dev)' | sort
    echo '== nftables'; nft list tables
    echo '== host name'; cat /proc/sys/kernel/hostname
  `);
}
