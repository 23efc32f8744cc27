// the host with the virtual IP loses power, and all hosts are switched off and on, while requests go on
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabHost } from "../harness/lab.ts";
import { cutPower, start, stop } from "../harness/lab-faults.ts";
import { Load, Probe, summary } from "../harness/probe.ts";
import { eventually } from "../harness/process.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

/** Reads what the stage's scripts on a balancer know, as a run of theirs does. */
const balancerStage =
  "cd /var/lib/ha-kubernetes/stages/balancer; . ./settings.sh; for library in $LIBRARIES; do . lib/$library.sh; done; for library in stage/lib-*.sh; do . $library; done";

onCluster(await threePlusTwo("test-failover"), (scenario) => {
  const { stack, cluster, config } = scenario;
  let gone: LabHost;

  test("the cluster is healthy at the start", () => cluster.settled());

  test("balancers hand the virtual IP on in order, six times: no request on a new connection fails", async () => {
    const under = new Load(await stack.output("kubeconfig"), 8);
    await answered(under, 100);
    for (let round = 0; round < 6; round++) {
      const [holder] = await cluster.holders();
      assert.ok(holder, "nobody holds the virtual IP");
      await holder.sh(`${balancerStage}; give_up_address; systemctl start keepalived`);
      await eventually("another balancer to hold the virtual IP", 30, async () => {
        const [now, ...others] = await cluster.holders();
        return now !== undefined && now.name !== holder.name && others.length === 0;
      });
    }
    // A run that is killed while it holds new connections: the kernel lets them in again by itself.
    const [holder] = await cluster.holders();
    await holder?.sh(`${balancerStage}; hold_new_connections $(held_addresses)`);
    await answered(under, 100);
    const { answered: count, failed, slowest } = await under.stop();
    console.log(`six moves of the virtual IP: ${count} requests answered, slowest ${Math.round(slowest)} ms`);
    assert.deepEqual(failed, []);
  });

  test("the host with the virtual IP loses power: the API answers again, and no acknowledged write is lost", async () => {
    const [holder] = await cluster.holders();
    assert.ok(holder, "nobody holds the virtual IP");
    gone = holder;
    await leadEtcd(gone);
    const probe = new Probe(await stack.output("kubeconfig"));
    await answersFlow(probe, 50);
    await cutPower(config.name, gone.name);
    await answersFlow(probe, 100);
    await eventually("leaders that live", 60, async () => {
      for (const name of ["kube-controller-manager", "kube-scheduler"]) {
        const { spec } = await cluster.get(`lease ${name} -n kube-system`);
        const leader = String(spec.holderIdentity).split("_")[0];
        if (leader === gone.name) throw new Error(`${name} is still held by ${leader}`);
        if (Date.now() - Date.parse(spec.renewTime) > spec.leaseDurationSeconds * 1000) throw new Error(`${name} is not renewed`);
      }
      return true;
    });
    const report = await probe.stop();
    console.log(`power cut of ${gone.name}, which held the virtual IP and led etcd:\n${summary(report)}`);
    assert.deepEqual(report.lost, []);
    assert.ok(report.acknowledged > 0);
    const [now, ...others] = await cluster.holders();
    assert.ok(now && now.name !== gone.name && others.length === 0, "one other host holds the virtual IP");
  });

  test("the kubernetes Service lists only the live apiservers", async () => {
    const live = cluster.withRole("control-plane").filter(({ name }) => name !== gone.name);
    await eventually("the dead apiserver to leave the kubernetes Service", 60, async () => {
      const slices = await cluster.list("endpointslices -n default -l kubernetes.io/service-name=kubernetes");
      const addresses = slices
        .flatMap(({ endpoints }) => endpoints.flatMap((it: { addresses: string[] }) => it.addresses))
        .sort();
      assert.deepEqual(addresses, live.map(({ address }) => address).sort());
      return true;
    });
  });

  test("the host returns by itself: its Node is Ready, its member healthy, and the virtual IP does not move", async () => {
    const [holder] = await cluster.holders();
    await start(config.name, gone.name);
    await cluster.settled(300);
    await threeHealthyMembers();
    const holders = await cluster.holders();
    assert.deepEqual(
      holders.map(({ name }) => name),
      [holder?.name],
    );
    await assertNothingRuns(scenario);
  });

  test("all hosts are switched off and on in any order: the API returns by itself, and up does nothing", async () => {
    const mark = `probe-before-${Date.now()}`;
    await cluster.kubectl(`create configmap ${mark} -n default`);
    const hosts = [...cluster.hosts.values()];
    await Promise.all(hosts.map(({ name }) => stop(config.name, name)));
    for (const { name } of shuffled(hosts)) await start(config.name, name);
    await eventually("the API to answer", 300, () => cluster.kubectl("get --raw /readyz"));
    await cluster.settled(300);
    await threeHealthyMembers();
    assert.equal((await cluster.get(`configmap ${mark} -n default`)).metadata.name, mark);
    assert.equal((await cluster.holders()).length, 1);
    await assertNothingRuns(scenario);
  });

  async function threeHealthyMembers(): Promise<void> {
    await eventually("three healthy etcd members", 120, async () => {
      const health: { health: boolean }[] = JSON.parse(await cluster.etcdctl("endpoint health -w json"));
      return health.length === 3 && health.every((member) => member.health);
    });
  }

  /** Makes a host's member the leader, so that its loss also causes an election. */
  async function leadEtcd({ name }: LabHost): Promise<void> {
    const { members } = JSON.parse(await cluster.etcdctl("member list -w json --hex"));
    const { ID } = members.find((member: { name: string }) => member.name === name);
    for (const { address } of cluster.withRole("etcd")) {
      // Only the leader can hand over; if the host is the leader, nothing is to do.
      await cluster
        .host(name)
        .trySh(
          `etcdctl --cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/member.crt --key /etc/etcd/pki/member.key --endpoints https://${address}:2379 move-leader ${ID}`,
        );
    }
  }
});

/** Waits for this many more answers to a load. */
async function answered(load: Load, more: number): Promise<void> {
  const enough = load.answered + more;
  await eventually(`${more} more answers to the load`, 60, async () => load.answered >= enough);
}

/** Waits for this many more answers on new connections. */
async function answersFlow(probe: Probe, more: number): Promise<void> {
  const enough = probe.answers + more;
  await eventually(`${more} more answers from the API`, 120, () => probe.answers >= enough);
}

function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(Math.random() * rest.length), 1));
  return order;
}
