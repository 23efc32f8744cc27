// a routed address, announced to a router by BGP, and nginx in place of haproxy: balancers die, withdraw and change kind under requests
import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { LabHost } from "../harness/lab.ts";
import { cutPower, start } from "../harness/lab-faults.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { Load, Probe, summary } from "../harness/probe.ts";
import { eventually, must } from "../harness/process.ts";
import { hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";

const metal = await onMetal("test-balancers");
const { w2: _, ...hosts } = metal.hosts;
const address = "10.99.0.10";
const router = { ...hostAt(metal, 30), name: "r1" };
const password = "Lab-123_router";
const balancer = {
  address: "routed",
  routed: { protocol: "bgp", asn: 64512, peers: [{ address: router.address, asn: 64513 }] },
};
const config = { ...metal, hosts, api: { ...metal.api, address }, balancer };
const balancers = ["m1", "m2", "m3"];
/** As a rack has it: everybody's way to the API leads through the router. */
const way = `ip route replace ${address}/32 via ${router.address}`;
/** What Debian's package of FRR leaves on purpose when it goes: the owner of its logs. */
const owner =
  "groupadd --system frrvty; groupadd --system frr; useradd --system --gid frr --groups frrvty --home-dir /run/frr/ --shell /bin/false frr";
const fresh = new FreshHosts();
const r1 = new LabHost(config.name, router.name, router.address);

/** FRR as the router of a rack has it: a neighbor for each balancer, BFD, and every route that is equally good. */
const routerConfig = `router bgp 64513
 no bgp ebgp-requires-policy
${balancers
  .map((name) => hosts[name]?.address)
  .map(
    (neighbor) =>
      ` neighbor ${neighbor} remote-as 64512\n neighbor ${neighbor} bfd\n neighbor ${neighbor} password ${password}\n`,
  )
  .join("")}`;

async function makeRouter(): Promise<void> {
  await r1.sh(`
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends frr >/dev/null
    sed -i 's/^bgpd=no/bgpd=yes/; s/^bfdd=no/bfdd=yes/' /etc/frr/daemons
    cat >/etc/frr/frr.conf <<'END'
${routerConfig}END
    # It is in the hosts' own network: told of a shorter way, they would keep to one balancer.
    sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
    systemctl restart frr`);
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    /** The balancers that the router sends packets for the API to. */
    const nextHops = async (): Promise<string[]> => {
      const routes = await r1.sh(`ip -4 route show ${address}`);
      return balancers.filter((name) => new RegExp(`via ${hosts[name]?.address?.replaceAll(".", "\\.")}\\b`).test(routes));
    };
    const routedTo = (...names: string[]) =>
      eventually(`the router to know ${names.join(", ")} for the API`, 60, async () => {
        const now = await nextHops();
        if (now.join() !== names.join()) throw new Error(`it knows ${now.join(", ") || "none"}`);
        return true;
      });

    test("every node is Ready at a routed address: each balancer has it and announces it, and no keepalived runs", async () => {
      await cluster.settled();
      await routedTo(...balancers);
      for (const name of balancers) {
        const host = cluster.host(name);
        assert.match(await host.sh("ip -4 -o address show dev lo"), new RegExp(` ${address}/32 `));
        assert.equal((await host.trySh("systemctl is-active keepalived")).stdout, "inactive\n");
      }
      assert.doesNotMatch(scenario.said, new RegExp(password));
    });

    test("a second up runs nothing", () => assertNothingRuns(scenario));

    test("a balancer without haproxy withdraws the address, and announces it again", async () => {
      const under = new Load(await stack.output("kubeconfig"), 4);
      await cluster.host("m1").sh("systemctl mask --runtime --quiet haproxy; systemctl stop haproxy");
      await routedTo("m2", "m3");
      await cluster.host("m1").sh("systemctl unmask --runtime --quiet haproxy; systemctl start haproxy");
      await routedTo(...balancers);
      const { answered, failed, slowest } = await under.stop();
      console.log(
        `haproxy stopped on one of three: ${answered} answered, ${failed.length} failed, slowest ${Math.round(slowest)} ms`,
      );
      assert.ok(answered > 0);
    });

    test("a host loses power: the router finds out by BFD, the API answers, and no acknowledged write is lost", async () => {
      const probe = new Probe(await stack.output("kubeconfig"));
      await eventually("answers", 60, () => probe.answers >= 50);
      await cutPower(config.name, "m2");
      await routedTo("m1", "m3");
      const before = probe.answers;
      await eventually("more answers", 120, () => probe.answers >= before + 100);
      const report = await probe.stop();
      console.log(`power cut of m2, one of three balancers with the routed address:\n${summary(report)}`);
      assert.deepEqual(report.lost, []);
      assert.ok(report.acknowledged > 0);
      await start(config.name, "m2");
      await cluster.host("m2").sh(way);
      await cluster.settled(300);
      await routedTo(...balancers);
    });

    test("nginx takes haproxy's place on one balancer after the other, while the others serve", async () => {
      const under = new Load(await stack.output("kubeconfig"), 4);
      stack.configure({ ...config, balancer: { ...balancer, kind: "nginx" } });
      await stack.up();
      const { answered, failed, slowest } = await under.stop();
      console.log(
        `haproxy to nginx: ${answered} answered, ${failed.length} failed, slowest ${Math.round(slowest)} ms: ${failed.join("; ")}`,
      );
      for (const name of balancers) {
        const said = await cluster
          .host(name)
          .sh("systemctl is-active nginx haproxy ha-kubernetes-upstreams || true; ls /etc/ha-kubernetes");
        assert.match(said, /^active\ninactive\nactive\n/);
        assert.doesNotMatch(said, /haproxy\.cfg/);
      }
      await routedTo(...balancers);
      await cluster.settled();
      await assertNothingRuns(scenario);
    });

    test("nginx's list holds the apiservers that are ready, and no others", async () => {
      const listed = (count: number) =>
        eventually(`nginx to list ${count} apiservers`, 60, async () => {
          const list = await cluster.host("m1").sh("cat /run/ha-kubernetes-nginx/upstreams.conf");
          if (list.trim().split("\n").length !== count) throw new Error(list);
          return list;
        });
      await listed(3);
      const m3 = cluster.host("m3");
      await m3.sh("mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/");
      assert.doesNotMatch(await listed(2), new RegExp(`${hosts.m3?.address}:`));
      await m3.sh("mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/");
      await listed(3);
      await cluster.settled();
    });

    test("destroy leaves the hosts as they were", async () => {
      await stack.destroy();
      await fresh.assertClean(...cluster.hosts.values());
    });
  },
  {
    prepare: async (scenario) => {
      await makeMetal(scenario, { [router.name]: { address: router.address, roles: [] } });
      await stackSecret(scenario);
      await makeRouter();
      await Promise.all([...scenario.cluster.hosts.values()].map((host) => host.sh(way)));
      await Promise.all(balancers.map((name) => scenario.cluster.host(name).sh(owner)));
      await must("bash", ["-c", way]);
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);

const stackSecret = ({ stack }: { stack: { secret(name: string, value: string): Promise<unknown> } }) =>
  stack.secret("routingPassword", password);
