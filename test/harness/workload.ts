import assert from "node:assert/strict";
import { inPod, isReady, type KubernetesObject, type TestCluster } from "./cluster.ts";
import { eventually } from "./process.ts";

// A workload from the image that every cluster has: CoreDNS answers a TXT query with the name of its node.

const manifest = (image: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: whereami, namespace: default }
data:
  Corefile: |
    .:5353 {
        template IN TXT node.test {
            answer "{{ .Name }} 0 IN TXT {$NODE_NAME}"
        }
        ready
    }
---
apiVersion: v1
kind: Service
metadata: { name: whereami, namespace: default }
spec:
  selector: { app: whereami }
  ports: [{ name: dns, protocol: UDP, port: 53, targetPort: 5353 }]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: whereami, namespace: default }
spec:
  selector: { matchLabels: { app: whereami } }
  template:
    metadata: { labels: { app: whereami } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: whereami
          image: ${image}
          args: [-conf, /etc/whereami/Corefile]
          env: [{ name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }]
          readinessProbe: { httpGet: { path: /ready, port: 8181 }, periodSeconds: 1 }
          volumeMounts: [{ name: configuration, mountPath: /etc/whereami }]
      volumes: [{ name: configuration, configMap: { name: whereami } }]
`;

/** Runs one pod on every worker; returns them once they are ready. */
export async function startWhereAmI(cluster: TestCluster): Promise<KubernetesObject[]> {
  const [coredns] = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
  if (coredns === undefined) throw new Error("there is no CoreDNS pod whose image could be used");
  await cluster.apply(manifest(coredns.spec.containers[0].image));
  const workers = cluster.withRole("worker").length;
  return eventually(`a ready pod on each of ${workers} workers`, 120, async () => {
    const pods = await cluster.list("pods -n default -l app=whereami");
    return pods.filter(isReady).length === workers && pods;
  });
}

/** Starts two pods whose PodDisruptionBudget allows one of them to be away. Returns once both are ready. */
export async function startGuarded(cluster: TestCluster): Promise<void> {
  const [coredns] = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
  if (coredns === undefined) throw new Error("there is no CoreDNS pod whose image could be used");
  await cluster.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: guarded, namespace: default }
spec:
  replicas: 2
  selector: { matchLabels: { app: guarded } }
  template:
    metadata: { labels: { app: guarded } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: guarded
          image: ${coredns.spec.containers[0].image}
          readinessProbe: { tcpSocket: { port: 53 }, periodSeconds: 1 }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: guarded, namespace: default }
spec: { minAvailable: 1, selector: { matchLabels: { app: guarded } } }
`);
  await eventually("both guarded pods to be ready", 120, async () => {
    const pods = await cluster.list("pods -n default -l app=guarded");
    return pods.filter(isReady).length === 2;
  });
}

async function stopWhereAmI(cluster: TestCluster): Promise<void> {
  await cluster.kubectl("delete -n default daemonset/whereami service/whereami configmap/whereami");
}

/**
 * The nodes that answer a pod's queries to the Service. Queries go on until every worker has answered, 30 s at most, because a
 * kube-proxy hears of a new Service a moment later. From then on each of 60 queries must be answered.
 */
export async function answeringNodes(cluster: TestCluster, pod: KubernetesObject): Promise<Set<string>> {
  const address = (await cluster.get("service whereami -n default")).spec.clusterIP;
  const script = `
    import { Resolver } from "node:dns/promises";
    const nodes = new Set();
    async function ask() {
      // Each resolver opens a new flow, for which kube-proxy chooses an endpoint again.
      const resolver = new Resolver({ timeout: 2000, tries: 2 });
      resolver.setServers(["${address}"]);
      nodes.add((await resolver.resolveTxt("node.test")).flat().join());
    }
    const known = Date.now() + 30_000;
    while (nodes.size < ${cluster.withRole("worker").length} && Date.now() < known) {
      await ask().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (let n = 0; n < 60; n++) await ask();
    console.log([...nodes].join(" "));`;
  return new Set((await inPod(pod, script)).trim().split(" "));
}

/** The cluster DNS's answer to a pod that looks up a Service. */
async function lookUp(cluster: TestCluster, pod: KubernetesObject, name: string): Promise<string[]> {
  const server = (await cluster.get("service kube-dns -n kube-system")).spec.clusterIP;
  const script = `
    import { Resolver } from "node:dns/promises";
    const resolver = new Resolver({ timeout: 2000, tries: 3 });
    resolver.setServers(["${server}"]);
    console.log((await resolver.${server.includes(":") ? "resolve6" : "resolve4"}("${name}")).join(" "));`;
  return (await inPod(pod, script)).trim().split(" ");
}

/** Every worker's pod gets an answer from CoreDNS and, through a Service, from the pods of all workers. */
export async function assertPodsReachEachOther(cluster: TestCluster): Promise<void> {
  const pods = await startWhereAmI(cluster);
  const workers = new Set(cluster.withRole("worker").map(({ name }) => name));
  assert.deepEqual(new Set(pods.map(({ spec }) => spec.nodeName)), workers);
  const service = await cluster.get("service kubernetes -n default");
  for (const pod of pods) {
    assert.deepEqual(await lookUp(cluster, pod, "kubernetes.default.svc.cluster.local"), [service.spec.clusterIP]);
    assert.deepEqual(await answeringNodes(cluster, pod), workers);
  }
  await stopWhereAmI(cluster);
}
