import { counted, keyPath, oneProblem } from "../problems.ts";
import { alive, type Change, type Refusal, without } from "./change.ts";

// How many hosts may come and go at once.

const key = keyPath(["hosts"]);
const listed = (names: readonly string[]) => names.join(", ");

/** How etcd's members change. A reinstalled host is among the added and the removed ones. */
function membership({ before, after }: Change) {
  const were = alive(before, "etcd");
  const are = alive(after, "etcd");
  const removed = without(were, are);
  const lost = removed.filter((name) => after.hosts[name]?.lost);
  return {
    were: were.size,
    are: are.size,
    added: without(are, were),
    planned: removed.filter((name) => !lost.includes(name)),
    lost,
  };
}

const etcdQuorum: Refusal = {
  says: "A majority of etcd's members is left when hosts are marked `lost`.",
  check(change) {
    const { were, lost } = membership(change);
    if (lost.length === 0 || were - lost.length > were / 2) return [];
    return oneProblem(
      key,
      `would give up ${lost.length} of etcd's ${were} members at once: ${listed(lost)}`,
      `at most ${Math.floor((were - 1) / 2)}, so that a majority is left to remove them`,
      "bring one of them back; without a majority etcd can only be restored from a snapshot",
    );
  },
};

const etcdSteps: Refusal = {
  says: "One edit takes etcd from 1 member to 3, from 3 to 5, from 5 to 3, or replaces one. Lost members go alone or with their replacements.",
  override: "membership-jump",
  check(change) {
    const { were, are, added, planned, lost } = membership(change);
    if (added.length + planned.length + lost.length === 0) return [];
    const full = were % 2 === 1 ? were : were + 1; // an even number is what a lost member left behind
    const replaced = planned.length === 1 && added.length === 1 && were === full;
    const resized = (planned.length === 0 || added.length === 0) && (are === 3 || are === 5) && Math.abs(are - were) <= 2;
    const fits = lost.length > 0 ? planned.length === 0 && are <= full : replaced || resized;
    if (fits) return [];
    const parts = [
      added.length > 0 ? `add ${listed(added)}` : "",
      planned.length > 0 ? `remove ${listed(planned)}` : "",
      lost.length > 0 ? `give up ${listed(lost)}` : "",
    ];
    return oneProblem(
      key,
      `would ${parts.filter((part) => part !== "").join(" and ")}, where etcd has ${counted(were, "member")}`,
      "two members more (1 to 3, 3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements",
      etcdCure(were, planned.length, added.length, lost.length),
    );
  },
};

function etcdCure(were: number, planned: number, added: number, lost: number): string {
  if (lost > 0) return "give up the lost members first, with an up; then change the others";
  if (were === 1 && planned === 0) return "add two at once; from 3 to 5 it goes in the next edit";
  if (planned === 1 && added === 0) return "add its replacement in the same edit";
  if (planned === 0) return were % 2 === 1 ? "add two at once" : "add as many as are missing to 3 or 5";
  return "replace one member in each edit, with an up after each";
}

const oneStays = (role: "control-plane" | "balancer", says: string): Refusal => ({
  says,
  check({ before, after }) {
    const were = alive(before, role);
    const are = alive(after, role);
    if (were.size === 0 || are.size === 0 || [...were.keys()].some((id) => are.has(id))) return [];
    return oneProblem(
      key,
      `would replace every host of role ${role} at once: ${listed([...were.values()])}`,
      "at least one of them, of the same incarnation, beside the new ones",
      `keep ${[...were.values()][0]} in this edit, and replace it in the next`,
    );
  },
});

const noneLeft: Refusal = {
  says: "The last control plane isn't removed.",
  check({ before, after }) {
    const were = alive(before, "control-plane");
    if (were.size === 0 || alive(after, "control-plane").size > 0) return [];
    return oneProblem(
      key,
      "would leave no control plane",
      "at least one that is not lost",
      "to end the cluster, destroy the stack",
    );
  },
};

/** Refusals about members of a group. */
export const memberRefusals: readonly Refusal[] = [
  etcdQuorum,
  etcdSteps,
  noneLeft,
  oneStays("control-plane", "One of the last run's control planes stays: the new ones learn the cluster from it."),
  oneStays("balancer", "One of the last run's balancers stays, or the API has no address in between."),
];
