import { keyPath, type Problem, shown } from "../problems.ts";
import type { RecordedHost } from "../record.ts";
import { joinsAsWorker } from "../roles.ts";
import { kept, type Refusal } from "./change.ts";

// What can't happen to one host between two runs.

const at = (name: string, key: string) => keyPath(["hosts", name, key]);

const both = ({ address, secondAddress }: RecordedHost) =>
  secondAddress === undefined ? address : `${address}, ${secondAddress}`;

const newAddress: Refusal = {
  says: "A host's address doesn't change: its certificates and its etcd member carry it.",
  check: (change) =>
    kept(change)
      .filter(({ was, is }) => (was.address !== is.address || was.secondAddress !== is.secondAddress) && !was.lost)
      .map(({ name, was, is }) => ({
        key: at(name, "address"),
        found: `is ${shown(both(is))}; the last up ${was.address === undefined ? "left it to the provider" : `made the host at ${both(was)}`}`,
        allowed: both(was) ?? "nothing",
        cure: `give ${name} its old address and lost: true, and add a host at the new address under another name; delete ${name} in the edit after`,
      })),
};

const newName: Refusal = {
  says: "A host that runs isn't renamed: under the new name it would be reset and joined at the same time.",
  check: ({ before, after }) =>
    Object.entries(after.hosts)
      .filter(([name]) => before.hosts[name] === undefined)
      .flatMap(([name, { address }]) =>
        Object.entries(before.hosts)
          .filter(([old, was]) => address !== undefined && was.address === address && !was.lost && after.hosts[old] === undefined)
          .map(([old]) => ({
            key: keyPath(["hosts", name]),
            found: `has the address ${address}, which the last up gave to ${old}`,
            allowed: `the name ${old} for that host`,
            cure: `keep the name; or delete ${old} in this edit, which resets the host, and add ${name} in the next`,
          })),
      ),
};

const lostUnknown: Refusal = {
  says: "Only a host that an `up` made can be lost.",
  check: ({ before, after }) =>
    Object.entries(after.hosts)
      .filter(([name, { lost }]) => lost && before.hosts[name] === undefined)
      .map(([name]) => lostUnknownProblem(name)),
};

const lostUnknownProblem = (name: string): Problem => ({
  key: at(name, "lost"),
  found: "is true, but no up has made this host",
  allowed: "false",
  cure: `delete the entry ${name}`,
});

/** What a first `up` refuses: hosts that are lost before there is a cluster. */
export function firstUpProblems(hosts: Readonly<Record<string, { lost: boolean }>>): Problem[] {
  return Object.entries(hosts)
    .filter(([, { lost }]) => lost)
    .map(([name]) => lostUnknownProblem(name));
}

const foundAgain: Refusal = {
  says: "A lost host comes back only reinstalled, with a raised `incarnation`: its member and Node are gone.",
  check: (change) =>
    kept(change)
      .filter(({ was, is }) => was.lost && !is.lost && is.incarnation <= was.incarnation)
      .map(({ name, was }) => ({
        key: at(name, "lost"),
        found: "is false, but the last up gave the host up",
        allowed: "true, or no entry at all",
        cure: `reinstall the host and set incarnation: ${was.incarnation + 1} in the same edit`,
      })),
};

const incarnationDown: Refusal = {
  says: "`incarnation` only rises.",
  check: (change) =>
    kept(change)
      .filter(({ was, is }) => is.incarnation < was.incarnation)
      .map(({ name, was, is }) => ({
        key: at(name, "incarnation"),
        found: `is ${is.incarnation}; the last up had ${was.incarnation}`,
        allowed: `${was.incarnation}, or more where the host was reinstalled`,
      })),
};

const newDevice: Refusal = {
  says: "`dataDevice` changes only with a raised `incarnation`: etcd's data stay on the old device.",
  check: (change) =>
    kept(change)
      .filter(({ was, is }) => was.dataDevice !== is.dataDevice && is.incarnation <= was.incarnation && !is.lost)
      .map(({ name, was, is }) => ({
        key: at(name, "dataDevice"),
        found: `is ${shown(is.dataDevice)}; the last up had ${was.dataDevice ?? "none"}`,
        allowed: was.dataDevice ?? "nothing",
        cure: `set incarnation: ${was.incarnation + 1} too: the member leaves and joins again with empty data`,
      })),
};

const otherNode: Refusal = {
  says: "A worker doesn't become a control plane, etcd host or balancer in one edit, nor the other way round. A control plane takes the role worker, or gives it up, at any time.",
  check: (change) =>
    kept(change)
      .filter(({ was, is }) => !is.lost && joinsAsWorker(was.roles) !== joinsAsWorker(is.roles))
      .map(({ name, was, is }) => ({
        key: at(name, "roles"),
        found: `is ${shown(is.roles)}; the last up had ${shown(was.roles)}`,
        allowed: joinsAsWorker(was.roles) ? "worker" : "any of etcd, balancer, control-plane",
        cure: `delete ${name} in this edit, which resets the host, and add it with its new role in the next`,
      })),
};

/** Refusals about single hosts. */
export const hostRefusals: readonly Refusal[] = [
  newAddress,
  newName,
  lostUnknown,
  foundAgain,
  incarnationDown,
  newDevice,
  otherNode,
];
