import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { authorityNames } from "../../../config/authorities.ts";
import { refuseChanges } from "../../../config/changes.ts";
import { parseCluster } from "../../../config/parse.ts";
import { providerOf } from "../../../config/provider.ts";
import { movesApi, type Recorded, readRecorded, record, withApiOf } from "../../../config/record.ts";
import type { Override } from "../../../config/schema.ts";
import { known, metal } from "../../harness/samples.ts";
import { apart, five, host, member, three, worker } from "./changes-samples.ts";
import { allRefusals } from "./every-rule.ts";
import { firstUps, refusedChanges } from "./refused.ts";
import { api, rest as apiAtRest } from "./refused-api.ts";
import { at, dropOld, issueNew, rest, trustBoth } from "./refused-authorities.ts";
import { another, onAws } from "./refused-machines.ts";

const refused = (before: Recorded | undefined, after: Recorded, allow: Override[] = []) =>
  refuseChanges(before, after, allow, known).map(({ key }) => key);

for (const { change, from, before: past, after: future, keys } of refusedChanges) {
  test(`refused change: ${change}`, () => {
    const before = from();
    past?.(before);
    const after = from();
    future?.(after);
    assert.deepEqual(refused(before, after), keys);
  });
}

test("every refusal is met by some change", () => {
  const unmet = allRefusals.filter(
    ({ check }) =>
      !refusedChanges.some(({ from, before: past, after: future }) => {
        const before = from();
        past?.(before);
        const after = from();
        future?.(after);
        return check({ before, after, known, traits: providerOf(known, after.provider).traits, now: new Date() }).length > 0;
      }),
  );
  assert.deepEqual(
    unmet.map(({ says }) => says),
    [],
  );
});

