// a balancer on every node: no virtual IP, every client on a host goes through its own haproxy, and an apiserver may die
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutPower, start } from "../harness/lab-faults.ts";
import { ApiClient } from "../harness/probe.ts";
import { eventually } from "../harness/process.ts";
import type { ClusterConfig } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const base = await threePlusTwo("test-node-local");
for (const host of Object.values(base.hosts)) host.roles = host.roles.filter((role) => role !== "balancer");
const api = { domainName: base.api.domainName } as ClusterConfig["api"];
const config: ClusterConfig = { ...base, api, balancer: { kind: "node-local" } };

/** Requests from a host to the API by its name, one after another on new connections: how many were sent, and which failed. */
const asking = `
  url=https://${base.api.domainName}:8443/livez sent=0 failed=0
  until [ -f /run/asked-enough ]; do
    curl -sS --output /dev/null --max-time 10 --cacert /etc/kubernetes/pki/ca.crt $url 2>>/run/asked-errors || failed=$((failed + 1))
    sent=$((sent + 1)); echo "$sent $failed" >/run/asked; sleep 0.05
  done`;

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const worker = () => cluster.host("w1");
  const proxyPid = async (name: string) => Number(await cluster.host(name).sh("systemctl show -p MainPID --value haproxy"));

  test("every node is Ready, and finds the API at itself: no host holds a virtual IP or runs keepalived", async () => {
    await cluster.settled();
    for (const host of cluster.hosts.values()) {
      assert.match(await host.sh("getent ahostsv4 api.test-node-local.internal"), /^127\.0\.0\.1 /);
      assert.match(
        await host.sh("ss -Hltn '( sport = :8443 or sport = :8404 )' | awk '{print $4}' | sort | paste -sd' '"),
        /^127\.0\.0\.1:8404 127\.0\.0\.1:8443\n$/,
      );
      assert.equal((await host.trySh("systemctl is-active keepalived")).stdout, "inactive\n");
    }
    assert.match(
      await worker().sh("cat /etc/kubernetes/kubelet.conf"),
      /server: https:\/\/api\.test-node-local\.internal:8443\n/,
    );
    const proxies = await cluster.get("configmap kube-proxy -n kube-system");
    assert.match(proxies.data["kubeconfig.conf"], /server: https:\/\/api\.test-node-local\.internal:8443\n/);
  });

  test("the kubeconfig names a control plane, which answers", async () => {
    const kubeconfig = await stack.output("kubeconfig");
    assert.ok(kubeconfig.includes(`server: https://${config.hosts.m1?.address}:6443\n`));
    const { status } = await new ApiClient(kubeconfig).send("GET", "/api/v1/nodes");
    assert.equal(status, 200);
  });

  test("a second up runs nothing", () => assertNothingRuns(scenario));

  test("an apiserver dies with its host: requests of a worker go on, and its Node stays Ready", async () => {
    await worker().sh(`rm -f /run/asked*; systemd-run --quiet --unit asking bash -c '${asking}'`);
    const asked = async () =>
      (await worker().sh("cat /run/asked 2>/dev/null || echo 0 0")).trim().split(" ").map(Number) as [number, number];
    const sent = async (more: number) => {
      const [before] = await asked();
      await eventually(`${more} more requests`, 120, async () => (await asked())[0] >= before + more);
    };
    await sent(20);
    await cutPower(config.name, "m2");
    await sent(100);
    await worker().sh("touch /run/asked-enough");
    const [count, failed] = await asked();
    console.log(
      `a worker's requests through its own balancer, while a control plane lost power: ${count} sent, ${failed} failed`,
    );
    assert.equal(await worker().sh("cat /run/asked-errors"), "");
    await eventually("w1 to stay Ready", 60, async () => (await cluster.readyNodes()).includes("w1"));
    await start(config.name, "m2");
    await cluster.settled(300);
  });

  test("a worker's haproxy is killed: systemd starts it, and nothing else notices", async () => {
    const before = await proxyPid("w1");
    await worker().sh("systemctl kill --signal KILL haproxy");
    await eventually("another haproxy", 30, async () => ![0, before].includes(await proxyPid("w1")));
    await eventually(
      "it to reach an apiserver",
      30,
      async () => (await worker().trySh("curl -sf http://127.0.0.1:8404/health")).status === 0,
    );
    await cluster.nodesReady();
  });

  test("a setting of the balancer is an edit: every node reloads, and none restarts", async () => {
    const names = [...cluster.hosts.keys()];
    const before = await Promise.all(names.map(proxyPid));
    stack.configure({ ...config, balancer: { kind: "node-local", checkIntervalMilliseconds: 500 } });
    const { text } = await stack.up();
    assert.match(text, /balancer on w1: .*reloaded haproxy/);
    assert.deepEqual(await Promise.all(names.map(proxyPid)), before);
    await cluster.settled();
  });

  test("a worker leaves through its own balancer, which goes after it", async () => {
    const { w1: _, ...rest } = config.hosts;
    stack.configure({ ...config, hosts: rest, balancer: { kind: "node-local", checkIntervalMilliseconds: 500 } });
    const { text } = await stack.up();
    assert.match(text, /worker on w1: .*left the cluster/);
    assert.deepEqual((await cluster.list("nodes")).map(({ metadata }) => metadata.name).sort(), ["m1", "m2", "m3", "w2"]);
  });
});
