import assert from "node:assert/strict";
import { test } from "node:test";
import { readStage } from "../../../check/wanted.ts";
import { parseCluster } from "../../../config/parse.ts";
import { record } from "../../../config/record.ts";
import { known } from "../../../providers/index.ts";
import { clusterOf, graphOf, type Registered } from "../../harness/graph.ts";

type Graph = Map<string, Registered>;

/** Names of what differs between two graphs, apart from what only one of them has. */
function changed(before: Graph, after: Graph): string[] {
  const text = (graph: Graph, name: string) => {
    // What an ignored input holds runs nothing: the host that mints a join, and what a first run is told.
    const { create, connection, triggers, ...inputs } = graph.get(name)?.inputs ?? {};
    const joins = name.includes(" join-") || name === command("nodes-ready");
    // A host that no `up` has recorded yet is looked at in each one.
    const looks = name.includes(" preflight-");
    return JSON.stringify({
      ...inputs,
      ...(!looks && { triggers }),
      ...(!joins && { connection }),
      ...(inputs.update === undefined && !joins && { create }),
    });
  };
  return [...before.keys()].filter((name) => after.has(name) && text(before, name) !== text(after, name)).sort();
}
const added = (before: Graph, after: Graph) => [...after.keys()].filter((name) => !before.has(name)).sort();
const command = (name: string) => `command:remote:Command ${name}`;
const scripts = (host: string) => `command:remote:CopyToRemote scripts-${host}`;

test("a worker has at most 5 resources, a host of every role at most 8 commands and 2 leaves of 3 resources", async () => {
  const graph = await graphOf(clusterOf(2));
  const ofHost = (host: string, kind: string) =>
    [...graph.keys()].filter((name) => name.startsWith(kind) && name.endsWith(`-${host}`));
  assert.deepEqual(ofHost("w1", "").sort(), [
    ...["join-w1", "preflight-w1", "prepare-w1", "worker-w1"].map(command),
    scripts("w1"),
  ]);
  assert.deepEqual(ofHost("m1", "command:").sort(), [
    ...["addons-m1", "balancer-m1", "control-plane-m1", "etcd-m1", "leaving-m1", "preflight-m1", "prepare-m1"].map(command),
    scripts("m1"),
  ]);
  assert.equal(ofHost("m1", "tls:").length, 6);
});

test("another worker changes nothing on any other host", async () => {
  const before = await graphOf(clusterOf(2));
  const after = await graphOf(clusterOf(3));
  assert.deepEqual(changed(before, after), []);
  assert.deepEqual(added(before, after), [...["join-w3", "preflight-w3", "prepare-w3", "worker-w3"].map(command), scripts("w3")]);
});

test("another control plane changes the balancers' lists of backends and nothing else", async () => {
  const before = await graphOf(clusterOf(1));
  const after = await graphOf(
    clusterOf(1, ({ hosts }) => {
      hosts.c4 = { ...hosts.m1, address: "10.0.0.14", roles: ["control-plane"] };
    }),
  );
  assert.deepEqual(changed(before, after), ["balancer-m1", "balancer-m2", "balancer-m3"].map(command));
});

test("with a balancer on every node, another worker touches no other host, and another control plane every node's balancer", async () => {
  const own = (edit: (hosts: Record<string, object>) => void) =>
    clusterOf(2, (cluster) => {
      const { hosts } = cluster;
      for (const name of ["m1", "m2", "m3"]) hosts[name] = { ...hosts[name], roles: ["etcd", "control-plane"] };
      cluster.balancer = { kind: "node-local" };
      cluster.api = { domainName: "api.test.internal" };
      edit(hosts);
    });
  const before = await graphOf(own(() => {}));
  const worker = await graphOf(
    own((hosts) => {
      hosts.w3 = { ...hosts.w2, address: "10.0.0.23" };
    }),
  );
  assert.deepEqual(changed(before, worker), []);
  assert.deepEqual(added(before, worker), [
    ...["balancer-w3", "join-w3", "preflight-w3", "prepare-w3", "worker-w3"].map(command),
    scripts("w3"),
  ]);
  const controlPlane = await graphOf(
    own((hosts) => {
      hosts.c4 = { ...hosts.m1, address: "10.0.0.14", roles: ["control-plane"] };
    }),
  );
  assert.deepEqual(
    changed(before, controlPlane),
    ["m1", "m2", "m3", "w1", "w2"].map((name) => command(`balancer-${name}`)),
  );
});

