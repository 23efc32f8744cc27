// turns are kept during outages of etcd and the API, and destroy works after a first up that was killed anywhere
import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { killGroup } from "../harness/kills.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { eventually } from "../harness/process.ts";
import { onCluster } from "../harness/scenario.ts";
import { apiserverStarted, withLibraries } from "../harness/turns.ts";

const config = await onMetal("test-field-turns");
const fresh = new FreshHosts();
// The files on a host at which `up` is killed.
const points = {
  etcd: { host: "m2", file: "/var/lib/ha-kubernetes/etcd-born" },
  "control-plane": { host: "m1", file: "/var/lib/ha-kubernetes/control-plane-born" },
  leaving: { host: "m1", file: "/var/lib/ha-kubernetes/stages/leaving" },
};

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const controlPlanes = cluster.withRole("control-plane");
    const [m1, m2, m3] = [cluster.host("m1"), cluster.host("m2"), cluster.host("m3")];
    const [w1, w2] = [cluster.host("w1"), cluster.host("w2")];

    /** Runs `up` and kills it once a host has the files of the point. */
    const killedAt = async (point: keyof typeof points) => {
      const { host, file } = points[point];
      let pid = 0;
      const up = stack.engine("up", [], { started: (id) => (pid = id) });
      await eventually(`${file} on ${host}`, 120, async () => (await cluster.host(host).trySh(`test -e ${file}`)).status === 0);
      killGroup(pid);
      assert.equal((await up).status, 137, "it ended before it was killed");
    };

    for (const point of Object.keys(points) as (keyof typeof points)[]) {
      test(`the first up is killed at stage ${point}, and destroy restores the hosts`, async () => {
        await killedAt(point);
        await stack.destroy();
        await fresh.assertClean(...cluster.hosts.values());
        assert.deepEqual(stack.resources(), []);
      });
    }

    test("up finishes after another kill: the cluster is healthy and recorded as complete", async () => {
      await killedAt("control-plane");
      await stack.up();
      await cluster.settled();
      assert.match(await cluster.etcdctl("get --prefix --keys-only ha-kubernetes/announces/"), /m1\s+.*m2\s+.*m3/s);
      const { said } = await withLibraries(w1, "worker", "this_kubectl get configmap ha-kubernetes -n kube-system -o yaml");
      for (const { name } of controlPlanes) assert.match(said, new RegExp(`announces.${name}: "?yes`));
    });

    test("an apiserver argument changes while two etcd members are frozen: one host after another, once the quorum is back", async () => {
      const earlier = await Promise.all(controlPlanes.map(apiserverStarted));
      await m1.sh(`
        install -d -m 0755 /run/ha-kubernetes /run/ha-kubernetes/etcd.leftover
        touch -d '20 minutes ago' /run/ha-kubernetes/etcd.leftover
        cp "$(command -v sleep)" /var/tmp/kube-apiserver
        systemd-run --quiet --collect --unit stranger -p PrivateNetwork=yes /var/tmp/kube-apiserver 600`);
      for (const host of [m2, m3]) await host.sh("systemctl kill --signal STOP etcd");
      stack.configure({ ...config, api: { ...config.api, extraArgs: { "event-ttl": "2h" } } });
      const up = stack.engine("up");
      await new Promise((resolve) => setTimeout(resolve, 30_000));
      for (const host of [m2, m3]) await host.sh("systemctl kill --signal CONT etcd");
      const { status, text } = await up;
      assert.equal(status, 0, text);
      assert.match(text, /waiting for a quorum of etcd, without which this host changes nothing but its own etcd/);
      assert.match(text, new RegExp(`${cluster.host("m2").address}:2379 does not answer`));
      assert.match(text, /waiting for the turn: another host is being changed/);
      const after = (await Promise.all(controlPlanes.map(apiserverStarted))).sort();
      for (const [index, started] of earlier.entries()) assert.notEqual(after[index], started);
      // Each shuts down gracefully, which takes 5 s, and is ready again before the next one begins.
      for (const [index, started] of after.slice(1).entries()) assert.ok(started - (after[index] ?? 0) >= 5, after.join(" "));
      await cluster.settled();
      // The bundle of a killed run is removed, its folder is private, and a foreign process of the same name lives.
      assert.equal((await m1.sh("stat -c %a /run/ha-kubernetes; ls -d /run/ha-kubernetes/*.???????? || true")).trim(), "700");
      assert.equal(
        (await m1.sh("systemctl is-active stranger; systemctl stop stranger; rm /var/tmp/kube-apiserver")).trim(),
        "active",
      );
    });

    test("a host whose lease expired stops before it interrupts anything; a failure stops runs that began before it, and no later ones", async () => {
      const lost = await withLibraries(
        m1,
        "etcd",
        `etcd_access; take_turn; still_my_turn; echo "has $TURN_KEY"
         etcd_do lease revoke "\${TURN_KEY##*/}" >/dev/null
         still_my_turn; echo interrupted`,
      );
      assert.match(lost.said, /has ha-kubernetes\/turn\/[0-9a-f]+\n/);
      assert.match(lost.said, /this host lost its turn/);
      assert.doesNotMatch(lost.said, /interrupted\n/);
      const work = "work() { echo done; }";
      const fails = "work() { fail broken; }";
      const early = await withLibraries(
        m1,
        "etcd",
        `at_start_ask_who_failed; sleep 2; (${fails}; HOST_NAME=m2; FAILED_INPUT=""; with_turn work) || true; ${work}; with_turn work`,
      );
      assert.match(early.said, /not started, because the same roll failed on another host: "etcd on m2"/);
      assert.doesNotMatch(early.said, /^done$/m);
      const later = await withLibraries(m1, "etcd", `at_start_ask_who_failed; ${work}; with_turn work`);
      assert.match(later.said, /^done$/m);
    });

    test("only the leader says that it leads", async () => {
      const says = await Promise.all(
        [m1, m2, m3].map((host) =>
          withLibraries(
            host,
            "etcd",
            `etcd_access; . <(sed '/^undo_etcd$/d' $STAGE/stage/undo.sh); etcd_is_leader && echo leads || true`,
          ),
        ),
      );
      assert.equal(says.filter(({ said }) => /leads/.test(said)).length, 1);
    });

    test("a turn of the pool has one holder; a host that lost it stops; an error of the API is passed on", async () => {
      const held = await withLibraries(
        w1,
        "worker",
        `work() { still_my_pool_turn; echo working; sleep 2; still_my_pool_turn; echo interrupted; }
         with_pool_turn containerd-aaa work`,
      );
      assert.match(held.said, /working\ninterrupted\n/);
      // The next host of that roll waits for no canary; that of another roll does.
      assert.equal(
        await cluster.kubectl("get configmap done-general-containerd -n ha-kubernetes-turns -o jsonpath={.data.roll}"),
        "containerd-aaa",
      );
      const slow = withLibraries(
        w1,
        "worker",
        `work() { still_my_pool_turn; echo working; sleep 16; still_my_pool_turn; echo interrupted; }
         with_pool_turn containerd-bbb work`,
      );
      await eventually("w1 to have its turn", 30, async () =>
        (await cluster.kubectl("get configmap -n ha-kubernetes-turns")).includes("general-0"),
      );
      const taking = await withLibraries(
        w2,
        "worker",
        "work() { echo working; }; with_pool_turn containerd-bbb work",
        "s/TURN_EXPIRES_SECONDS=.*/TURN_EXPIRES_SECONDS=12/",
      );
      assert.match(taking.said, /waiting for a turn of pool general, which w1 has/);
      assert.match(taking.said, /taking over the turn of w1/);
      assert.match(taking.said, /^working$/m);
      const late = await slow;
      assert.match(late.said, /another worker took over this host's turn/);
      assert.doesNotMatch(late.said, /interrupted/);
      await cluster.apply(deadWebhook);
      const refused = await withLibraries(
        w2,
        "worker",
        "work() { echo working; }; with_pool_turn containerd-ccc work",
        "s/REFUSALS_SECONDS=120/REFUSALS_SECONDS=12/",
      );
      await cluster.kubectl("delete validatingwebhookconfiguration dead");
      assert.equal(refused.status, 1);
      assert.match(refused.said, /which the API refuses: .*failed calling webhook/);
      assert.match(refused.said, /the API has given no turn of pool general for 12 s: .*failed calling webhook/);
      assert.doesNotMatch(refused.said, /another worker/);
    });

    test("destroy with etcd stopped on two of three: signed notes of the control planes suffice, and the hosts are restored", async () => {
      for (const host of [m2, m3]) await host.sh("systemctl stop etcd");
      await stack.destroy();
      await fresh.assertClean(...cluster.hosts.values());
      assert.deepEqual(stack.resources(), []);
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      await makeMetal(scenario);
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);

const deadWebhook = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: dead }
webhooks:
  - name: dead.example.com
    clientConfig: { service: { name: nobody, namespace: default } }
    rules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }]
    namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system] }] }
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
    timeoutSeconds: 2
`;
