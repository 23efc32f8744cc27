// nodes: up ends when all are Ready, a repair restores deleted Nodes and expired credentials, and a worker has only a worker's rights

import assert from "node:assert/strict";
import { test } from "node:test";
import { isReady } from "../harness/cluster.ts";
import { eventually, run } from "../harness/process.ts";
import { hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { assertPodsReachEachOther, startGuarded } from "../harness/workload.ts";

const config = await threePlusTwo("test-field-nodes");
const root = new URL("../../", import.meta.url).pathname;
const kubeletKubectl = "kubectl --cache-dir /run/kubectl-of-tests --kubeconfig /etc/kubernetes/kubelet.conf";
const credential = "/var/lib/kubelet/pki/kubelet-client-current.pem";

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const all = Object.keys(config.hosts);

  /** Findings of `check` about nodes, as `place subject`. */
  const wrong = async (): Promise<string[]> => {
    const args = ["engine/launch.mjs", "run", "check/check-stack.ts", "check", "--json", "--stack", stack.name];
    const { stdout, text } = await run(process.execPath, args, {
      cwd: root,
      limitSeconds: 120,
      env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase },
    });
    assert.ok(stdout.startsWith("{"), text);
    const { places } = JSON.parse(stdout) as { places: { place: string; findings: { level: string; subject: string }[] }[] };
    const lines = places.flatMap(({ place, findings }) =>
      findings.filter(({ level }) => level !== "OK").map(({ subject }) => `${place} ${subject}`),
    );
    return lines.filter((line) => / (Node|pod |pool of|range of|certificate|\/var\/lib\/kubelet)/.test(line)).sort();
  };
  const repair = async (word: string): Promise<string> => {
    stack.configure({ ...config, repair: word });
    const started = Date.now();
    const { text } = await stack.up();
    console.log(`repair ${word} took ${Math.round((Date.now() - started) / 1000)} s`);
    return text;
  };
  const asKubelet = (name: string, args: string) => cluster.host(name).trySh(`${kubeletKubectl} ${args}`);
  const range = async (name: string): Promise<string> => (await cluster.get(`node ${name}`)).spec.podCIDR;

  test("up ends when every Node is Ready; no join token remains, and nodes can't change their pool", async () => {
    assert.deepEqual((await cluster.readyNodes()).sort(), all.toSorted());
    assert.deepEqual(await cluster.list("secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token"), []);
    assert.deepEqual((await cluster.get("configmap ha-kubernetes-pools -n kube-system")).data, { w1: "general", w2: "general" });
    await assertNothingRuns(scenario);
  });

  test("up names Nodes that do not become Ready with the cause, and ends", async () => {
    const awaiting = await cluster
      .host("m1")
      .trySh("DEADLINE=2 /usr/local/lib/ha-kubernetes/await-nodes.sh flannel m1 w1 nobody");
    assert.equal(awaiting.status, 1);
    assert.match(awaiting.stderr, /ERROR: after 2 s these Nodes are not Ready:\nnobody: the API has no such Node\nMend that/);
  });

  test("a worker can't choose its pool, read pods of others, fill etcd or take turns for others", async () => {
    const refused = async (args: string, why: RegExp) => {
      const { status, stderr } = await asKubelet("w1", args);
      assert.notEqual(status, 0, args);
      assert.match(stderr, why, args);
    };
    await refused("label node w1 --overwrite ha-kubernetes/pool=gpu", /the label ha-kubernetes\/pool of this node is general/);
    await refused("label node w1 ha-kubernetes/pool-", /a node keeps its label ha-kubernetes\/pool/);
    await refused("get pod kube-apiserver-m1 -n kube-system", /forbidden|no relationship/i);
    await refused("get daemonset flannel -n kube-flannel", /forbidden/i);
    await refused('-n kube-system patch configmap ha-kubernetes-pools -p \'{"data":{"w1":"gpu"}}\'', /forbidden/i);
    const turn = "-n ha-kubernetes-turns create configmap";
    await refused(`${turn} general-0 --from-literal=holder=w2`, /a node takes turns for itself alone/);
    await refused(`${turn} gpu-0 --from-literal=holder=w1`, /a node writes the turns of its own pool, general/);
    await refused(
      `${turn} general-0 --from-literal=holder=w1 --from-literal=at="$(head -c 4000 /dev/zero | tr '\\0' x)"`,
      /a few short words/,
    );
    assert.equal((await asKubelet("w1", `${turn} general-0 --from-literal=holder=w1 --from-literal=at=1`)).status, 0);
    assert.equal((await asKubelet("w1", "-n ha-kubernetes-turns delete configmap general-0")).status, 0);
    // Its own annotations remove no taint.
    await cluster.kubectl("taint node w2 quarantine=x:PreferNoSchedule");
    await asKubelet("w2", "annotate node w2 ha-kubernetes/taints=quarantine=x:PreferNoSchedule");
  });

  test("check finds a deleted Node, a lost label and a changed pod network; a plain up fixes none, a repair all", async () => {
    const before = { w1: await range("w1"), m2: await range("m2") };
    await startGuarded(cluster);
    await cluster.kubectl("label node w2 ha-kubernetes/pool-");
    await cluster.kubectl("-n kube-flannel set image daemonset/flannel flannel=registry.example.com/none:1");
    await cluster.kubectl("delete node w1 m2");
    const found = await wrong();
    for (const line of ["w1 Node", "m2 Node", "w2 pool of the Node"]) assert.ok(found.includes(line), found.join("\n"));
    await assertNothingRuns(scenario);
    const text = await repair("one");
    assert.match(text, /registered this node again, because its Node was gone/);
    assert.deepEqual((await cluster.readyNodes()).sort(), all.toSorted());
    for (const name of ["w1", "m2"] as const) {
      assert.notEqual(await range(name), before[name], "another range: the case that cut pods off");
      const bridge = await cluster.host(name).sh("ip -4 -o address show dev cni0 2>/dev/null | awk '{print $4}' || true");
      const wanted = (await range(name)).replace(/\.0\/24$/, ".1/24");
      assert.ok(["", wanted].includes(bridge.trim()), `${bridge} on ${name}, its range is ${await range(name)}`);
    }
    for (const name of ["w1", "w2"])
      assert.equal((await cluster.get(`node ${name}`)).metadata.labels?.["ha-kubernetes/pool"], "general", name);
    const taints: { key: string }[] = (await cluster.get("node w2")).spec.taints ?? [];
    assert.ok(taints.some(({ key }) => key === "quarantine"));
    await cluster.settled();
    await assertPodsReachEachOther(cluster);
    assert.deepEqual(await wrong(), []);
  });

  test("check finds a kubelet that made a new Node but has pods of the old range, and a repair fixes it", async () => {
    await cluster.kubectl("delete node w2");
    await cluster.host("w2").sh("systemctl restart kubelet");
    await cluster.nodesReady();
    assert.ok((await wrong()).includes("w2 range of pods"));
    assert.match(await repair("two"), /gave the pods of this node the Node's range/);
    await cluster.settled();
    await assertPodsReachEachOther(cluster);
    assert.deepEqual(await wrong(), []);
  });

  test("a repair gives new credentials to workers with an expired one or with none", async () => {
    // Signed as by a control plane, but long ago.
    const script =
      "sed \"s/'5 minutes ago'/'2 days ago'/; s/^readonly VALID=.*/readonly VALID='1 day ago'/\" /usr/local/lib/ha-kubernetes/credential.sh";
    const ended = await cluster.host("m1").sh(`bash <(${script}) w1 general`);
    await cluster
      .host("w1")
      .sh(
        `systemctl stop kubelet; cat >${credential}.old <<'END'\n${ended}END\nln -sfn ${credential}.old ${credential}; systemctl start kubelet`,
      );
    await cluster.host("w2").sh("systemctl stop kubelet; rm -rf /var/lib/kubelet/pki; systemctl start kubelet");
    const text = await repair("three");
    for (const name of ["w1", "w2"]) {
      assert.match(text, new RegExp(`${name}.*gave the kubelet a certificate of`), name);
      const serial = await cluster
        .host(name)
        .sh(`openssl x509 -noout -checkend 86400 -in ${credential} && readlink -f ${credential}`);
      assert.match(serial, /will not expire\n.*kubelet-client-20/);
    }
    assert.deepEqual((await cluster.readyNodes()).sort(), all.toSorted());
    await cluster.settled();
    assert.deepEqual(await wrong(), []);
    await assertNothingRuns({ ...scenario });
  });

  test("a worker joins a running cluster and is Ready when up ends; its removal drains it with its own rights", async () => {
    const w3 = hostAt(config, 23, "worker");
    stack.configure({ ...config, repair: "three", hosts: { ...config.hosts, w3 } });
    await stack.up();
    assert.ok((await cluster.readyNodes()).includes("w3"));
    await cluster.kubectl("cordon w1 w2");
    await cluster.kubectl("-n default delete pods -l app=guarded --wait=false");
    await eventually("both guarded pods to run on w3", 60, async () => {
      const pods = await cluster.list("pods -n default -l app=guarded");
      return pods.length === 2 && pods.every((pod) => isReady(pod) && pod.spec.nodeName === "w3");
    });
    await cluster.kubectl("uncordon w1 w2");
    stack.configure({ ...config, repair: "three" });
    assert.match((await stack.up()).text, /drained/);
    assert.deepEqual((await cluster.readyNodes()).sort(), all.toSorted());
    await cluster.settled();
  });
});
