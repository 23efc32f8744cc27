import { keyPath, oneProblem, type Problem, shown } from "../problems.ts";
import { alive, type Change, kept, type Refusal, without } from "./change.ts";

// What can't happen to machines between two runs. The record has those of providers that replace them under their hosts.

const vital = (roles: readonly string[]) => roles.includes("etcd") || roles.includes("control-plane");

/** Hosts whose machine this run stops or replaces, of those that stay the same host. */
function changed(change: Change) {
  return kept(change).filter(
    ({ was, is }) =>
      !was.lost &&
      !is.lost &&
      was.incarnation === is.incarnation &&
      was.machine !== undefined &&
      is.machine !== undefined &&
      was.machine.born !== is.machine.born,
  );
}

const perHost = ({ after }: Change, name: string) =>
  `keep the others as they are by hosts.NAME.${after.provider}, and change ${name} alone; the next one in the next edit`;

const oneMachine: Refusal = {
  says: "One edit stops or replaces the machine of one etcd or control-plane host, and then removes no other such host.",
  check(change) {
    const hosts = changed(change).filter(({ was }) => vital(was.roles));
    const [first] = hosts;
    if (first === undefined) return [];
    const gone = without(alive(change.before), alive(change.after)).filter((name) =>
      vital(change.before.hosts[name]?.roles ?? []),
    );
    if (hosts.length + gone.length <= 1) return [];
    const names = hosts.map(({ name }) => name);
    return hosts.map(({ name, was, is }) => ({
      key: keyPath(["hosts", name]),
      found: `would be a machine with ${is.machine?.born}; the last up made it with ${was.machine?.born}. So would ${[...names, ...gone].filter((it) => it !== name).join(", ")} go or change in the same edit`,
      allowed: "one etcd or control-plane host in an edit",
      cure: perHost(change, first.name),
    }));
  },
};

const fewWorkers: Refusal = {
  says: "One edit stops or replaces at most `maxUnavailable` machines of a pool.",
  check(change) {
    const byPool = new Map<string, string[]>();
    for (const { name, is } of changed(change)) {
      if (is.machine?.pool !== undefined) byPool.set(is.machine.pool, [...(byPool.get(is.machine.pool) ?? []), name]);
    }
    return [...byPool].flatMap(([pool, names]): Problem[] => {
      const most = change.after.maxUnavailable?.[pool] ?? 1;
      if (names.length <= most) return [];
      return oneProblem(
        keyPath(["pools", pool]),
        `would have other machines for ${names.join(", ")} at once`,
        `${most} in an edit, as pools.${pool}.maxUnavailable says`,
        `${perHost(change, names[0] ?? "")}; or raise maxUnavailable; or add a pool with the new machines and take this one away`,
      );
    });
  },
};

const notWithVersions: Refusal = {
  says: "No machine is replaced in the edit that changes a version of Kubernetes, etcd or containerd.",
  override: "change-with-upgrade",
  check(change) {
    const { before, after } = change;
    const names = changed(change).map(({ name }) => name);
    const same =
      before.kubernetesVersion === after.kubernetesVersion &&
      ["etcd", "containerd"].every((part) => before.versions[part] === after.versions[part]);
    if (same || names.length === 0) return [];
    const found = `would be another machine while versions change: ${names.join(", ")}`;
    return oneProblem(keyPath(["hosts"]), found, "one at a time", "replace the machines first, with an up; then the version");
  },
};

const sameZone: Refusal = {
  says: "A host's zone doesn't change: its address and its volume are there.",
  check: (change) =>
    kept(change).flatMap(({ name, was, is }) => {
      if (was.machine === undefined || is.machine === undefined || was.lost || was.machine.zone === is.machine.zone) return [];
      return oneProblem(
        keyPath(["hosts", name, change.after.provider, "zone"]),
        `is ${shown(is.machine.zone)}; the last up made the host in ${was.machine.zone}`,
        was.machine.zone,
        `set it; or delete ${name} and add a host under another name`,
      );
    }),
};

/** Refusals about machines. */
export const machineRefusals: readonly Refusal[] = [oneMachine, fewWorkers, notWithVersions, sameZone];
