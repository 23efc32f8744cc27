import { IPVS, LEAVING_PORT } from "../../config/ports.ts";
import { type Finding, fail, ok, repair, warn } from "../finding.ts";
import { lines, type Observation, seenUnits } from "../observation.ts";
import type { WantedHost } from "../stack.ts";

// What runs on a host, in which version, and what listens.

/** Whose program each versioned unit runs. */
const versioned: Readonly<Record<string, string>> = {
  "etcd.service": "etcd",
  "containerd.service": "containerd",
  "kubelet.service": "kubernetes",
};
const links: Readonly<Record<string, string>> = { "/usr/local/bin/runc": "runc", "/opt/cni/bin/bridge": "cni-plugins" };
/** Where a version is installed: /opt/ha-kubernetes/<program>-<version>/<file>. */
const installed = /^\/opt\/ha-kubernetes\/([a-z-]+)-([^/]+)\//;

/** Programs that run in another version than wanted. A unit that does not run is not this function's business. */
export function versionFindings({ versions }: WantedHost, seen: Observation): Finding[] {
  const units = seenUnits(seen);
  const executables = new Map(lines(seen, "programs").map((line) => [Number(line.split(" ")[0]), line.split(" ")[1] ?? ""]));
  const running = Object.entries(versioned).flatMap(([unit, name]): [string, string][] => {
    const path = executables.get(units.get(unit)?.pid ?? 0);
    return path === undefined ? [] : [[name, path]];
  });
  const linked = lines(seen, "links").flatMap((line): [string, string][] => {
    const [link = "", path = ""] = line.split(" ");
    return links[link] === undefined ? [] : [[links[link], path]];
  });
  const wrong: Finding[] = [];
  const right: string[] = [];
  for (const [name, path] of [...running, ...linked]) {
    const wanted = versions[name];
    if (wanted === undefined) continue;
    const [, , version] = installed.exec(path) ?? [];
    if (version === wanted) right.push(`${name} ${wanted}`);
    else
      wrong.push(fail(`version of ${name}`, `${version ?? `${path || "an unknown program"}`} is there, not ${wanted}`, repair));
  }
  return wrong.length > 0 || right.length === 0 ? wrong : [ok("versions", right.join(", "))];
}

interface Listener {
  protocol: string;
  address: string;
  port: number;
  program: string;
  pids: string[];
}

/** What listens on the host, as ss shows it. */
export function listeners(seen: Observation): Listener[] {
  return lines(seen, "ports").map((line) => {
    const [protocol = "", , , , local = "", , users = ""] = line.split(/\s+/);
    const cut = local.lastIndexOf(":");
    return {
      protocol,
      address: local.slice(0, cut).replace(/[[\]]/g, "").replace(/%.*$/, ""),
      port: Number(local.slice(cut + 1)),
      program: /"([^"]+)"/.exec(users)?.[1] ?? "",
      pids: [...users.matchAll(/pid=(\d+)/g)].map(([, pid = ""]) => pid),
    };
  });
}

const onLoopback = (address: string) => address.startsWith("127.") || address === "::1";
/** What a host's own system may listen with: remote login, DHCP and time. */
const systemPrograms = new Set([
  "sshd",
  "systemd-network",
  "dhclient",
  "NetworkManager",
  "chronyd",
  "systemd-resolve",
  "systemd-timesyn",
]);

/**
 * Ports that nothing of the cluster or the system itself opens, and ports of the table that nothing or another program listens on.
 * What listens on loopback only, and what pods open, is left out.
 */
export function portFindings({ settings, target }: WantedHost, seen: Observation): Finding[] {
  // LEAVING_PORT is open only while a control plane leaves.
  const table = (settings.PORTS ?? "")
    .split(" ")
    .filter(Boolean)
    .map((entry) => entry.split(":") as [string, string]);
  const expected = new Map(table.map(([port, program]) => [Number(port), program]));
  const open = listeners(seen);
  const ofPods = new Set(lines(seen, "pod-processes"));
  const findings: Finding[] = [];
  for (const [port, program] of expected) {
    if (port === LEAVING_PORT || program === IPVS) continue;
    const found = open.find((listener) => listener.protocol === "tcp" && listener.port === port);
    if (found === undefined) {
      findings.push(fail(`port ${port}`, `nothing listens: ${program} should`, `see why ${program} does not run; ${repair}`));
    } else if (found.program !== "" && found.program !== program) {
      findings.push(
        fail(`port ${port}`, `${found.program} listens, not ${program}`, `stop ${found.program} there, then ${repair}`),
      );
    }
  }
  const strangers = open.filter(({ protocol, address, port, program, pids }) => {
    // The kernel's own tunnel has no process; neither has a name server that docker gives its containers, on loopback.
    if (onLoopback(address) || systemPrograms.has(program)) return false;
    // systemd may listen in sshd's place.
    if (program === "systemd" && (port === 22 || port === target?.port)) return false;
    if (protocol === "tcp" ? expected.has(port) : program === "" || program === "haproxy") return false;
    return pids.length === 0 || !pids.every((pid) => ofPods.has(pid));
  });
  const seenPorts = new Set<string>();
  for (const { protocol, port, program } of strangers) {
    const subject = `port ${port}/${protocol}`;
    if (seenPorts.has(subject)) continue;
    seenPorts.add(subject);
    const cure = "stop it if nobody needs it there";
    findings.push(warn(subject, `${program || "an unknown program"} listens, which is none of the cluster's`, cure));
  }
  return findings.length > 0 ? findings : [ok("ports", `${expected.size} of the cluster's, no other`)];
}
