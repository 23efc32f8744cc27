import { type Finding, fail, ok, repair, warn } from "../finding.ts";
import { lines, type Observation, seenUnits } from "../observation.ts";
import type { WantedHost } from "../stack.ts";

// The kernel of a host and what neighbors of the cluster may change in it: sysctls, swap, tables of the packet filter, how long a
// shutdown waits.

const prepares = ({ settings }: WantedHost, item: string) => (settings.PREPARATIONS ?? "").split(" ").includes(item);
const isNode = ({ stages }: WantedHost) => stages.includes("control-plane") || stages.includes("worker");
const inContainer = (seen: Observation) => lines(seen, "virtualization").some((kind) => kind !== "none");

/** The sysctls of a host as the config has them, by their paths below /proc/sys. */
export function wantedSysctls(host: WantedHost): Map<string, string> {
  if (!prepares(host, "sysctl")) return new Map();
  const all = (host.inputs.sysctl ?? "").split("\n").filter(Boolean);
  return new Map(all.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}

/** Sysctls with another value than the config's, now or after the next boot. */
export function sysctlFindings(host: WantedHost, seen: Observation): Finding[] {
  const live = new Map(
    lines(seen, "sysctls").map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );
  const written = new Set(lines(seen, "sysctl-file"));
  let wanted = [...wantedSysctls(host)];
  // There the script applied the settings of the container itself, which took a value.
  if (inContainer(seen)) wanted = wanted.filter(([path, value]) => path.startsWith("net/") && written.has(`-${path} = ${value}`));
  if (wanted.length === 0) return [];
  const words = (text: string) => text.trim().split(/\s+/).join(" ");
  const findings = wanted.flatMap(([path, value]): Finding[] => {
    const is = live.get(path);
    const name = `sysctl ${path.replaceAll("/", ".")}`;
    if (is === undefined) return [fail(name, "is not there: a kernel module is missing", repair)];
    if (words(is) !== words(value))
      return [fail(name, `is ${words(is)}, not ${words(value)}`, `${repair}; find out what else sets it`)];
    if (!written.has(`-${path} = ${value}`)) return [fail(name, "will not be set at the next boot", repair)];
    return [];
  });
  return findings.length > 0 ? findings : [ok("sysctls", `${wanted.length} as the config says`)];
}

/** A balancer whose keepalived can't take the virtual IP: it shows only when the one that holds it is gone. */
export function keepalivedFindings({ stages }: WantedHost, seen: Observation): Finding[] {
  if (!stages.includes("balancer") || lines(seen, "keepalived")[0] !== "FAULT") return [];
  return [
    fail(
      "keepalived",
      "is in state FAULT and can't take the virtual IP",
      "`journalctl -u keepalived` says why; `systemctl restart keepalived` where the cause is gone",
    ),
  ];
}

/** Swap that something turned on again. */
export function swapFindings(host: WantedHost, seen: Observation): Finding[] {
  if (!prepares(host, "swap") || inContainer(seen)) return [];
  const on = lines(seen, "swap");
  if (on.length === 0) return [ok("swap", "is off")];
  return [fail("swap", `is on (${on.join(", ")})`, `${repair}; if it comes back, find out what turns it on`)];
}

/** Arrays of disks that lack one or are not running, and those that rebuild. A container sees those of its machine, which are not its own. */
export function arrayFindings(_: WantedHost, seen: Observation): Finding[] {
  if (inContainer(seen)) return [];
  const arrays = lines(seen, "arrays")
    .join("\n")
    .split(/^(?=md\S* : )/m)
    .filter((text) => text.startsWith("md"));
  const findings = arrays.flatMap((text): Finding[] => {
    const [name = ""] = text.split(" ");
    const subject = `array ${name}`;
    if (/ : inactive/.test(text))
      return [fail(subject, "is not running", `\`mdadm --detail /dev/${name}\` there says what it lacks`)];
    const [, wanted, there] = /\[(\d+)\/(\d+)\]/.exec(text) ?? [];
    const [, work, done] = /(recovery|resync|reshape)\s*=\s*([\d.]+%)/.exec(text) ?? [];
    if (Number(there) < Number(wanted))
      return [
        fail(
          subject,
          `has ${there} of ${wanted} disks${work === undefined ? "" : `, ${work} ${done} done`}`,
          work === undefined ? `replace the missing one: \`mdadm /dev/${name} --add DISK\` there` : "wait until it ends",
        ),
      ];
    return work === undefined ? [] : [warn(subject, `is busy: ${work} ${done} done`, "wait until it ends: its disks are slower")];
  });
  if (findings.length > 0) return findings;
  return arrays.length === 0 ? [] : [ok("arrays of disks", `${arrays.length} whole`)];
}

/** The table of each program that writes one. */
const tableOf: Readonly<Record<string, string>> = { "kube-proxy": "ip kube-proxy", flanneld: "ip flannel-ipv4" };

/** Tables that belong to this cluster and are gone, or not as the program wrote them. */
export function tableFindings({ settings }: WantedHost, seen: Observation): Finding[] {
  const wanted = (settings.TABLES ?? "").split(" ").filter(Boolean);
  if (wanted.length === 0) return [];
  const tables = lines(seen, "tables");
  const cure = `ha-kubernetes-tables.service brings it back within seconds: look again, and see its journal there; else ${repair}`;
  const findings = wanted.flatMap((entry): Finding[] => {
    if (entry === "firewall") {
      const [is] = lines(seen, "port-table");
      if (is === "changed") return [fail("nftables inet ha_kubernetes", "is not as the program wrote it", repair)];
      return is === "whole" ? [] : [fail("nftables inet ha_kubernetes", "is gone: the port table is open", cure)];
    }
    const table = tableOf[entry] ?? entry;
    if (tables.includes(`table ${table}`)) return [];
    return [fail(`nftables ${table}`, `is gone: ${entry} wrote it and does not know`, cure)];
  });
  return findings.length > 0 ? findings : [ok("nftables", `${wanted.length} tables of the cluster are there`)];
}

/** Seconds of the kubelet's shutdownGracePeriod. */
const graceSeconds = 60;

/** Whether a shutdown waits for pods: logind must grant it, and the kubelet must have asked. */
export function shutdownFindings(host: WantedHost, seen: Observation): Finding[] {
  if (!isNode(host)) return [];
  const [, delay] = (lines(seen, "shutdown-delay")[0] ?? "").split(" ");
  const subject = "graceful shutdown";
  if (delay === undefined)
    return [warn(subject, "is off: systemd-logind does not answer", "`systemctl start systemd-logind` there")];
  const granted = Number(delay) / 1e6;
  if (granted < graceSeconds) {
    return [fail(subject, `is off: systemd-logind grants ${granted} s, the kubelet asks for ${graceSeconds} s`, repair)];
  }
  // Its own finding says so.
  if ((seenUnits(seen).get("kubelet.service")?.pid ?? 0) === 0) return [];
  const asked = lines(seen, "inhibitors").some((line) => /\bkubelet\b.*\bshutdown\b.*\bdelay\b/.test(line));
  if (asked) return [ok(subject, `waits up to ${graceSeconds} s for pods`)];
  return [warn(subject, "is off: the kubelet holds no delay", "`systemctl restart kubelet` there, which asks again; pods go on")];
}
