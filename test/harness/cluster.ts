import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { hostPort } from "../../config/addresses.ts";
import { LabHost } from "./lab.ts";
import { eventually, must } from "./process.ts";
import type { ClusterConfig } from "./samples.ts";

const kubectlOnHost = "KUBECACHEDIR=/run/kubectl-of-tests kubectl --kubeconfig /etc/kubernetes/admin.conf";

export interface KubernetesObject {
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [key: string]: unknown;
  };
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is read field by field
  [key: string]: any;
}

/** A cluster on lab hosts as its operator sees it: through kubectl, etcdctl and the hosts themselves. */
export class TestCluster {
  readonly config: ClusterConfig;
  readonly hosts: ReadonlyMap<string, LabHost>;

  /** `lab` names the lab with the hosts; by default it has the cluster's name. */
  constructor(config: ClusterConfig, lab = config.name) {
    this.config = config;
    this.hosts = new Map(
      Object.entries(config.hosts).map(([name, { address }]) => [name, new LabHost(lab, name, first(address))]),
    );
  }

  host(name: string): LabHost {
    const host = this.hosts.get(name);
    assert.ok(host, `no host ${name}`);
    return host;
  }

  withRole(role: string): LabHost[] {
    return [...this.hosts.values()].filter((host) => this.config.hosts[host.name]?.roles.includes(role));
  }

  /** Runs kubectl on the first control plane that runs, at the API's one address. Throws where it fails. */
  async kubectl(args: string, input?: string): Promise<string> {
    const [host] = await this.#running("control-plane");
    assert.ok(host, "no control plane runs");
    return host.sh(`${kubectlOnHost} --request-timeout 20s ${args} ${input === undefined ? "" : heredoc(input)}`);
  }

  async get(what: string): Promise<KubernetesObject> {
    return JSON.parse(await this.kubectl(`get ${what} -o json`));
  }

  async list(what: string): Promise<KubernetesObject[]> {
    return (await this.get(what)).items;
  }

  async apply(manifest: string): Promise<void> {
    await this.kubectl("apply -f -", manifest);
  }

  /** Runs etcdctl with a member's own credential against every member the config names. */
  async etcdctl(args: string): Promise<string> {
    const [host] = await this.#running("etcd");
    assert.ok(host, "no etcd host runs");
    const endpoints = this.withRole("etcd").map(({ address }) => `https://${hostPort(address, 2379)}`);
    return host.sh(`etcdctl ${etcdFlags} --endpoints ${endpoints.join(",")} ${args}`);
  }

  /** The cluster id that each running member says it belongs to. */
  async etcdClusterIds(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const host of await this.#running("etcd")) {
      const status = await host.sh(
        `etcdctl ${etcdFlags} --endpoints https://${hostPort(host.address, 2379)} endpoint status -w fields`,
      );
      // As text: the number has more digits than a double keeps.
      ids.add(/"ClusterID" : (\d+)/.exec(status)?.[1] ?? status);
    }
    return ids;
  }

  async readyNodes(): Promise<string[]> {
    const nodes = await this.list("nodes");
    return nodes.filter(isReady).map(({ metadata }) => metadata.name);
  }

  /** Waits until every host that is a node is Ready. */
  async nodesReady(seconds = 180): Promise<void> {
    const nodes = [...this.withRole("control-plane"), ...this.withRole("worker")];
    const expected = [...new Set(nodes.map(({ name }) => name))].sort();
    await eventually(`nodes ${expected.join(", ")} to be Ready`, seconds, async () => {
      const ready = (await this.readyNodes()).sort();
      if (ready.join() !== expected.join()) throw new Error(`Ready: ${ready.join(", ")}`);
      return true;
    });
  }

  /** Waits until every node and every pod is Ready. */
  async settled(seconds = 180): Promise<void> {
    await this.nodesReady(seconds);
    await eventually("every pod to be ready", seconds, async () => {
      const pods = await this.list("pods -A");
      const waiting = pods.filter((pod) => !isReady(pod));
      if (waiting.length > 0) {
        const told = await Promise.all(waiting.map((pod) => this.#whyWaiting(pod)));
        throw new Error(`not ready: ${told.join("; ")}`);
      }
      return pods.length > 0;
    });
  }

  /** A pod's name with what the scheduler, the kubelet and its own log say. */
  async #whyWaiting({ metadata: { name, namespace }, status }: KubernetesObject): Promise<string> {
    const scheduled = (status.conditions ?? []).find(({ reason }: { reason?: string }) => reason === "Unschedulable")?.message;
    const states = (status.containerStatuses ?? []).map(
      ({ state }: { state?: { waiting?: { reason?: string; message?: string } } }) =>
        [state?.waiting?.reason, state?.waiting?.message].join(" "),
    );
    const log = await this.kubectl(`logs -n ${namespace} ${name} --all-containers --tail=3`).catch(() => "");
    return [name, scheduled, ...states, log.trim()].filter(Boolean).join(" | ");
  }

  /** The hosts that hold the virtual IP. */
  async holders(): Promise<LabHost[]> {
    const balancers = await this.#running("balancer");
    const holds = await Promise.all(balancers.map((host) => host.sh("ip -o address show")));
    return balancers.filter((_, index) => holds[index]?.includes(` ${first(this.config.api.address)}/`));
  }

  async #running(role: string): Promise<LabHost[]> {
    const hosts = this.withRole(role);
    const runs = await Promise.all(hosts.map((host) => host.runs()));
    return hosts.filter((_, index) => runs[index]);
  }
}

/** What a config has for one family or for both, the primary one first. */
const first = (address: string | readonly string[]): string => [address].flat()[0] as string;

const etcdFlags = "--cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/member.crt --key /etc/etcd/pki/member.key";

const heredoc = (text: string) => `<<'END_OF_INPUT'\n${text}\nEND_OF_INPUT\n`;

/** A Node or a pod with condition Ready. */
export function isReady(object: KubernetesObject): boolean {
  const conditions: { type: string; status: string }[] = object.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

/** Runs a JavaScript module in a pod's network: its addresses, routes and name server, with this machine's own node. */
export async function inPod(pod: KubernetesObject, script: string): Promise<string> {
  const id = String(pod.status.containerStatuses[0].containerID).replace("containerd://", "");
  const pid = globSync("/proc/[0-9]*/cgroup").find((file) => {
    try {
      return readFileSync(file, "utf8").includes(id);
    } catch {
      // It ended in the meantime.
      return false;
    }
  });
  assert.ok(pid, `container ${id} of pod ${pod.metadata.name} runs nowhere on this machine`);
  const network = pid.replace(/cgroup$/, "ns/net");
  return must("nsenter", [`--net=${network}`, process.execPath, "--input-type=module", "-"], { input: script });
}