test("control planes that are workers make no worker; their role, labels and annotations change their own stage alone", async () => {
  const before = await graphOf(clusterOf(1));
  const with1 = (edit: Record<string, unknown>) =>
    graphOf(
      clusterOf(1, ({ hosts }) => {
        Object.assign(hosts.m1 as object, edit);
      }),
    );
  const roles = ["etcd", "balancer", "control-plane", "worker"];
  for (const edit of [
    { roles, pool: "general" },
    { labels: { a: "b" } },
    { annotations: { a: "b" } },
    { taints: [{ key: "a", effect: "NoExecute" }] },
  ]) {
    const after = await with1(edit);
    const own = ["control-plane-m1", ...("roles" in edit ? ["preflight-m1", "prepare-m1"] : [])].map(command);
    assert.deepEqual(changed(before, after), own, JSON.stringify(edit));
    assert.deepEqual(added(before, after), []);
  }
});

test("more etcd members change the apiservers' list of members and no member", async () => {
  const before = await graphOf(clusterOf(1));
  const after = await graphOf(
    clusterOf(1, ({ hosts }) => {
      for (const n of [4, 5]) hosts[`e${n}`] = { ...hosts.m1, address: `10.0.0.1${n}`, roles: ["etcd"] };
    }),
  );
  assert.deepEqual(changed(before, after), ["control-plane-m1", "control-plane-m2", "control-plane-m3"].map(command));
});

test("while the API moves, pods are started again once every host knows both places; what only workers wait for stays the same", async () => {
  const still = clusterOf(2);
  const moving = clusterOf(2, (cluster) => {
    cluster.api = { ...(cluster.api as object), port: 9443, former: { port: 8443 } };
  });
  const parsed = parseCluster(still, known);
  assert.ok(parsed.ok);
  const recorded = record(parsed.cluster, known);
  const names = ({ options }: Registered = { type: "", urns: [], inputs: {}, options: {} as never }) =>
    options.dependencies.map((urn) => urn.split("::").at(-1) ?? "").sort();
  const [before, after] = [await graphOf(still, recorded), await graphOf(moving, recorded)];
  const waitsFor = (graph: Graph, name: string) => names(graph.get(command(name)));
  const all = ["m1", "m2", "m3", "w1", "w2"].map((host) => `prepare-${host}`);
  const more = [...all, "balancer-m1", "balancer-m2", "balancer-m3"];
  for (const name of more) assert.ok(waitsFor(after, "addons-m1").includes(name), name);
  for (const name of more) assert.ok(!waitsFor(before, "addons-m1").includes(name), name);
  assert.deepEqual(waitsFor(after, "worker-w1"), waitsFor(before, "worker-w1"));
});

test("a control plane marks that it leaves before an etcd host of its own looks at the marks", async () => {
  const graph = await graphOf(
    clusterOf(1, ({ hosts }) => {
      for (const n of [1, 2, 3]) {
        hosts[`e${n}`] = { ...hosts.m1, address: `10.0.0.3${n}`, roles: ["etcd"] };
        hosts[`m${n}`] = { ...hosts[`m${n}`], roles: ["balancer", "control-plane"] };
      }
    }),
  );
  const looks = (name: string) => /setting MARKS=no/.test(String(graph.get(command(`leaving-${name}`))?.inputs.create));
  assert.deepEqual(["e1", "e2", "e3", "m1", "m2", "m3"].map(looks), [true, true, true, false, false, false]);
});

test("other backup settings run on etcd hosts alone, a restore there and on control planes", async () => {
  const before = await graphOf(clusterOf(1));
  const withEtcd = (etcd: object) => graphOf(clusterOf(1, (cluster) => Object.assign(cluster, { etcd })));
  const etcd = ["etcd-m1", "etcd-m2", "etcd-m3"].map(command);
  assert.deepEqual(changed(before, await withEtcd({ backup: { intervalMinutes: 5 } })), etcd);
  const restoreFrom = { id: "today", snapshot: "a.db", sha256: "0".repeat(64) };
  assert.deepEqual(changed(before, await withEtcd({ restoreFrom })), [
    ...["control-plane-m1", "control-plane-m2", "control-plane-m3"].map(command),
    ...etcd,
  ]);
});

test("the order in which a config lists its hosts never matters", async () => {
  const before = await graphOf(clusterOf(2));
  const after = await graphOf(
    clusterOf(2, (cluster) => {
      cluster.hosts = Object.fromEntries(Object.entries(cluster.hosts).reverse());
    }),
  );
  assert.deepEqual(changed(before, after), []);
  assert.deepEqual(added(before, after), []);
});

