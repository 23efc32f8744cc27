import { type Finding, fail, ok, repair, warn } from "../finding.ts";
import { lines, type Observation } from "../observation.ts";
import type { Looked } from "../observe.ts";
import type { WantedHost } from "../stack.ts";

// What the API says: its own health on each control plane, nodes, the system's pods; and what stands in front of it.

/** Conditions of a Node and what they should be. */
const wantedConditions: Readonly<Record<string, string>> = {
  Ready: "True",
  MemoryPressure: "False",
  DiskPressure: "False",
  PIDPressure: "False",
  NetworkUnavailable: "False",
};
/** Containers whose image carries the version of Kubernetes. */
const controlPlaneImage = /\/(kube-apiserver|kube-controller-manager|kube-scheduler|kube-proxy):v([^ ]+)/;

/** The apiserver of a control plane, and the balancer of a host. */
export function serverFindings({ settings, stages }: WantedHost, seen: Observation): Finding[] {
  const findings: Finding[] = [];
  if (stages.includes("control-plane")) {
    const ready = lines(seen, "api").join() === "ok";
    const cure = `see \`crictl logs\` or /var/log/pods of kube-apiserver there; ${repair}`;
    findings.push(ready ? ok("apiserver", "ready") : fail("apiserver", "of this host is not ready", cure));
  }
  if (stages.includes("balancer")) {
    const [status] = lines(seen, "balancer");
    if (status === "200") findings.push(ok("balancer", "reaches a ready apiserver"));
    else if (status === "503")
      findings.push(fail("balancer", "reaches no ready apiserver", "see the control planes, and the statistics page"));
    else {
      const program = settings.PROXY === "lvs" ? "ha-kubernetes-lvs-answers" : (settings.PROXY ?? "haproxy");
      findings.push(fail("balancer", `${program} does not answer`, `see \`journalctl -u ${program}\` there; ${repair}`));
    }
  }
  return findings;
}

/** Who holds the virtual IP: one balancer, no other and not two. */
export function addressFindings(looked: readonly Looked[]): Finding[] {
  const balancers = looked.filter(({ host }) => host.stages.includes("balancer") && !host.lost);
  const address = balancers[0]?.host.settings.API_ADDRESS;
  // Where the address is not one balancer's, there is nobody to look for.
  if (address === undefined || balancers[0]?.host.settings.HOLDER !== undefined) return [];
  const holders = balancers.flatMap((it) =>
    "seen" in it && lines(it.seen, "addresses").some((line) => line.startsWith(`${address}/`)) ? [it.host.name] : [],
  );
  const subject = `virtual IP ${address}`;
  if (holders.length === 1) return [ok(subject, `held by ${holders[0]}`)];
  if (holders.length > 1) {
    return [
      fail(
        subject,
        `held by ${holders.join(" and ")} at once`,
        "balancers must reach each other with VRRP (IP protocol 112): see the network between them",
      ),
    ];
  }
  if (balancers.some((it) => !("seen" in it))) return [];
  return [fail(subject, "held by none of the balancers", "see `journalctl -u keepalived` on them: they want a ready apiserver")];
}

/** A Node of an auto-scaling pool, named after its instance: no host of the config, and as it should be for all that. */
const ofScaledPool = /-i-[0-9a-f]{17}$/;

/** Nodes and the system's pods by the host they belong to; `cluster` where they belong to none. */
export function nodeFindings(looked: readonly Looked[]): Map<string, Finding[]> {
  const result = new Map<string, Finding[]>();
  const add = (name: string, ...findings: Finding[]) => result.set(name, [...(result.get(name) ?? []), ...findings]);
  const planes = looked.filter(({ host }) => host.stages.includes("control-plane"));
  const answer = planes.flatMap((it) => ("seen" in it && lines(it.seen, "nodes").length > 0 ? [it.seen] : []))[0];
  if (answer === undefined) {
    if (planes.length > 0) add("cluster", fail("API", "no control plane lists the nodes", `see the control planes; ${repair}`));
    return result;
  }
  const wanted = looked
    .map(({ host }) => host)
    .filter(({ stages, lost }) => !lost && (stages.includes("control-plane") || stages.includes("worker")));
  const nodes = new Map(lines(answer, "nodes").map((line) => [line.split("\t")[0] ?? "", line.split("\t")]));
  for (const host of wanted) {
    const node = nodes.get(host.name);
    if (node === undefined) add(host.name, fail("Node", "does not exist", `see \`journalctl -u kubelet\` there; ${repair}`));
    else add(host.name, ...oneNode(node, host.versions.kubernetes), ...ofHost(node, host));
    nodes.delete(host.name);
  }
  for (const [name, node] of nodes) {
    if (ofScaledPool.test(name)) add("cluster", ...oneNode(node).map((it) => ({ ...it, subject: `Node ${name}` })));
    else
      add("cluster", warn(`Node ${name}`, "is not a host of this stack", `\`kubectl delete node ${name}\` if its host is gone`));
  }
  for (const it of looked) if ("seen" in it) add(it.host.name, ...rangeFindings(lines(answer, "nodes"), it.host.name, it.seen));
  const hosts = new Map(wanted.map((host) => [host.name, host]));
  for (const [name, findings] of podFindings(lines(answer, "pods"), hosts)) add(name, ...findings);
  return result;
}