const allowed: { change: string; from: () => Recorded; before?: (b: Recorded) => void; after?: (a: Recorded) => void }[] = [
  { change: "none", from: three },
  {
    change: "the pods' range grows, and nodes get smaller parts of it",
    from: three,
    after: (a) => {
      a.podCidr = "10.240.0.0/12";
      a.nodeMask = { ipv4: 25, ipv6: 64 };
    },
  },
  {
    change: "both ranges of pods grow",
    from: three,
    before: (b) => {
      b.podCidr = "10.244.0.0/16,fd00:10:244::/60";
    },
    after: (a) => {
      a.podCidr = "10.244.0.0/16,fd00:10:244::/56";
    },
  },
  {
    change: "one worker added, one removed",
    from: three,
    after: (a) => {
      a.hosts.w3 = worker("10.0.0.23");
      delete a.hosts.w1;
    },
  },
  {
    change: "a single node that grows to three, all of them workers too",
    from: three,
    before: (b) => {
      for (const n of [2, 3]) delete b.hosts[`m${n}`];
      host(b, "m1").roles = ["etcd", "balancer", "control-plane", "worker"];
    },
    after: (a) => {
      for (const n of [1, 2, 3]) host(a, `m${n}`).roles = ["etcd", "balancer", "control-plane", "worker"];
    },
  },
  {
    change: "a control plane that becomes a worker too, and one that no longer is",
    from: three,
    before: (b) => host(b, "m1").roles.push("worker"),
    after: (a) => host(a, "m2").roles.push("worker"),
  },
  { change: "the instance of one control plane", from: onAws, after: (a) => another(a, "m1") },
  {
    change: "the instances of one member and one worker",
    from: onAws,
    after: (a) => {
      another(a, "m2");
      another(a, "w1");
    },
  },
  {
    change: "as many workers' instances as may be unavailable",
    from: onAws,
    after: (a) => {
      another(a, "w1");
      another(a, "w2");
      a.maxUnavailable = { general: 2 };
    },
  },
  {
    change: "the instance of a member beside two new ones",
    from: onAws,
    after: (a) => {
      another(a, "m2");
      a.hosts.m4 = { ...host(a, "m1") };
      a.hosts.m5 = { ...host(a, "m1") };
    },
  },
  {
    change: "3 to 5",
    from: three,
    after: (a) => {
      a.hosts.m4 = member(4);
      a.hosts.m5 = member(5);
    },
  },
  {
    change: "5 to 3, the first two removed",
    from: five,
    after: (a) => {
      delete a.hosts.m1;
      delete a.hosts.m2;
    },
  },
  {
    change: "one member replaced by another",
    from: three,
    after: (a) => {
      delete a.hosts.m1;
      a.hosts.m4 = member(4);
    },
  },
  {
    change: "one member reinstalled",
    from: three,
    after: (a) => {
      host(a, "m2").incarnation = 2;
    },
  },
  {
    change: "one member lost",
    from: three,
    after: (a) => {
      host(a, "m2").lost = true;
    },
  },
  {
    change: "one member lost and replaced",
    from: three,
    after: (a) => {
      host(a, "m2").lost = true;
      a.hosts.m4 = member(4);
    },
  },
  {
    change: "two of five lost",
    from: five,
    after: (a) => {
      host(a, "m1").lost = true;
      host(a, "m2").lost = true;
    },
  },
  {
    change: "a lost member's entry deleted, its replacement added",
    from: three,
    before: (b) => {
      host(b, "m2").lost = true;
    },
    after: (a) => {
      delete a.hosts.m2;
      a.hosts.m4 = member(4);
    },
  },
  {
    change: "a lost host's address given to a new name",
    from: three,
    before: (b) => {
      host(b, "w1").lost = true;
    },
    after: (a) => {
      delete a.hosts.w1;
      a.hosts.w3 = worker("10.0.0.21");
    },
  },
  {
    change: "a lost host reinstalled",
    from: three,
    before: (b) => {
      host(b, "w1").lost = true;
    },
    after: (a) => {
      host(a, "w1").incarnation = 2;
    },
  },
  {
    change: "another data device with a raised incarnation",
    from: three,
    after: (a) => {
      Object.assign(host(a, "m1"), { dataDevice: "/dev/sdb", incarnation: 2 });
    },
  },
  {
    change: "a balancer moved to another host",
    from: apart,
    after: (a) => {
      delete a.hosts.b1;
      a.hosts.b3 = member(53, ["balancer"]);
    },
  },
  {
    change: "no balancers any more, because one is run outside",
    from: apart,
    after: (a) => {
      delete a.hosts.b1;
      delete a.hosts.b2;
    },
  },
  {
    change: "a patch upgrade",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.36.1";
    },
  },
  {
    change: "a minor upgrade",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.35.4";
    },
  },
  {
    change: "two minor versions with a way between",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.34.4";
    },
    after: (a) => {
      a.kubernetesPath = ["1.35.4"];
    },
  },
  {
    change: "etcd 3.6 from a late 3.5",
    from: three,
    before: (b) => {
      b.versions.etcd = "3.5.27";
    },
  },
  {
    change: "etcd 3.7 from a late 3.6",
    from: three,
    after: (a) => {
      a.versions.etcd = "3.7.3";
    },
  },
  {
    change: "an older CoreDNS",
    from: three,
    after: (a) => {
      a.versions.coredns = "1.13.1";
    },
  },
];

const dawn = "2000-01-01T00:00:00.000Z";
const ways: readonly [string, typeof rest, typeof rest][] = [
  ["trust both", rest, trustBoth],
  ["issue from the new", trustBoth, issueNew],
  ["drop the old", issueNew, dropOld],
  ["the next rotation", dropOld, { trust: [2, 3], issue: 2 }],
  ["trust of the new taken back", trustBoth, rest],
  ["issuing from the new taken back", issueNew, trustBoth],
];
for (const [change, was, is] of ways) {
  allowed.push({
    change: `rotation: ${change}`,
    from: three,
    before: (b) => {
      for (const name of authorityNames) at(name, was, dawn)(b);
    },
    after: (a) => {
      for (const name of authorityNames) at(name, is, dawn)(a);
    },
  });
}

const moving = {
  ...apiAtRest,
  ...{ domainName: "k8s.example.com", address: "10.0.0.9", port: 6444, virtualRouterId: 9 },
  former: { domainName: "api.prod.internal", address: "10.0.0.10", port: 8443, virtualRouterId: 10 },
};
const { former, ...moved } = moving;
const moves: readonly [string, typeof apiAtRest, typeof apiAtRest][] = [
  ["both places", apiAtRest, moving],
  ["the former place given up", moving, moved],
  ["the way back", moving, { ...former, former: { ...moved } }],
  ["the way back of one that was cut short", apiAtRest, { ...apiAtRest, former: { domainName: "k8s.example.com", port: 6444 } }],
  ["both places, known from the endpoint of an older release", { address: "10.0.0.10", port: 8443 }, moving],
];
for (const [change, was, is] of moves)
  allowed.push({ change: `move of the API: ${change}`, from: three, before: api(was), after: api(is) });

