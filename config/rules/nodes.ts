import { isLvs } from "../api.ts";
import { oneProblem, shown } from "../problems.ts";
import { eachPreparation } from "./preparation.ts";
import { at, type Rule } from "./rule.ts";

// What hosts' kernels and kubelets are told.

/** A sysctl's name with slashes, as sysctl.d(5) reads both spellings. */
const bySlashes = (name: string) =>
  name.match(/[./]/)?.[0] === "/" ? name : name.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));

/** What pods' traffic needs; kube-proxy and flannel do not work without. */
const neededSysctls = [
  "net/ipv4/ip_forward",
  "net/ipv4/conf/all/forwarding",
  "net/ipv4/conf/default/forwarding",
  "net/bridge/bridge-nf-call-iptables",
];

/** What a balancer that is IPVS needs besides. */
const neededByLvs = ["net/ipv4/vs/conntrack", "net/ipv4/vs/expire_nodest_conn"];

const sysctls: Rule = {
  says: "`hostPreparation.extraSysctl` turns off no forwarding, and no packet filter of bridges, by which pods are reached; with `balancer.kind: lvs` no `net.ipv4.vs.conntrack` and `net.ipv4.vs.expire_nodest_conn`.",
  check: (cluster) =>
    eachPreparation(cluster, ({ extraSysctl }, at) =>
      Object.entries(extraSysctl).flatMap(([name, value]) => {
        const path = bySlashes(name);
        const ofLvs = isLvs(cluster) && neededByLvs.includes(path);
        if (value.trim() === "1" || !(ofLvs || neededSysctls.includes(path))) return [];
        const reason = ofLvs ? "the API's balancer needs it" : "pods of different nodes, and Services, are reached by it";
        return oneProblem(at("extraSysctl", name), `is ${shown(value)}`, `1: ${reason}`);
      }),
    ),
};

/** Names of time zones that any Linux has, by their lower-case form. */
const zones = new Map(Intl.supportedValuesOf("timeZone").map((zone) => [zone.toLowerCase(), zone]));

const timeZoneCase: Rule = {
  says: "`hostPreparation.timeZone` is written as the tz database has it, with its capitals.",
  check: (cluster) =>
    eachPreparation(cluster, ({ timeZone }, at) => {
      const zone = zones.get(timeZone?.toLowerCase() ?? "");
      if (timeZone === undefined || zone === undefined || zone === timeZone) return [];
      return oneProblem(at("timeZone"), `is ${shown(timeZone)}`, `with its capitals: ${zone}`);
    }),
};

/** Rules about kernels and kubelets. */
export const nodeRules: readonly Rule[] = [sysctls, timeZoneCase];

/** Whether this program's own JavaScript engine knows a time zone, links such as US/Eastern included. */
function isKnownZone(timeZone: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone }) !== undefined;
  } catch {
    return false;
  }
}

const unknownZone: Rule = {
  says: "`hostPreparation.timeZone` is one that this program doesn't know; hosts may.",
  check: (cluster) =>
    eachPreparation(cluster, ({ timeZone }, at) => {
      if (timeZone === undefined || isKnownZone(timeZone)) return [];
      const allowed = "one of the tz database, which timedatectl list-timezones shows on a host";
      return oneProblem(at("timeZone"), `is ${shown(timeZone)}, which is not known here`, allowed);
    }),
};

const unusedSysctls: Rule = {
  says: "`hostPreparation.extraSysctl` has entries while `hostPreparation.sysctl` is false, or one of them twice in two spellings.",
  check: (cluster) =>
    eachPreparation(cluster, ({ extraSysctl, sysctl }, at) => {
      const names = Object.keys(extraSysctl);
      if (names.length > 0 && !sysctl)
        return oneProblem(at("extraSysctl"), "is not used", `nothing while ${at("sysctl")} is false`);
      const twice = names.filter((name, index) => names.findIndex((other) => bySlashes(other) === bySlashes(name)) < index);
      return twice.map((name) => ({
        key: at("extraSysctl", name),
        found: "is there in another spelling too",
        allowed: "each sysctl once: the last one wins",
      }));
    }),
};

const milliBytes: Rule = {
  says: "An amount of memory or storage in `kubelet.systemReserved` is in thousandths of a byte (m).",
  check: ({ kubelet: { systemReserved } }) =>
    (["memory", "ephemeral-storage"] as const).flatMap((resource) => {
      const amount = systemReserved[resource];
      if (amount === undefined || !amount.endsWith("m")) return [];
      const meant = amount.replace(/m$/, "Mi");
      return oneProblem(
        at("kubelet", "systemReserved", resource),
        `is ${shown(amount)}, thousandths of a byte`,
        `${meant}, mebibytes`,
      );
    }),
};

/** Warnings about nodes. */
export const nodeWarnings: readonly Rule[] = [unknownZone, unusedSysctls, milliBytes];
