// a fresh cluster of 3 + 2: everything works, a second up runs nothing, no secret is in clear text, and destroy leaves nothing
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ApiClient } from "../harness/probe.ts";
import { assertNothingRuns, loginsOf, onCluster, ProcessWatcher } from "../harness/scenario.ts";
import { heldBy } from "../harness/secrets.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { runAgain, secretsOfStack, stageCommands } from "../harness/stages.ts";
import { containersOf, traces } from "../harness/traces.ts";
import { assertPodsReachEachOther } from "../harness/workload.ts";

const processes = new ProcessWatcher();

onCluster(
  await threePlusTwo("test-core"),
  (scenario) => {
    const { stack, cluster, config } = scenario;

    test("five nodes are Ready and every pod is", () => cluster.settled());

    test("three etcd members are healthy and accept only TLS with certificates of their own authority", async () => {
      const health = JSON.parse(await cluster.etcdctl("endpoint health -w json"));
      assert.deepEqual(
        health.map(({ health }: { health: boolean }) => health),
        [true, true, true],
      );
      const { members } = JSON.parse(await cluster.etcdctl("member list -w json"));
      assert.deepEqual(members.map(({ name }: { name: string }) => name).sort(), ["m1", "m2", "m3"]);
      assert.ok(members.every(({ isLearner }: { isLearner?: boolean }) => !isLearner));
      assert.equal((await cluster.etcdClusterIds()).size, 1);
      for (const { address } of cluster.withRole("etcd")) {
        // A certificate of the cluster's other authority.
        const foreign =
          "--cert /etc/kubernetes/pki/apiserver-kubelet-client.crt --key /etc/kubernetes/pki/apiserver-kubelet-client.key";
        const ask = (flags: string) =>
          cluster.host("m1").trySh(`curl -sS --max-time 5 -k ${flags} https://${address}:2379/version`);
        assert.equal((await ask("--cert /etc/etcd/pki/member.crt --key /etc/etcd/pki/member.key")).status, 0);
        assert.notEqual((await ask("")).status, 0);
        assert.notEqual((await ask(foreign)).status, 0);
        const plain = await cluster.host("m1").trySh(`curl -sS --fail --max-time 5 http://${address}:2379/version`);
        assert.notEqual(plain.status, 0);
      }
    });

    test("the API answers on the virtual IP, which one host holds", async () => {
      const kubeconfig = await stack.output("kubeconfig");
      assert.match(kubeconfig, new RegExp(`server: https://${config.api.address}:8443`));
      const api = new ApiClient(kubeconfig);
      assert.deepEqual(await api.send("GET", "/readyz"), { status: 200, body: "ok" });
      assert.equal((await api.send("GET", "/api/v1/nodes")).status, 200);
      assert.equal((await cluster.holders()).length, 1);
    });

    test("controller-manager and scheduler have one leader each, on a control plane", async () => {
      for (const name of ["kube-controller-manager", "kube-scheduler"]) {
        const lease = await cluster.get(`lease ${name} -n kube-system`);
        const [holder] = String(lease.spec.holderIdentity).split("_");
        assert.ok(
          cluster.withRole("control-plane").some((host) => host.name === holder),
          `${name} is held by ${holder}`,
        );
        const age = Date.now() - Date.parse(lease.spec.renewTime);
        assert.ok(age < lease.spec.leaseDurationSeconds * 1000, `${name} was renewed ${age} ms ago`);
      }
    });

    test("the kubernetes Service lists the live apiservers", async () => {
      const slices = await cluster.list("endpointslices -n default -l kubernetes.io/service-name=kubernetes");
      const addresses = slices.flatMap(({ endpoints }) =>
        endpoints.flatMap((endpoint: { addresses: string[] }) => endpoint.addresses),
      );
      assert.deepEqual(
        addresses.sort(),
        cluster
          .withRole("control-plane")
          .map(({ address }) => address)
          .sort(),
      );
    });

    test("a pod gets answers from CoreDNS, and pods on different nodes reach each other through a Service", () =>
      assertPodsReachEachOther(cluster));

    test("no worker holds a credential of the operator or of etcd", async () => {
      for (const worker of cluster.withRole("worker")) {
        const found = await worker.sh("ls /etc/kubernetes /etc/kubernetes/pki /etc/etcd 2>/dev/null || true");
        assert.doesNotMatch(found, /admin|etcd|ca\.key|sa\.key/);
        assert.match(found, /ca\.crt|kubelet\.conf/);
      }
    });

    test("every stage's script changes nothing when it runs again", async () => {
      const commands = await stageCommands(stack);
      const stages = new Set(commands.map(({ stage }) => stage));
      for (const stage of ["preflight", "prepare", "etcd", "balancer", "control-plane", "addons", "worker"])
        assert.ok(stages.has(stage), stage);
      for (const command of commands) {
        const host = cluster.host(command.host);
        const before = await host.files();
        const said = await runAgain(command, host);
        const unchanged = command.stage === "preflight" ? /: passed, machine [0-9a-f]{16}$/ : /: nothing to change$/;
        assert.match(said, unchanged, `${command.stage} on ${command.host}`);
        const after = await host.files();
        // Each run writes the copy for the undo again, with the same content.
        for (const files of [before, after]) {
          for (const path of files.keys()) if (path.startsWith("/var/lib/ha-kubernetes/stages/")) files.delete(path);
        }
        assert.deepEqual(after, before);
      }
    });

    test("no generated secret is in clear text in the state, the output, a log or a process list", async () => {
      const secrets = await secretsOfStack(stack);
      const keys = secrets.filter(({ what }) => what.startsWith("private key"));
      assert.ok(keys.length >= 12, `${keys.length} private keys are too few to be all`);
      // The search itself works: here it must find a secret.
      const placed = await cluster.host("m1").sh("cat /etc/kubernetes/pki/sa.key");
      assert.equal(heldBy(placed, secrets).length, 1);

      assert.deepEqual(heldBy(readFileSync(stack.stateFile, "utf8"), secrets), [], "state");
      assert.deepEqual(heldBy(scenario.said, secrets), [], "what up said");
      assert.ok(processes.seen.size > 100, "the process lists were seen");
      assert.deepEqual(heldBy([...processes.seen].join("\n"), secrets), [], "process lists");
      for (const host of cluster.hosts.values()) {
        const logs = await host.sh(
          "journalctl --no-pager --output cat; find /var/log -type f -exec cat {} + 2>/dev/null || true",
        );
        assert.ok(logs.length > 1000, `logs of ${host.name}`);
        assert.deepEqual(heldBy(logs, secrets), [], `logs of ${host.name}`);
        const open = await host.sh(
          "find /etc /root /run /var/lib/ha-kubernetes -xdev -type f -perm /044 -size -64k -exec grep -l 'PRIVATE KEY' {} + 2>/dev/null || true",
        );
        assert.equal(open, "", `private keys on ${host.name} that others may read`);
      }
    });

    test("a second up changes nothing and runs nothing on any host", async () => {
      for (const [host, logins] of Object.entries(await loginsOf(cluster))) assert.ok(logins > 0, `logins to ${host} are seen`);
      await assertNothingRuns(scenario);
    });

    test("destroy leaves no resource, host, network, mount or process", async () => {
      const containers = await containersOf(config.name);
      assert.equal(containers.length, 5);
      const before = await traces(config.name, containers);
      for (const kind of ["container", "network", "table", "process"])
        assert.ok(
          before.some((line) => line.startsWith(kind)),
          kind,
        );
      await stack.destroy();
      assert.deepEqual(await traces(config.name, containers), []);
      assert.deepEqual(stack.resources(), []);
    });
  },
  { during: processes },
);
