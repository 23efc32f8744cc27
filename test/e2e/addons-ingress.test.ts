// MetalLB and Traefik: HTTP from outside by an Ingress and an HTTPRoute, also while the node of one replica loses power; and all of it
// goes again

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { test } from "node:test";
import { certManager } from "../../addons/set/cert-manager.ts";
import { nginx } from "../../addons/set/ingress/nginx.ts";
import { renderSet } from "../../addons/set/render.ts";
import { resolveVersions } from "../../artifacts/lock.ts";
import { fillBundle } from "../harness/bundle.ts";
import { isReady } from "../harness/cluster.ts";
import { cutPower, start } from "../harness/lab-faults.ts";
import { eventually } from "../harness/process.ts";
import { addressIn, clusterFrom, hostAt, type Written } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config: Written = await threePlusTwo("test-addons-ingress");
const { m1 } = config.hosts;
// Enough that a pod whose node is lost finds another one.
config.hosts = { m1, ...Object.fromEntries([1, 2, 3].map((it) => [`w${it}`, hostAt(config.nodeCidrs[0], 20 + it, "worker")])) };
config.etcd = { throwAway: true };
const place = (number: number) => addressIn(config.nodeCidrs[0], number);
const address = place(201);
const on = { metallb: { addresses: [`${place(200)}-${place(220)}`] }, ingress: { address, memoryRequest: "64Mi" } };
config.addons = on;

const names = ["metallb-controller", "metallb-speaker", "metallb-crds", "traefik", "gateway-api", "cert-manager-crds"];

