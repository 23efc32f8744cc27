// preparation of hosts beside ufw and firewalld: policy drop seen from outside, items on and off, and destroy gives everything back

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { preflight } from "../harness/preflight-report.ts";
import { addressIn, type ClusterConfig, type HostEntry, hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";

const { hosts: _, ...metal } = await onMetal("test-hosts-preparation");
const network = metal.nodeCidrs[0] as string;
/** Hosts are in a part of the network that this machine, its first address, is not in. */
const inside = network.replace("0/24", "16/28");
const config: ClusterConfig = {
  ...metal,
  nodeCidrs: [network],
  etcd: { throwAway: true },
  api: { ...metal.api, address: addressIn(network, 30) },
  hosts: { m1: hostAt(network, 17, "etcd", "balancer", "control-plane"), w1: hostAt(network, 21, "worker") },
  hostPreparation: { firewall: { policy: "drop", allow: [{ port: 9101, from: [network] }] } },
};
const fresh = new FreshHosts({ whole: true });

/** Which of these TCP ports of a host answer this machine, which is not a node. */
async function reachable(address: string, ports: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(
    ports.map(
      (port) =>
        new Promise<boolean>((resolve) => {
          const socket = connect({ host: address, port, timeout: 4000 });
          const end = (is: boolean) => {
            socket.destroy();
            resolve(is);
          };
          socket
            .on("connect", () => end(true))
            .on("error", () => end(false))
            .on("timeout", () => end(false));
        }),
    ),
  );
  return ports.filter((_port, index) => answers[index]);
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const [m1, w1] = [cluster.host("m1"), cluster.host("w1")];
    /** Gives w1 a preparation of its own. */
    const edit = async (hostPreparation: object | undefined) => {
      Object.assign(config.hosts.w1 as HostEntry, { hostPreparation });
      stack.configure(config);
      return await stack.up();
    };
    /** Ports on which something listens for others, and two of a program that is none of the cluster's. */
    const listening = async (host: typeof m1) => {
      await host.sh(`for port in 9100 9101; do
        systemctl is-active --quiet their-$port || systemd-run --quiet --collect --unit=their-$port socat TCP-LISTEN:$port,fork,reuseaddr EXEC:/bin/true; done`);
      const said = await host.sh("ss -Hltn | awk '$4 !~ /^(127\\.|\\[::1\\])/ {sub(/.*:/, \"\", $4); print $4}' | sort -un");
      return said.trim().split("\n").map(Number);
    };

    test("two nodes are Ready beside ufw and firewalld, which stay active", async () => {
      await cluster.settled();
      assert.match(await m1.sh("ufw status"), /^Status: active[\s\S]*8443\/tcp +ALLOW +Anywhere +# ha-kubernetes/m);
      assert.equal(await w1.sh("firewall-cmd --zone=trusted --list-sources"), `${inside} 10.244.0.0/16\n`);
    });

    test("with the program's firewall off, preflight names the two that would close the cluster's ports", async () => {
      stack.configure({ ...config, hostPreparation: { firewall: false } });
      const { status, text } = await preflight(stack);
      stack.configure(config);
      assert.equal(status, 1, text);
      assert.match(text, /m1\n(?: .*\n)* {2}PROBLEM {2}ufw is active and would close the cluster's ports/);
      assert.match(text, /w1\n(?: .*\n)* {2}PROBLEM {2}firewalld is active and would close the cluster's ports/);
    });

    test("from outside nodeCidrs only SSH, the API and allowed ports answer", async () => {
      const ports = await listening(m1);
      for (const port of [22, 2379, 2380, 6443, 8404, 8443, 9100, 9101, 10250])
        assert.ok(ports.includes(port), `${port}: ${ports}`);
      assert.deepEqual(await reachable(m1.address, ports), [22, 8443, 9101]);
      assert.deepEqual(await reachable(w1.address, await listening(w1)), [22, 9101]);
    });

    test("the same after both firewalls and nftables were loaded again", async () => {
      await m1.sh(
        "ufw reload >/dev/null; systemctl restart nftables; until nft list table inet ha_kubernetes >/dev/null 2>&1; do sleep 0.2; done; ufw reload",
      );
      await w1.sh("firewall-cmd --reload");
      assert.deepEqual(await reachable(m1.address, await listening(m1)), [22, 8443, 9101]);
      assert.deepEqual(await reachable(w1.address, await listening(w1)), [22, 9101]);
      await cluster.settled();
    });

    test("a second up runs nothing", () => assertNothingRuns(scenario));

    test("a table that would lock SSH out is taken back, and up says why", async () => {
      const table = "nft list table inet ha_kubernetes";
      const before = await m1.sh(table);
      // A tunnel: the port that the program knows is not the one that sshd has.
      const tunnel = createServer((from) => {
        const to = connect({ host: m1.address, port: 22 });
        from.pipe(to).pipe(from);
        for (const each of [from, to]) each.on("error", () => [from, to].map((socket) => socket.destroy()));
      }).listen(0, "127.0.0.1");
      await once(tunnel, "listening");
      const entry = config.hosts.m1 as HostEntry;
      Object.assign(entry, { sshAddress: "127.0.0.1", sshPort: (tunnel.address() as AddressInfo).port });
      stack.configure(config);
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0, text);
      assert.match(text, /no new SSH connection gets in, so it was taken back: sshd listens on \S+ port 22/);
      assert.equal(await m1.sh(table), before);
      assert.equal(await m1.sh("systemctl is-active ha-kubernetes-firewall-trial.timer || true"), "inactive\n");
      entry.hostPreparation = { firewall: { policy: "drop", allow: [{ port: 22 }, { port: 9101 }] } };
      stack.configure(config);
      await stack.up();
      assert.deepEqual(await reachable(m1.address, await listening(m1)), [22, 8443, 9101]);
      for (const key of ["sshAddress", "sshPort", "hostPreparation"]) delete entry[key];
      stack.configure(config);
      await stack.up();
      tunnel.close();
      assert.equal(await m1.sh(table), before);
    });

    test("items are turned on for one host, and off again: then the host is as before", async () => {
      const table = "nft list table inet ha_kubernetes";
      const state = `cat /etc/hosts; readlink /etc/localtime || true; systemctl is-enabled their their.socket; systemctl is-active their their.socket; ${table}
        dpkg-query -W -f '\${db:Status-Status} \${Package}\\n' | sort; ls /etc/systemd/journald.conf.d; cat /etc/systemd/journald.conf.d/*`;
      const before = await w1.trySh(state);
      const { text } = await edit({
        // The cluster's other keys of the firewall stay this host's, too.
        firewall: { policy: "close-known-ports" },
        hostsFile: "all",
        timeZone: "Asia/Tokyo",
        extraPackages: ["tree"],
        disabledServices: ["their", "postfix"],
        journal: { maxUse: "200M", retention: "2week", rateLimitBurst: 0 },
      });
      assert.match(text, /prepare-w1/);
      assert.doesNotMatch(text, /prepare-m1/);
      // Its socket would start it again.
      const units = "their.service their.socket";
      assert.equal(
        await w1.sh(`systemctl is-enabled ${units} || true; systemctl is-active ${units} || true`),
        "masked\nmasked\ninactive\ninactive\n",
      );
      const said = await w1.sh("tree --version; date +%Z; cat /etc/hosts; cat /etc/systemd/journald.conf.d/ha-kubernetes.conf");
      assert.match(said, /^tree v[\s\S]*^JST$[\s\S]* m1 # ha-kubernetes$[\s\S]*^MaxRetentionSec=2week$/m);
      assert.doesNotMatch(await w1.sh(table), /guard/);
      assert.match(await m1.sh(table), /guard/);
      await edit(undefined);
      assert.equal((await w1.trySh(state)).stdout, before.stdout);
    });

    test("containerd tries the config's own lines before they go live, and takes what it can read", async () => {
      const files =
        "sha256sum /etc/containerd/config.toml /etc/containerd/conf.d/*; systemctl show -p MainPID --value containerd";
      const before = await w1.sh(files);
      const withLines = (extraConfig: string) => stack.configure({ ...config, containerRuntime: { extraConfig } });
      withLines("oom_score = 'high'\n");
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0, text);
      assert.match(
        text,
        /containerd \S+ does not start with containerRuntime\.extraConfig: containerd: failed to unmarshal TOML/,
      );
      assert.equal(await w1.sh(files), before);
      withLines("[plugins.'io.containerd.gc.v1.scheduler']\npause_threshold = 0.05\n");
      await stack.up();
      assert.match(
        await w1.sh("containerd --config /etc/containerd/config.toml config dump 2>/dev/null"),
        /pause_threshold = 0\.05/,
      );
      stack.configure(config);
      await stack.up();
      await cluster.settled();
    });

    test("destroy gives everything back", async () => {
      for (const host of [m1, w1]) await host.sh("systemctl stop their-9100 their-9101");
      await stack.destroy();
      await fresh.assertClean(m1, w1);
    });
  },
  {
    prepare: async (scenario) => {
      await makeMetal(scenario);
      config.nodeCidrs = [inside];
      const { cluster } = scenario;
      const install = (packages: string) =>
        `apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${packages} >/dev/null`;
      await Promise.all([
        cluster
          .host("m1")
          // A test loads nftables again, which empties all tables and brings those of its file.
          .sh(
            `${install("ufw")}; systemctl restart nftables; ufw allow 22/tcp; ufw deny 2379/tcp comment mine; ufw allow 9100:9101/tcp; ufw --force enable`,
          ),
        cluster.host("w1").sh(
          `${install("firewalld")}; systemctl enable --quiet --now firewalld
          printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/their.service
          printf '[Socket]\\nListenStream=/run/their.sock\\n' >/etc/systemd/system/their.socket
          systemctl start their.socket; systemctl enable --quiet --now their; firewall-cmd -q --permanent --add-port=9100-9101/tcp; firewall-cmd -q --reload`,
        ),
      ]);
      await fresh.remember(cluster.hosts.values());
    },
  },
);