/** What a worker's Node says of its pool. */
function ofHost(node: readonly string[], { settings }: WantedHost): Finding[] {
  const pool = node[5] ?? "";
  // Empty on control planes.
  if (!settings.POOL || pool === settings.POOL) return [];
  return [fail("pool of the Node", `its label says ${pool === "" ? "none" : pool}, not ${settings.POOL}`, repair)];
}

/** Whether pods on a host have addresses of the Node's range: where they do not, new ones can't start. */
function rangeFindings(nodes: readonly string[], host: string, seen: Observation): Finding[] {
  const range = nodes.map((line) => line.split("\t")).find(([name]) => name === host)?.[4] ?? "";
  const [bridge] = lines(seen, "pod-bridge");
  const [, start = "", last = "", bits] = /^([\d.]+\.)(\d+)\/(\d+)$/.exec(range) ?? [];
  if (bridge === undefined || bits === undefined || bridge === `${start}${Number(last) + 1}/${bits}`) return [];
  return [fail("range of pods", `the bridge cni0 has ${bridge}, the Node has ${range}: no new pod can start here`, repair)];
}

function oneNode(node: readonly string[], wanted?: string): Finding[] {
  const [, unschedulable, version = "", conditions = "", , , message = ""] = node;
  const findings: Finding[] = [];
  const wrong = conditions.split(" ").filter((condition) => {
    const [type = "", status] = condition.split("=");
    return wantedConditions[type] !== undefined && wantedConditions[type] !== status;
  });
  if (wrong.length > 0)
    findings.push(
      fail(
        "Node",
        `${wrong.join(", ")}${wrong.some((it) => it.startsWith("Ready=")) && message !== "" ? `: ${message}` : ""}`,
        "see `kubectl describe node` and `journalctl -u kubelet` there",
      ),
    );
  if (unschedulable === "true")
    findings.push(warn("Node", "is cordoned: no new pods start", "`kubectl uncordon` it, unless somebody works on it"));
  if (wanted !== undefined && version !== `v${wanted}`)
    findings.push(fail("Node", `runs kubelet ${version}, not v${wanted}`, repair));
  return findings.length > 0 ? findings : [ok("Node", `Ready, kubelet ${version}`)];
}

function podFindings(all: readonly string[], hosts: ReadonlyMap<string, WantedHost>): Map<string, Finding[]> {
  const result = new Map<string, Finding[]>();
  const well = new Map<string, number>();
  for (const line of all) {
    const [pod = "", node = "", phase = "", ready = "", images = "", namespace = "kube-system", waiting = ""] = line.split("\t");
    const place = hosts.has(node) ? node : "cluster";
    const findings: Finding[] = [];
    if (phase !== "Succeeded" && ready !== "True") {
      findings.push(
        fail(
          `pod ${pod}`,
          `is ${phase}, not ready${waiting === "" ? "" : `: ${waiting}`}`,
          `see \`kubectl -n ${namespace} describe pod ${pod}\` and its logs. If it was changed by hand, ${repair}`,
        ),
      );
    }
    const [, program = "", version] = controlPlaneImage.exec(` ${images}`) ?? [];
    const wanted = hosts.get(node)?.versions.kubernetes;
    if (version !== undefined && wanted !== undefined && program !== "kube-proxy" && version !== wanted) {
      findings.push(fail(`version of ${program}`, `${version} runs, not ${wanted}`, repair));
    }
    if (findings.length > 0) result.set(place, [...(result.get(place) ?? []), ...findings]);
    else well.set(place, (well.get(place) ?? 0) + 1);
  }
  for (const [place, count] of well) {
    if (!result.has(place)) result.set(place, [ok("pods", `${count} of the system's are ready`)]);
  }
  return result;
}