/** One request on a connection of its own. Resolves with the answer's status; rejects where there is none in time. */
const request = ({ address, host }: { address: string; host: string }, limit = 10_000): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { host: address, path: "/health", headers: { host }, agent: new Agent(), timeout: limit };
    const sent = get(options, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer in ${limit / 1000} s`))).on("error", reject);
  });
const answers = (place: { address: string; host: string }) =>
  eventually(`${place.host} to answer at ${place.address}`, 120, async () => (await request(place, 2000)) === 200);

/** Begins a request every tenth of a second, whatever became of the others, until `stop`. It fails where it has no answer in 10 s. */
class Asking {
  readonly asked: { at: number; took: number; said: string }[] = [];
  readonly #pending: Promise<void>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(place: { address: string; host: string }) {
    this.#timer = setInterval(() => this.#pending.push(this.#ask(place)), 100);
  }

  async #ask(place: { address: string; host: string }): Promise<void> {
    const at = Date.now();
    const said = await request(place).then(String, (error: Error) => error.message);
    this.asked.push({ at, took: Date.now() - at, said });
  }

  /** Whether the last fifty requests to end, all begun later than this moment, were answered. */
  isWell(since: number): boolean {
    const last = this.asked.slice(-50);
    return last.length === 50 && last.every(({ said, at }) => said === "200" && at > since);
  }

  /** What failed, the longest time in milliseconds without any answer, and a line about all. */
  async stop(cut: number): Promise<{ failed: number[]; gap: number; line: string }> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    const failed = this.asked.filter(({ said }) => said !== "200");
    const answered = this.asked.filter(({ said }) => said === "200");
    const ends = answered.map(({ at, took }) => at + took).sort((a, b) => a - b);
    const gap = Math.max(...ends.slice(1).map((end, index) => end - (ends[index] as number)));
    const slow = answered.filter(({ took }) => took > 500);
    const slowest = Math.max(...answered.map(({ took }) => took));
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
    const line =
      `${this.asked.length} requests, ${failed.length} failed (${[...new Set(failed.map(({ said }) => said))].join(", ")}); ` +
      `no answer at all for ${seconds(gap)}; ${slow.length} took more than 0.5 s, the slowest ${seconds(slowest)}`;
    return { failed: failed.map(({ at }) => at - cut), gap, line };
  }
}

/** A web server from the image that every node has. An Ingress, an HTTPRoute, and an address of its own lead to it. */
const site = (image: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: site, namespace: default }
data: { Corefile: ".:5353 {\\n    health :8080\\n}\\n" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: site, namespace: default }
spec:
  replicas: 3
  selector: { matchLabels: { app: site } }
  template:
    metadata: { labels: { app: site } }
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
        - { topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { app: site } } }
      containers:
        - name: main
          image: ${image}
          args: [-conf, /etc/site/Corefile]
          readinessProbe: { httpGet: { path: /health, port: 8080 }, periodSeconds: 1 }
          volumeMounts: [{ name: configuration, mountPath: /etc/site }]
      volumes: [{ name: configuration, configMap: { name: site } }]
---
apiVersion: v1
kind: Service
metadata: { name: site, namespace: default }
spec: { type: LoadBalancer, externalTrafficPolicy: Local, selector: { app: site }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: site, namespace: default }
spec:
  rules:
    - host: ingress.example.com
      http: { paths: [{ path: /health, pathType: Prefix, backend: { service: { name: site, port: { name: http } } } }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: site, namespace: default }
spec:
  parentRefs: [{ name: traefik, namespace: traefik }]
  hostnames: [route.example.com]
  rules:
    - backendRefs: [{ name: site, port: 80 }]
`;

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const kinds = async () => (await cluster.kubectl("get crd -o name")).split("\n").filter((it) => /metallb|gateway/.test(it));

    /** The site's own address. */
    const own = () =>
      eventually("the site's Service to have an address", 60, async () => {
        const { status } = await cluster.get("service site -n default");
        const ip: string | undefined = status.loadBalancer.ingress?.[0].ip;
        return ip !== undefined && { address: ip, host: "own.example.com" };
      });

    test("the first up installed both: their pods run on nodes of their own, and a second one runs nothing", async () => {
      assert.match(scenario.said, /applied \d+ objects of add-on metallb/);
      assert.match(scenario.said, /applied \d+ objects of add-on traefik/);
      const pods = await cluster.list("pods -n traefik");
      assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 2);
      await cluster.settled();
      await assertNothingRuns(scenario);
    });

    test("an Ingress and an HTTPRoute answer at the address that the config names", async () => {
      const [coredns] = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
      await cluster.apply(site(coredns?.spec.containers[0].image));
      await eventually("the site's pods to be ready", 120, async () => {
        const pods = await cluster.list("pods -n default -l app=site");
        return pods.length === 3 && pods.every(isReady);
      });
      await answers({ address, host: "ingress.example.com" });
      await answers({ address, host: "route.example.com" });
      const { status } = await cluster.get("service traefik -n traefik");
      assert.equal(status.loadBalancer.ingress[0].ip, address);
      const gateway = await cluster.get("gateway traefik -n traefik");
      assert.equal(gateway.status.addresses[0].value, address);
      await answers(await own());
    });

    test("the node that answers for Traefik loses power: requests go on at the other replica, and at a Service's own address", async () => {
      const states = await cluster.list("servicel2statuses -n metallb-system");
      const gone = states.find(({ status }) => status.serviceName === "traefik")?.status.node;
      assert.ok(gone in config.hosts, `no speaker says that it answers for the address: ${JSON.stringify(states)}`);
      const places = [{ address, host: "route.example.com" }, await own()];
      const asking = places.map((place) => new Asking(place));
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const cut = Date.now();
      await cutPower(config.name, gone);
      await eventually("fifty answers in a row after the cut", 120, async () => asking.every((it) => it.isWell(cut)));
      // Until the Node is NotReady and after it: a dead pod must not come back into play.
      await eventually(`${gone} to be NotReady`, 120, async () => !(await cluster.readyNodes()).includes(gone));
      const late = Date.now();
      await eventually("fifty more", 60, async () => asking.every((it) => it.isWell(late)));
      const told = await Promise.all(asking.map((it) => it.stop(cut)));
      await start(config.name, gone);
      for (const [index, { failed, gap, line }] of told.entries()) {
        console.log(`power cut of ${gone}, which answered for ${address}; ${places[index]?.host}: ${line}`);
        // Kubernetes itself takes a pod out after 50 s at the earliest.
        assert.ok(gap < 40_000, `no answer for ${gap} ms`);
        const strange = failed.filter((since) => since < -1000 || since > late - cut);
        assert.deepEqual(strange, [], "requests that failed before the cut, or once the Node was NotReady");
      }
      await cluster.settled(300);
    });

    test("what can't run here is taken by the API as it is rendered", async () => {
      const all = clusterFrom({ ...config, addons: { ...on, ingress: { controller: "nginx" }, certManager: true } });
      const { versions } = resolveVersions(all);
      const { addons, problems } = await renderSet(all, versions, [nginx, certManager]);
      assert.deepEqual(problems, []);
      assert.equal(addons.length, 2);
      for (const { namespace, objects } of addons) {
        await cluster.kubectl(`create namespace ${namespace}`);
        // An argument of a program has 128 KiB at most: kinds go one by one.
        const isKind = ({ kind }: { kind: string }) => kind === "CustomResourceDefinition";
        for (const part of [...objects.filter(isKind).map((it) => [it]), objects.filter((it) => !isKind(it))]) {
          const lines = part.map((object) => JSON.stringify(object)).join("\n");
          await cluster.kubectl("apply --server-side --dry-run=server --validate=strict -f -", lines);
        }
        await cluster.kubectl(`delete namespace ${namespace}`);
      }
    });

    test("turning both off removes all that they made", async () => {
      await cluster.kubectl("delete deployment,service,configmap,ingress site -n default");
      assert.ok((await kinds()).length > 10);
      config.addons = {};
      stack.configure(config);
      await stack.up();
      assert.deepEqual(await kinds(), []);
      const left = await cluster.kubectl(
        "get namespaces,clusterroles,clusterrolebindings,ingressclasses,validatingadmissionpolicies,validatingadmissionpolicybindings -o name",
      );
      assert.doesNotMatch(left, /metallb|traefik|gateway/);
      await cluster.settled();
      await assertNothingRuns(scenario);
    });
  },
  {
    prepare: () => fillBundle(config.kubernetesVersion, [`addons/lock.json#${names.join(",")}`]),
  },
);