for (const { change, from, before: past, after: future } of allowed) {
  test(`allowed change: ${change}`, () => {
    const before = from();
    past?.(before);
    const after = from();
    future?.(after);
    assert.deepEqual(refused(before, after), []);
  });
}

test("an override allows its refusal and no other", () => {
  const older = { ...three(), kubernetesVersion: "1.36.1" };
  assert.deepEqual(refused(three(), older, ["patch-downgrade"]), []);
  assert.equal(refused(three(), older, ["membership-jump", "change-with-upgrade"]).length, 1);
  const replaced = three();
  for (const number of [1, 2]) {
    delete replaced.hosts[`m${number}`];
    replaced.hosts[`m${number + 3}`] = member(number + 3);
  }
  assert.deepEqual(refused(three(), replaced, ["membership-jump"]), []);
  const more = { ...three(), hosts: { ...three().hosts, w3: worker("10.0.0.23") } };
  assert.deepEqual(refused({ ...three(), kubernetesVersion: "1.36.1" }, more, ["change-with-upgrade"]), []);
});

test("a rotation goes on whatever else stays as it is, and the key's time is told from when it began to sign", () => {
  const before = three();
  at("serviceAccount", issueNew, new Date(Date.now() - 3_700_000).toISOString())(before);
  const after = three();
  at("serviceAccount", dropOld)(after);
  assert.deepEqual(refused(before, after), []);
  at("serviceAccount", issueNew, new Date(Date.now() - 3_500_000).toISOString())(before);
  assert.equal(refused(before, after).length, 1);
  assert.deepEqual(refused(before, after, ["early-key-drop"]), []);
});

test("a record keeps since when a generation signs, until another one does", () => {
  const config = metal();
  const recordOf = (serviceAccount: object, before?: Recorded, now?: Date) => {
    config.certificates = { authorities: { serviceAccount } };
    const parsed = parseCluster(config, known);
    assert.ok(parsed.ok);
    return record(parsed.cluster, known, before, now);
  };
  const since = (recorded: Recorded) => recorded.authorities?.serviceAccount?.issuesSince;
  const [first, second] = [new Date(1e12), new Date(2e12)];
  const born = recordOf({});
  assert.equal(since(born), undefined);
  const issuing = recordOf({ trust: [1, 2], issue: 2 }, recordOf({ trust: [1, 2] }, born, first), first);
  assert.equal(since(issuing), first.toISOString());
  assert.equal(since(recordOf({ trust: [1, 2], issue: 2 }, issuing, second)), first.toISOString());
  assert.equal(since(recordOf({ trust: [2], issue: 2 }, issuing, second)), first.toISOString());
  assert.equal(since(recordOf({ trust: [1, 2] }, issuing, second)), second.toISOString());
});

test("several refusals come at once", () => {
  const after = { ...three(), podCidr: "10.200.0.0/16", kubernetesVersion: "1.35.4" };
  delete after.hosts.m1;
  assert.equal(refused(three(), after).length, 4); // range, downgrade, member without a replacement, both in one edit
});

test("the first up refuses nothing but lost hosts and a former place of the API", () => {
  assert.deepEqual(refused(undefined, three()), []);
  for (const { from, after: edit, keys } of firstUps) {
    const after = from();
    edit?.(after);
    assert.deepEqual(refused(undefined, after), keys);
  }
});

