// settings of every component, files in static pods, secret ones too; a wrong one stops at the first host, and the next up goes on

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { Edited } from "../harness/edits.ts";
import { eventually } from "../harness/process.ts";
import { type ClusterConfig, labCluster } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";

const members = ["m1", "m2", "m3"];
/** The example as users copy it: what it says of components is what runs here. */
const example = parse(readFileSync(new URL("../../examples/Pulumi.hardened.yaml", import.meta.url), "utf8")).config[
  "ha-kubernetes:cluster"
];
const { files, extraArgs, audit } = example.api;
const own = labCluster("test-settings", await takeSubnet(), 1);
const config: ClusterConfig = {
  ...own,
  api: { ...own.api, audit, files, extraArgs, maxRequestsInflight: 500, eventTtlMinutes: 30 },
  featureGates: { ContextualLogging: false },
  controllerManager: { kubeApiQps: 50, kubeApiBurst: 60, extraArgs: { "terminated-pod-gc-threshold": "100" } },
  scheduler: {
    configuration: {
      profiles: [
        { schedulerName: "default-scheduler" },
        {
          schedulerName: "packing",
          pluginConfig: [{ name: "NodeResourcesFit", args: { scoringStrategy: { type: "MostAllocated" } } }],
        },
      ],
    },
  },
  kubelet: { ...example.kubelet, kubeReserved: { cpu: "120m" }, extraConfig: { allowedUnsafeSysctls: ["net.core.somaxconn"] } },
  kubeProxy: { extraConfig: { metricsBindAddress: "127.0.0.1:10249", conntrack: { tcpBeLiberal: true } } },
  etcd: { extraArgs: { "snapshot-count": "20000", "log-level": "warn" } },
};

const encryption = (key: string) => `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - secretbox: { keys: [{ name: first, secret: ${key} }] }
      - identity: {}
`;
const key = randomBytes(32).toString("base64");

