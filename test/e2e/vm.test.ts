// a real kernel: a cluster of one virtual machine with Debian 13; modules, sysctls, swap, clock, packages, boots, and all as before at the end

import assert from "node:assert/strict";
import { test } from "node:test";
import { sysctls } from "../../hosts/stages/prepare/system/kernel.ts";
import { FreshHosts } from "../harness/fresh.ts";
import type { LabHost } from "../harness/lab.ts";
import { bundleManifest, makeMetal, onMetal } from "../harness/metal.ts";
import { addressIn, clusterFrom, metal } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { clockAhead, reboot, serveBundle, serveTime, swapOf, sysctlsOf } from "../harness/vm.ts";

const config = await onMetal("test-vm");
const { m1 } = config.hosts;
assert.ok(m1);
config.hosts = { m1 };
config.etcd = { throwAway: true };
m1.dataDevice = "/dev/disk/by-id/virtio-data1";

const wanted = new Map(sysctls(["etcd", "balancer", "control-plane"], clusterFrom(metal())));
const loaded = "br_netfilter nf_conntrack overlay vxlan";
const packages = "chrony conntrack curl ethtool haproxy iptables keepalived socat";
const installed = `dpkg-query -W -f '\${db:Status-Status} \${Package}\\n' ${packages} 2>/dev/null | awk '$1 == "installed" {print $2}'`;
const modules = `for one in ${loaded}; do [ -d /sys/module/$one ] && echo $one; done || true`;
const fresh = new FreshHosts();
let kernelBefore: Map<string, string>;
let swapBefore: string[] = [];

/** What every boot of a prepared host must show. */
async function assertPrepared(host: LabHost): Promise<void> {
  assert.equal((await host.sh(modules)).trim().split("\n").join(" "), loaded);
  assert.deepEqual(await sysctlsOf(host, [...wanted.keys()]), wanted);
  assert.deepEqual(await swapOf(host), []);
  assert.ok(Math.abs(await clockAhead(host)) < 30);
  assert.match(await host.sh("findmnt -n -o SOURCE /var/lib/etcd"), /^\/dev\/vd/);
  assert.match(await host.sh("nft list tables"), /ha-kubernetes/);
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = cluster.host("m1");

    test("the node is Ready with control groups of systemd, and its kernel and clock are prepared", async () => {
      await cluster.settled(600);
      assert.match(scenario.said, /installing chrony conntrack curl/);
      await assertPrepared(host);
      assert.match(await host.sh("cat /etc/containerd/conf.d/host.toml"), /SystemdCgroup = true/);
      const slices = await host.sh("systemctl list-units --plain --no-legend 'kubepods*.slice' | awk '{print $1, $3}'");
      assert.match(slices, /^kubepods\.slice active$/m);
      const [pid] = (await host.sh("pgrep -x etcd || true; pgrep -f kube-apiserver")).trim().split("\n").reverse();
      assert.match(
        await host.sh(`cat /proc/${pid}/cgroup`),
        /kubepods-burstable-pod[0-9a-f_]+\.slice\/cri-containerd-[0-9a-f]+\.scope/,
      );
    });

    test("a second up runs nothing", () => assertNothingRuns(scenario));

    test("everything is back after a reboot", async () => {
      await reboot(host);
      await cluster.settled(600);
      await assertPrepared(host);
      await assertNothingRuns(scenario);
    });

    test("kube-proxy changes to ipvs, with the kernel's modules", async () => {
      config.network = { kubeProxyMode: "ipvs" };
      stack.configure(config);
      await stack.up();
      await cluster.settled(600);
      assert.match(await host.sh("ls -d /sys/module/ip_vs /sys/module/ip_vs_rr; ipvsadm -ln"), /TCP {2}10\.\S+:443 rr/);
    });

    test("destroy takes modules, settings and packages back and gives the swap back", async () => {
      await stack.destroy();
      assert.equal(await host.sh(installed), "");
      assert.deepEqual(await swapOf(host), swapBefore);
      assert.deepEqual(await sysctlsOf(host, [...kernelBefore.keys()]), kernelBefore);
      await fresh.assertClean(host);
    });
  },
  {
    prepare: async (scenario) => {
      const machine = { release: "trixie", memoryMebibytes: 3072, disks: ["2G", "512M"] } as const;
      await makeMetal(scenario, {}, { m1: machine });
      const outside = addressIn(config, 1);
      await serveTime(outside);
      config.artifacts = {
        source: "mirror",
        location: await serveBundle(outside),
        manifest: bundleManifest,
      };
      scenario.stack.configure(config);
      const host = scenario.cluster.host("m1");
      // Swap in a file and on a disk, besides that in compressed memory; a clock that is wrong; and whom chrony asks once it is there.
      await host.sh(`
        fallocate -l 64M /swap; chmod 0600 /swap; mkswap -q /swap; echo '/swap none swap sw 0 0' >>/etc/fstab
        disk=/dev/disk/by-id/virtio-data2; mkswap -q $disk; echo "$disk none swap sw 0 0" >>/etc/fstab
        systemctl daemon-reload
        swapon -a
        mkdir -p /etc/chrony/sources.d; echo 'server ${outside} iburst' >/etc/chrony/sources.d/test.sources
        date -s '+90 minutes' >/dev/null`);
      await fresh.remember([host]);
      kernelBefore = await sysctlsOf(host, [...wanted.keys()]);
      swapBefore = await swapOf(host);
      assert.deepEqual(swapBefore, ["/dev/vdd", "/dev/zram0", "/swap"]);
      assert.equal(await host.sh(installed), "");
    },
  },
);