test("whatever etcd change is let through, a majority of the old members stays", () => {
  const edit = fc.record({ number: fc.integer({ min: 1, max: 7 }), to: fc.constantFrom("gone", "there", "lost", "reinstalled") });
  let letThrough = 0;
  fc.assert(
    fc.property(fc.constantFrom(three, five), fc.array(edit, { maxLength: 4 }), (from, edits) => {
      const before = from();
      const after = from();
      for (const { number, to } of edits) {
        const name = `m${number}`;
        if (to === "gone") delete after.hosts[name];
        else if (to === "there" || before.hosts[name] !== undefined) {
          after.hosts[name] = { ...member(number), lost: to === "lost", incarnation: to === "reinstalled" ? 2 : 1 };
        }
      }
      if (refused(before, after).length > 0) return;
      const members = Object.keys(before.hosts).filter((name) => name.startsWith("m"));
      const stay = members.filter((name) => after.hosts[name]?.lost === false && after.hosts[name]?.incarnation === 1);
      assert.ok(stay.length > members.length / 2, `${stay.length} of ${members.length} stay`);
      if (edits.length > 0) letThrough++;
    }),
    { numRuns: 1000 },
  );
  assert.ok(letThrough > 50, `only ${letThrough} changes were let through, so this proves little`);
});

test("a record survives the way through a stack's outputs, and one that can't be read is said so", () => {
  const parsed = parseCluster(metal(), known);
  assert.ok(parsed.ok);
  const recorded = record(parsed.cluster, known);
  assert.deepEqual(readRecorded(JSON.parse(JSON.stringify(recorded))), recorded);
  assert.equal(recorded.versions.etcd, "3.6.14");
  assert.equal(readRecorded(undefined), undefined);
  assert.throws(() => readRecorded({ ...recorded, hosts: { m1: {} } }), /"recorded".*hosts\.m1\.roles/);
});

test("a record of a release that did not say where the API is gets that from the stack's endpoint", () => {
  assert.deepEqual(withApiOf(three(), "https://10.0.0.10:8443", { ownsEndpoint: false }).api, {
    address: "10.0.0.10",
    port: 8443,
  });
  assert.deepEqual(withApiOf({ ...three(), provider: "aws" }, "https://lb.elb.amazonaws.com:443", { ownsEndpoint: true }).api, {
    port: 443,
  });
  assert.equal(withApiOf(three(), undefined, { ownsEndpoint: false }).api, undefined);
  const recorded = { ...three(), api: apiAtRest };
  assert.equal(withApiOf(recorded, "https://10.0.0.99:1", { ownsEndpoint: false }), recorded);
});

test("the API moves where its record changes, and not where an older release left none", () => {
  const of = (it?: typeof apiAtRest) => ({ ...three(), ...(it && { api: it }) });
  assert.equal(movesApi(undefined, of(moving)), false);
  assert.equal(movesApi(of(), of(apiAtRest)), false);
  assert.equal(movesApi(of({ address: "10.0.0.10", port: 8443 }), of(apiAtRest)), false);
  assert.equal(movesApi(of(), of(moving)), true);
  assert.equal(movesApi(of(apiAtRest), of({ ...apiAtRest })), false);
  assert.equal(movesApi(of(apiAtRest), of(moving)), true);
  assert.equal(movesApi(of(moving), of(moved)), true);
});

test("a record says where the API is, was, and by which VRRP ids its addresses are held", () => {
  const config = metal();
  const recordedApi = () => {
    const parsed = parseCluster(config, known);
    assert.ok(parsed.ok);
    return record(parsed.cluster, known).api;
  };
  assert.deepEqual(recordedApi(), apiAtRest);
  config.api = { domainName: "api.prod.internal", address: "10.0.0.9", former: { address: "10.0.0.10" } };
  assert.deepEqual(recordedApi(), {
    ...apiAtRest,
    address: "10.0.0.9",
    virtualRouterId: 9,
    former: { address: "10.0.0.10", virtualRouterId: 10 },
  });
});

test("a record keeps all restores of etcd, each once: a later one is told from those before", () => {
  const recordOf = (id: string | undefined, before?: Recorded) => {
    const config = metal();
    if (id !== undefined) config.etcd = { restoreFrom: { id, snapshot: "a.db", sha256: "0".repeat(64) } };
    const parsed = parseCluster(config, known);
    assert.ok(parsed.ok);
    return record(parsed.cluster, known, before);
  };
  const first = recordOf("first", recordOf(undefined));
  assert.deepEqual(recordOf("first", first).restores, ["first"]);
  assert.deepEqual(recordOf("second", recordOf(undefined, first)).restores, ["first", "second"]);
  assert.equal(recordOf(undefined).restores, undefined);
});