test("no member may start a cluster once one was recorded", async () => {
  const first = await graphOf(clusterOf(1));
  const parsed = parseCluster(clusterOf(1), known);
  assert.ok(parsed.ok);
  const later = await graphOf(clusterOf(1), record(parsed.cluster, known));
  const create = (graph: Graph) => String(graph.get(command("etcd-m1"))?.inputs.create);
  assert.match(create(first), /BIRTH_BOOTSTRAP=yes/);
  assert.match(create(later), /BIRTH_BOOTSTRAP=no/);
});

test("while the cluster is born nothing waits for more than it needs; afterwards all control planes come first", async () => {
  const after = (graph: Graph, name: string) =>
    (graph.get(command(name))?.options.dependencies ?? [])
      .map((urn) => urn.slice(urn.lastIndexOf(":") + 1))
      .filter((it) => /^(etcd|control-plane|balancer|join|prepare)-[mw]\d$/.test(it))
      .sort();
  const each = (stage: string) => ["m1", "m2", "m3"].map((host) => `${stage}-${host}`);
  const birth = await graphOf(clusterOf(1));
  assert.deepEqual(after(birth, "balancer-m2"), ["prepare-m2"]);
  assert.deepEqual(after(birth, "addons-m2"), [...each("balancer"), "control-plane-m2"]);
  assert.deepEqual(after(birth, "join-w1"), ["control-plane-m1", "prepare-w1"]);
  // A birth that was cut off is undone in this order, too: a worker asks the API, for which etcd needs its quorum.
  assert.deepEqual(after(birth, "worker-w1"), [...each("balancer"), ...each("control-plane"), "join-w1", "prepare-w1"]);
  const parsed = parseCluster(clusterOf(1), known);
  assert.ok(parsed.ok);
  const later = await graphOf(clusterOf(1), record(parsed.cluster, known));
  assert.deepEqual(after(later, "balancer-m2"), [...each("control-plane"), "prepare-m2"]);
  assert.deepEqual(after(later, "addons-m2"), each("control-plane"));
  assert.deepEqual(after(later, "join-w1"), ["control-plane-m1", "prepare-w1"]);
  // It follows the balancers: were it to name control planes, one more of those would write the state of every worker again.
  assert.deepEqual(after(later, "worker-w1"), [...each("balancer"), "join-w1", "prepare-w1"]);
  for (const controlPlane of each("control-plane")) assert.ok(waitsFor(later, command("worker-w1"), command(controlPlane)));
  assert.deepEqual(changed(birth, later), []);
});

test("where the balancer is not ours, a worker that joins a cluster waits for every control plane itself", async () => {
  const config = clusterOf(1, (cluster) => {
    for (const name of ["m1", "m2", "m3"]) cluster.hosts[name] = { ...cluster.hosts[name], roles: ["etcd", "control-plane"] };
    cluster.balancer = { kind: "external" };
  });
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok);
  const graph = await graphOf(config, record(parsed.cluster, known));
  const dependencies = graph.get(command("worker-w1"))?.options.dependencies ?? [];
  for (const name of ["m1", "m2", "m3"])
    assert.ok(
      dependencies.some((urn) => urn.endsWith(`::control-plane-${name}`)),
      `control-plane-${name}`,
    );
});