onCluster(
  config,
  (scenario) => {
    const { stack } = scenario;
    const edited = new Edited(scenario);
    const host = (name: string) => scenario.cluster.host(name);
    const manifests = (name: string) => host(name).sh("cd /etc/kubernetes/manifests; sha256sum kube-*.yaml");
    const setSecret = (content: string) =>
      stack.engine("config", ["set", "--secret", "--path", 'files["encryption.yaml"]'], { input: content });
    /** An `up` that must fail on one of the control planes alone; returns what it said. */
    async function fails(change: (config: ClusterConfig) => void): Promise<{ text: string; failed: string }> {
      const before = await Promise.all(members.map(manifests));
      const wrong = structuredClone(edited.config);
      change(wrong);
      stack.configure(wrong);
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      const after = await Promise.all(members.map(manifests));
      const changed = members.filter((_, index) => before[index] !== after[index]);
      assert.equal(changed.length, 1, `changed: ${changed.join()}\n${text}`);
      // Clients have two apiservers left.
      assert.match(await scenario.cluster.kubectl("get --raw /readyz"), /^ok$/);
      stack.configure(edited.config);
      return { text, failed: changed[0] as string };
    }

    test("every component runs with its settings", async () => {
      const { cluster } = scenario;
      await cluster.settled();
      for (const name of members) {
        const said = await host(name).sh(
          "ps -o args= -C kube-apiserver,kube-controller,kube-scheduler,etcd; cat /proc/$(pgrep -x kube-controller)/cmdline | tr '\\0' ' '",
        );
        assert.match(said, /kube-apiserver .*--event-ttl=30m/);
        assert.match(said, /--max-requests-inflight=500/);
        assert.match(said, /--kube-api-qps=50/);
        assert.match(said, /--terminated-pod-gc-threshold=100/);
        assert.match(said, /--feature-gates=ContextualLogging=false/);
        // Pulumi hands over the keys of a mapping in the order of the alphabet.
        assert.match(said, /etcd --log-level=warn --snapshot-count=20000/);
      }
    });

    test("kubelets keep what their host's size asks for, and evict as told", async () => {
      const { kubeletconfig } = JSON.parse(await scenario.cluster.kubectl("get --raw /api/v1/nodes/w1/proxy/configz"));
      const [processors, memory] = (
        await host("w1").sh("nproc --all; awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo")
      ).split("\n");
      assert.ok(Number(processors) > 0);
      const above = Number(memory) - 16384;
      assert.ok(above > 0, "this machine has less than 16 GiB");
      assert.equal(kubeletconfig.kubeReserved.memory, `${Math.floor((4096 * 25 + 4096 * 20 + 8192 * 10 + above * 6) / 100)}Mi`);
      assert.equal(kubeletconfig.kubeReserved.cpu, "120m");
      // The lab's own arguments go before this, because its hosts share a disk.
      assert.match(await host("w1").sh("cat /var/lib/kubelet/config.yaml"), /^evictionHard:\n {2}memory\.available: 200Mi\n/m);
      assert.equal(kubeletconfig.podPidsLimit, 4096);
      assert.deepEqual(kubeletconfig.allowedUnsafeSysctls, ["net.core.somaxconn"]);
      assert.equal(kubeletconfig.featureGates.ContextualLogging, false);
    });

    test("kube-proxy has the fields that the config adds", async () => {
      const { data } = await scenario.cluster.get("configmap kube-proxy -n kube-system");
      const read = parse(data["config.conf"]);
      assert.equal(read.metricsBindAddress, "127.0.0.1:10249");
      assert.deepEqual(read.conntrack, { tcpBeLiberal: true, maxPerCore: 0, min: 0 });
      assert.equal(read.featureGates.ContextualLogging, false);
    });

    test("the audit log says who did what on each apiserver, without contents", async () => {
      await scenario.cluster.kubectl("create secret generic seen --from-literal=word=marmalade");
      const logs = await Promise.all(
        members.map((name) =>
          host(name).sh(
            "cat /var/log/kubernetes/kube-apiserver/audit.log; stat -c %a /var/log/kubernetes/kube-apiserver/audit.log",
          ),
        ),
      );
      assert.ok(logs.some((log) => /"verb":"create".*"resource":"secrets","namespace":"default","name":"seen"/.test(log)));
      for (const log of logs) {
        assert.match(log, /"username":"system:kube-scheduler"/);
        assert.doesNotMatch(log, /marmalade|"resource":"leases"/);
        assert.match(log, /^600$/m);
      }
    });

    test("a Secret is encrypted in etcd, and every apiserver reads it", async () => {
      const stored = await scenario.cluster.etcdctl("get /registry/secrets/default/seen | od -c");
      const text = stored.replaceAll(/^\d+|\s|\\n/gm, "");
      assert.match(text, /k8s:enc:secretbox:v1:first:/);
      for (const name of members) {
        const { address } = host(name);
        const read = `kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://${address}:6443 get secret seen -o 'jsonpath={.data.word}' | base64 -d`;
        assert.equal(await host(name).sh(read), "marmalade");
      }
      const { stdout } = await host("m1").trySh("stat -c '%a %U' /etc/kubernetes/kube-apiserver/encryption.yaml");
      assert.equal(stdout, "600 root\n");
    });

    test("nothing of a secret file is in clear in the state or in what commands show", async () => {
      assert.ok(!readFileSync(stack.stateFile, "utf8").includes(key));
      assert.ok(!scenario.said.includes(key));
    });

    test("Pod Security is enforced in a namespace without labels", async () => {
      const pod = (name: string, more: string) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: default }
spec:
  schedulerName: packing
  ${more}
  containers: [{ name: main, image: registry.k8s.io/pause:3.10.2, imagePullPolicy: Never }]
`;
      await assert.rejects(
        scenario.cluster.apply(pod("host-network", "hostNetwork: true")),
        /violates PodSecurity "baseline:latest"/,
      );
      await scenario.cluster.apply(pod("plain", "terminationGracePeriodSeconds: 0"));
      await eventually("the second profile of the scheduler to place the pod", 60, async () =>
        Boolean((await scenario.cluster.get("pod plain -n default")).spec.nodeName),
      );
    });

    test("another up runs nothing", () => assertNothingRuns(scenario));

    test("a changed file rolls through the control planes, and no request fails", async () => {
      const { ran, report, text } = await edited.up("api.files", ({ api }) => {
        const { content } = (api.files as typeof files)["admission.yaml"];
        content.plugins[0].configuration.defaults.enforce = "restricted";
      });
      assert.deepEqual(ran, members);
      assert.deepEqual(report.fresh.failed, []);
      assert.doesNotMatch(text, /\b\d+ (replaced|deleted)/);
      const { status, stderr } = await host("m1").trySh(
        "kubectl --kubeconfig /etc/kubernetes/admin.conf run loose --image registry.k8s.io/pause:3.10.2",
      );
      assert.notEqual(status, 0);
      assert.match(stderr, /violates PodSecurity "restricted:latest"/);
    });

    test("an argument that the scheduler doesn't know fails on one host, in its own words", async () => {
      const { text, failed } = await fails((wrong) => {
        (wrong.scheduler as Record<string, unknown>).extraArgs = { "no-such-flag": "1" };
      });
      assert.match(
        text,
        new RegExp(`control-plane on ${failed}: kube-scheduler ends again and again[^\\n]*unknown flag: --no-such-flag`),
      );
      assert.match(text, /the same roll failed on another host/);
    });

    test("a secret file that kube-apiserver can't read fails on one host, and nothing of it is shown", async () => {
      const wrong = randomBytes(20).toString("base64");
      assert.equal((await setSecret(encryption(wrong))).status, 0);
      const { text, failed } = await fails(() => {});
      assert.match(
        text,
        new RegExp(`control-plane on ${failed}: kube-apiserver ends again and again[^\\n]*secret is not of the expected length`),
      );
      assert.ok(!text.includes(wrong));
      assert.equal((await setSecret(encryption(key))).status, 0);
    });

    test("with the right settings again, the next up mends that host and all is well", async () => {
      // As the message says: with the earlier settings, the engine sees no change.
      stack.configure({ ...edited.config, repair: "settings" });
      const { text } = await stack.up();
      assert.match(text, /started control plane|changed control plane/);
      await scenario.cluster.settled();
      await assertNothingRuns(scenario);
    });
  },
  {
    prepare: async ({ stack, config: wanted }) => {
      stack.configure(wanted);
      const { status, text } = await stack.engine("config", ["set", "--secret", "--path", 'files["encryption.yaml"]'], {
        input: encryption(key),
      });
      assert.equal(status, 0, text);
    },
  },
);
