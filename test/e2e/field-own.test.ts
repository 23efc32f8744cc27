// hosts that hold something already: up names leftovers and touches none, uses empty places, and destroy restores everything

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Disks } from "../harness/disks.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { type Lab, reinstallHost } from "../harness/lab-hosts.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import type { ClusterConfig, HostEntry } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";

const { hosts: all, ...rest } = await onMetal("test-own");
const { w2: _, ...hosts } = all;
const config: ClusterConfig = { ...rest, hosts, etcd: { dataDirectory: "/srv/etcd", backup: { directory: "/srv/snapshots" } } };
const entry = (name: string) => config.hosts[name] as HostEntry;
for (const name of ["m2", "m3"]) entry(name).dataDevice = "/dev/data";

const disks = new Disks();
const fresh = new FreshHosts();
let lab: Lab;
let old = "";
let blank = "";

/** Scripts that create leftovers, by host. */
const leftovers: Record<string, string> = {
  // An etcd that served an earlier cluster, its user and settings, and a foreign directory.
  m1: `mkdir /tmp/old; tar -xf /var/cache/ha-kubernetes/bundle/etcd-3.6.14-linux-amd64.tar -C /tmp/old
    /tmp/old/etcd --name old --data-dir /srv/etcd >/tmp/old/log 2>&1 & pid=$!
    until /tmp/old/etcdctl put /registry/configmaps/default/ghost x 2>/dev/null; do sleep 0.2; done
    kill $pid; wait $pid || true
    useradd --system etcd; mkdir -p /etc/etcd /srv/snapshots; echo x >/etc/etcd/etcd.conf; echo x >/srv/snapshots/thesis
    printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/etcd.service; systemctl daemon-reload`,
  // A mount at the data directory, and a line of fstab for one.
  m2: "mkdir -p /srv/etcd; mount -t tmpfs tmpfs /srv/etcd",
  m3: "echo 'UUID=1234 /srv/etcd xfs defaults 0 0' >>/etc/fstab",
  w1: `mkdir -p /etc/kubernetes/pki /etc/cni/net.d /var/lib/cni/networks
    echo x >/etc/kubernetes/pki/ca.crt; echo '{}' >/etc/cni/net.d/87-podman-bridge.conflist
    echo x >/var/lib/kubelet/config.yaml; echo x >/var/lib/containerd/meta.db; echo x >/var/lib/cni/networks/lock`,
};
/** The cures of the messages, by host. */
const cures: Record<string, string> = {
  m1: `mkdir -p /srv/etcd.old && mv /srv/etcd/* /srv/etcd.old/; userdel etcd
    mkdir -p /etc/etcd.old && mv /etc/etcd/* /etc/etcd.old/; rm /srv/snapshots/thesis
    rm /etc/systemd/system/etcd.service; systemctl daemon-reload`,
  m2: "umount /srv/etcd; wipefs --all /dev/data && mkfs.ext4 -q /dev/data",
  m3: "sed -i '/UUID=1234/d' /etc/fstab",
  w1: ["/etc/kubernetes", "/etc/cni/net.d", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/cni"]
    .map((place) => `mkdir -p ${place}.old && mv ${place}/* ${place}.old/`)
    .join("\n"),
};
/** Foreign files that are replaced and restored. */
const inTheWay: Record<string, string> = {
  m3: "mkdir -p /opt/cni/bin; echo theirs >/opt/cni/bin/bridge; echo theirs >/usr/local/bin/etcdctl",
  w1: "echo theirs >/usr/local/bin/kubectl; ln -s /bin/true /usr/local/bin/runc; mkdir -p /etc/containerd; echo theirs >/etc/containerd/config.toml",
};

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    after(() => disks.remove());
    const each = async (scripts: Record<string, string>) => {
      for (const [name, script] of Object.entries(scripts)) await cluster.host(name).sh(script);
    };
    const planted = () =>
      Promise.all(
        [...cluster.hosts.values()].map((host) =>
          host.sh(`find /srv /etc/etcd /etc/kubernetes /etc/cni /var/lib/kubelet /var/lib/containerd /var/lib/cni \\
            -printf '%p %m %U:%G %s %T@\\n' 2>/dev/null | sort || true
            [ ! -b /dev/data ] || sha256sum /dev/data; cat /etc/fstab; id etcd 2>&1 || true`),
        ),
      );

    test("up refuses leftovers on all hosts at once, says how to move each away, and touches none", async () => {
      await each(inTheWay);
      await fresh.remember(cluster.hosts.values());
      await each(leftovers);
      const before = await planted();
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      const said = text.replaceAll(/\s+/g, " ");
      for (const line of [
        "/srv/etcd is not empty (member) and does not carry this cluster's mark (etcd.dataDirectory). Move it away if it may go: mkdir -p /srv/etcd.old",
        "a user etcd is here already",
        "/etc/etcd holds etcd.conf",
        "a service etcd is here already (/etc/systemd/system/etcd.service)",
        "/srv/snapshots holds something that is not a snapshot of etcd (thesis)",
        "/srv/etcd is a mount of tmpfs already, so /dev/data would not be used (hosts.m2.dataDevice)",
        "/etc/fstab mounts UUID=1234 at /srv/etcd (hosts.m3.dataDevice)",
        "/etc/kubernetes holds pki",
        "/etc/cni/net.d holds 87-podman-bridge.conflist",
        "/var/lib/kubelet holds config.yaml",
        "/var/lib/containerd holds meta.db",
        "/var/lib/cni holds networks",
      ])
        assert.ok(said.includes(line), `${line}\n${text}`);
      assert.deepEqual(await planted(), before);
    });

    test("up refuses a disk that is not blank once it would use it", async () => {
      await cluster.host("m2").sh("umount /srv/etcd");
      const before = await cluster.host("m2").sh("sha256sum /dev/data");
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      const line =
        /\/dev\/data is not blank: it holds more than one thing \(ext4 btrfs\) \(hosts\.m2\.dataDevice\)\. If its content may go, .*: wipefs --all \/dev\/data && mkfs\.ext4 -q \/dev\/data/;
      assert.match(text, line);
      assert.equal(await cluster.host("m2").sh("sha256sum /dev/data"), before);
      await cluster.host("m2").sh("mount -t tmpfs tmpfs /srv/etcd");
    });

    test("a destroy after a refused up touches no leftovers either", async () => {
      const before = await planted();
      await stack.destroy();
      assert.deepEqual(await planted(), before);
      // No cluster owns the hosts, and another one may use them.
      for (const host of cluster.hosts.values())
        await host.sh("[ ! -e /var/lib/ha-kubernetes ] && rm /home/ops/.ha-kubernetes-scripts.tar.gz");
    });

    test("up succeeds once the leftovers are moved as the messages say, and takes nothing of the old cluster", async () => {
      await each(cures);
      await fresh.assertClean(cluster.host("m2"), cluster.host("m3"));
      await fresh.remember(cluster.hosts.values());
      await stack.up();
      await cluster.settled();
      assert.equal(await cluster.etcdctl("get --keys-only /registry/configmaps/default/ghost"), "");
      for (const name of ["m1", "m2", "m3"]) {
        const host = cluster.host(name);
        assert.match(await host.sh("cat /srv/etcd/.ha-kubernetes /srv/snapshots/.ha-kubernetes"), /^(test-own\/\S+ m\d\n){2}$/);
        assert.match(await host.sh("stat -c '%a %U' /srv/etcd /srv/snapshots"), /^(700 etcd\n){2}$/);
        if (name !== "m1") assert.equal((await host.sh("mountpoint -d /srv/etcd")).trim(), await numberOf(name));
      }
      assert.match(await cluster.host("w1").sh("readlink /usr/local/bin/kubectl"), /^\/opt\/ha-kubernetes\//);
    });

    const numberOf = async (name: string) =>
      (await cluster.host(name).sh("echo $((0x$(stat -c %t /dev/data))):$((0x$(stat -c %T /dev/data)))")).trim();

    test("up recognizes unmarked hosts of the previous release by their files; a symlink by user etcd gives it no file", async () => {
      for (const name of ["m1", "m2", "m3"])
        await cluster
          .host(name)
          .sh("rm -rf /srv/etcd/.ha-kubernetes /srv/snapshots/.ha-kubernetes /var/lib/ha-kubernetes/{saved/etcd,looked-around}");
      const m1 = cluster.host("m1");
      await m1.sh(`echo x >/root/victim; owner=$(sed -n 's/^BACKUP_NAME=//p' /etc/etcd-backup/settings.env)
        runuser -u etcd -- ln -s /root/victim /srv/snapshots/$owner.20260101T000000Z.r1.db; runuser -u etcd -- chmod 0755 /srv/snapshots`);
      stack.configure({ ...config, repair: "marks" });
      const { text } = await stack.up();
      assert.doesNotMatch(text, /\b\d+ (created|deleted)/);
      for (const name of ["m1", "m2", "m3"]) await cluster.host(name).sh("grep -h ' m' /srv/{etcd,snapshots}/.ha-kubernetes");
      assert.equal((await m1.sh("stat -c '%a %U' /srv/snapshots /root/victim")).trim(), "700 etcd\n644 root");
      await m1.sh("rm /root/victim; find /srv/snapshots -type l -delete");
    });

    test("up recognizes an unmarked disk of the previous release on a new machine by etcd's log", async () => {
      const m3 = cluster.host("m3");
      const member = await cluster.etcdctl("member list | grep ' m3,'");
      await m3.sh("systemctl stop etcd; rm /srv/etcd/.ha-kubernetes; umount /srv/etcd");
      await reinstallHost(lab, "m3");
      await disks.give(blank, m3, "/dev/data");
      await each({ m3: inTheWay.m3 as string });
      await fresh.remember([m3]);
      entry("m3").incarnation = 2;
      stack.configure({ ...config, repair: "marks" });
      await stack.up();
      await cluster.settled();
      assert.equal(await cluster.etcdctl("member list | grep ' m3,'"), member);
      assert.match(await m3.sh("cat /srv/etcd/.ha-kubernetes"), / m3\n$/);
    });

    test("destroy deletes its own files, leaves the rest, and restores what it replaced", async () => {
      await cluster.host("m1").sh("mkdir /srv/etcd/photos; echo x >/srv/etcd/photos/1");
      await cluster.host("w1").sh(`nft add table ip6 mangle
        nft 'add chain ip6 mangle FORWARD { type filter hook forward priority mangle; policy drop; }'`);
      await stack.destroy();
      assert.match(await cluster.host("w1").sh("nft list table ip6 mangle; nft delete table ip6 mangle"), /policy drop/);
      await fresh.assertClean(...cluster.hosts.values());
      assert.equal(await cluster.host("m1").sh("ls -A /srv/etcd"), "photos\n");
      assert.match(await cluster.host("m1").sh("find /srv/etcd.old -type f"), /\/srv\/etcd\.old\/member\/wal\//);
      for (const host of cluster.hosts.values())
        assert.equal(await host.sh("ls -A /var/log/pods /var/log/containers 2>/dev/null || true"), "", host.name);
      for (const name of ["m2", "m3"]) {
        const left = "mount -o ro /dev/data /mnt; find /mnt -mindepth 1; umount /mnt";
        assert.equal(await cluster.host(name).sh(left), "/mnt/lost+found\n");
      }
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      lab = await makeMetal(scenario);
      [old, blank] = [await disks.make(), await disks.make()];
      await disks.give(old, scenario.cluster.host("m2"), "/dev/data");
      await disks.give(blank, scenario.cluster.host("m3"), "/dev/data");
      await scenario.cluster.host("m2").sh(`mkfs.ext4 -q /dev/data; mount /dev/data /mnt; echo x >/mnt/family-photos; umount /mnt
        printf _BHRfS_M | dd of=/dev/data bs=1 seek=65600 conv=notrunc status=none`);
    },
  },
);
