// a real kernel: a cluster of one virtual machine with Debian 13; modules, sysctls, swap, clock, packages, boots, and all as before at the end

import assert from "node:assert/strict";
import { test } from "node:test";
import { sysctls } from "../../hosts/stages/prepare/system/kernel.ts";
import { checked } from "../harness/checked.ts";
import { FreshHosts } from "../harness/fresh.ts";
import type { LabHost } from "../harness/lab.ts";
import { clusterFrom, metal } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import {
  assertServiceAnswers,
  assertSystemd,
  clockAhead,
  makeMachine,
  onOneHost,
  packagesOf,
  patiently,
  reboot,
  setBack,
  swapOf,
  sysctlsOf,
} from "../harness/vm.ts";

const config = await onOneHost("test-vm");
for (const entry of Object.values(config.hosts)) entry.dataDevice = "/dev/disk/by-id/virtio-data1";

const wanted = new Map(sysctls(["etcd", "balancer", "control-plane"], clusterFrom(metal())));
const loaded = "br_netfilter nf_conntrack overlay vxlan";
const modules = `for one in ${loaded}; do [ -d /sys/module/$one ] && echo $one; done || true`;
const fresh = new FreshHosts({ whole: true });
let kernelBefore: Map<string, string>;
let swapBefore: string[] = [];

/** What every boot of a prepared host must show. */
async function assertPrepared(host: LabHost): Promise<void> {
  assert.equal((await host.sh(modules)).trim().split("\n").join(" "), loaded);
  assert.deepEqual(await sysctlsOf(host, [...wanted.keys()]), wanted);
  assert.deepEqual(await swapOf(host), []);
  assert.ok(Math.abs(await clockAhead(host)) < 30);
  assert.match(await host.sh("findmnt -n -o SOURCE /var/lib/etcd"), /^\/dev\/vd/);
  assert.match(await host.sh("nft list tables"), /^table inet ha_kubernetes$/m);
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = cluster.host("m1");

    test("the node is Ready with control groups of systemd, and its kernel and clock are prepared", async () => {
      scenario.said = await patiently(stack, "up");
      await cluster.settled(600);
      assert.match(scenario.said, /installing .*chrony conntrack curl/);
      await assertPrepared(host);
      await assertSystemd(host);
      await assertServiceAnswers(cluster);
    });

    test("a second up runs nothing, and check finds no fault", async () => {
      await assertNothingRuns(scenario);
      const { wrong } = await checked(stack);
      assert.deepEqual(
        wrong.filter((line) => line.includes(" FAIL ")),
        [],
      );
    });

    test("everything is back after a reboot", async () => {
      await reboot(host);
      await cluster.settled(600);
      await assertPrepared(host);
      await assertNothingRuns(scenario);
    });

    test("upgrades at night leave haproxy and keepalived alone, and a shutdown waits for pods all the same", async () => {
      // unattended-upgrades reads it so. A dry run of its own takes a quarter of an hour on an emulated processor.
      const said = await host.sh("apt-config dump Unattended-Upgrade::Package-Blacklist");
      for (const name of ["haproxy", "keepalived"]) assert.match(said, new RegExp(`Package-Blacklist:: "${name}\\$";`));
      const delay =
        "busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager InhibitDelayMaxUSec";
      assert.equal(await host.sh(delay), "t 60000000\n");
    });

    test("destroy takes modules, settings and packages back and gives the swap back", async () => {
      await patiently(stack, "destroy");
      assert.equal(await packagesOf(host), "");
      assert.deepEqual(await swapOf(host), swapBefore);
      assert.deepEqual(await sysctlsOf(host, [...kernelBefore.keys()]), kernelBefore);
      await fresh.assertClean(host);
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      const host = await makeMachine(scenario, { release: "trixie", disks: ["2G", "512M"] });
      // Swap in a file and on a disk, besides that in compressed memory.
      await host.sh(`
        fallocate -l 64M /swap; chmod 0600 /swap; mkswap -q /swap; echo '/swap none swap sw 0 0' >>/etc/fstab
        disk=/dev/disk/by-id/virtio-data2; mkswap -q $disk; echo "$disk none swap sw 0 0" >>/etc/fstab
        systemctl daemon-reload
        swapon -a`);
      await fresh.remember([host]);
      await setBack(host, config);
      kernelBefore = await sysctlsOf(host, [...wanted.keys()]);
      swapBefore = await swapOf(host);
      assert.deepEqual(swapBefore, ["/dev/vdd", "/dev/zram0", "/swap"]);
    },
  },
);