test("on a way of several minor versions control planes go through each, and nothing of that is undone or taken for what they hold", async () => {
  const parsed = parseCluster({ ...clusterOf(1), upgradePath: "auto" }, known);
  assert.ok(parsed.ok);
  const last = { ...record(parsed.cluster, known), kubernetesVersion: "1.34.4" };
  const graph = await graphOf({ ...clusterOf(1), upgradePath: "auto" }, last);
  const passing = [...graph.keys()].filter((name) => name.includes("control-plane-1."));
  assert.deepEqual(passing, ["control-plane-1.35.4-m1", "control-plane-1.35.4-m2", "control-plane-1.35.4-m3"].map(command));
  for (const name of passing) {
    const { create, delete: undo, stdin } = graph.get(name)?.inputs ?? {};
    assert.equal(undo, undefined);
    assert.match(String(create), /^# passing 1\.35\.4, control-plane on m\d of .*\n# version kubernetes 1\.35\.4$/m);
    assert.equal(readStage(String(create), String(stdin)), undefined);
  }
  const target = graph.get(command("control-plane-m1"))?.inputs ?? {};
  assert.equal(readStage(String(target.create), (target.stdin as { value: string }).value)?.versions.kubernetes, "1.36.3");
});

test("another Kubernetes version runs on every host, on etcd hosts too, for the snapshot", async () => {
  const before = await graphOf(clusterOf(1));
  const after = await graphOf(clusterOf(1, (cluster) => Object.assign(cluster, { kubernetesVersion: "1.36.1" })));
  const ofMasters = ["addons", "control-plane", "etcd"].flatMap((stage) => ["m1", "m2", "m3"].map((host) => `${stage}-${host}`));
  const prepare = ["m1", "m2", "m3", "w1"].map((host) => `prepare-${host}`);
  assert.deepEqual(changed(before, after), [...ofMasters, ...prepare, "worker-w1"].sort().map(command));
});

test("no visible text holds a key, a certificate's key or a token", async () => {
  for (const [name, { inputs }] of await graphOf(clusterOf(1))) {
    for (const key of ["create", "update", "delete"])
      assert.doesNotMatch(String(inputs[key]), /key of|token-of|result-of/, `${name} ${key}`);
  }
});

/** Whether one resource waits for another, in whatever way. */
function waitsFor(graph: Graph, name: string, wanted: string, seen = new Set<string>()): boolean {
  const nameOf = (urn: string) => urn.split("::").slice(-2).join(" ").replace(/^.*\$/, "");
  return (graph.get(name)?.options.dependencies ?? []).map(nameOf).some((it) => {
    if (it === wanted) return true;
    if (seen.has(it)) return false;
    seen.add(it);
    return waitsFor(graph, it, wanted, seen);
  });
}

test("a control plane marks that it leaves before anything on any host is undone", async () => {
  const graph = await graphOf(clusterOf(2));
  const others = [...graph.keys()].filter((name) => name.startsWith("command:") && !name.includes(" leaving-"));
  assert.equal(others.length, 3 * 7 + 2 * 5 + 1);
  for (const host of ["m1", "m2", "m3"])
    for (const other of others) assert.ok(waitsFor(graph, command(`leaving-${host}`), other), `leaving-${host}, ${other}`);
});

test("every command on a host waits for the host's scripts", async () => {
  const graph = await graphOf(clusterOf(2));
  const commands = [...graph.keys()].flatMap((name) => {
    const host = /^command:remote:Command (?!join-|nodes-ready).*-(\w+)$/.exec(name)?.[1];
    return host === undefined ? [] : [{ name, host }];
  });
  assert.equal(commands.length, 3 * 7 + 2 * 3);
  for (const { name, host } of commands) assert.ok(waitsFor(graph, name, scripts(host)), name);
});

test("scripts come again to a reinstalled host and with another word of repair, and never to one that is lost", async () => {
  const triggersOf = async (edit: Parameters<typeof clusterOf>[1]) =>
    (await graphOf(clusterOf(1, edit))).get(scripts("m1"))?.inputs.triggers;
  const before = await triggersOf(() => {});
  assert.notDeepEqual(
    await triggersOf(({ hosts }) => {
      hosts.m1 = { ...hosts.m1, incarnation: 2 };
    }),
    before,
  );
  assert.notDeepEqual(await triggersOf((cluster) => Object.assign(cluster, { repair: "today" })), before);
  const parsed = parseCluster(clusterOf(2), known);
  assert.ok(parsed.ok);
  const lost = clusterOf(2, ({ hosts }) => {
    hosts.w1 = { ...hosts.w1, lost: true };
  });
  const graph = await graphOf(lost, record(parsed.cluster, known));
  assert.deepEqual(
    [...graph.keys()].filter((name) => name.includes(" scripts-")),
    ["m1", "m2", "m3", "w2"].map(scripts),
  );
});

test("this machine as a host is brought nothing: its commands carry their scripts", async () => {
  const local = await graphOf(
    clusterOf(1, ({ hosts }) => {
      const { hostKey: _, ...w1 } = hosts.w1 as { hostKey: string };
      hosts.w1 = { ...w1, connection: "local" };
    }),
  );
  assert.ok(!local.has(scripts("w1")));
  const { create, stdin } = local.get("command:local:Command worker-w1")?.inputs ?? {};
  assert.doesNotMatch(String(create), /ha-kubernetes-scripts/);
  assert.ok((stdin as { value: string }).value.length > 20_000);
});
