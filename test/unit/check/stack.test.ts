import assert from "node:assert/strict";
import { test } from "node:test";
import { wantedIn } from "../../../check/stack.ts";
import type { State, StateResource } from "../../../engine/export.ts";
import { renderStage, type Stage } from "../../../hosts/stage.ts";

const owner = "prod/0011aabb";
const urn = (type: string, name: string) => `urn:pulumi:s::p::${type}::${name}`;

function command(stage: Stage, more: Partial<StateResource> = {}): StateResource {
  const { create, update, stdin } = renderStage(stage);
  const connection = {
    host: "10.0.0.11",
    user: "ops",
    privateKey: "KEY",
    dialErrorLimit: 30,
    proxy: { host: "bastion", port: 2222 },
  };
  const inputs = {
    create,
    ...(update !== undefined && { create: `${create} as it was born`, update }),
    stdin,
    connection,
  };
  const type = "command:remote:Command";
  return { urn: urn(type, `${stage.name}-${stage.host}`), type, custom: true, inputs, outputs: {}, ...more };
}

const state = (resources: StateResource[]): State => ({ resources, pending: 0 });

test("the hosts of a state: their stages together, how they are reached, who is lost; certificates and their window", () => {
  const certificate = {
    urn: urn("tls:index/locallySignedCert:LocallySignedCert", "etcd-m1"),
    type: "tls:index/locallySignedCert:LocallySignedCert",
  };
  const resources = [
    command({ name: "prepare", host: "m1", owner, versions: { runc: "1.4.3" }, files: [{ path: "/etc/a", content: "a" }] }),
    command({
      name: "etcd",
      host: "m1",
      owner,
      settings: { A: "1" },
      birth: { B: "2" },
      files: [{ path: "/etc/b", content: "b" }],
    }),
    command({ name: "leaving", host: "m1", owner }),
    command({ name: "etcd", host: "m1", owner, settings: { A: "old" } }, { delete: true }),
    command({ name: "prepare", host: "a1", owner }, { retainOnDelete: true }),
    { ...certificate, custom: true, inputs: { earlyRenewalHours: 2160 }, outputs: { certPem: "PEM" } },
  ];
  const { hosts, certificates, unfinished } = wantedIn(state(resources), "s");
  assert.deepEqual(
    hosts.map(({ name, lost, stages }) => [name, lost, stages]),
    [
      ["a1", true, ["prepare"]],
      ["m1", false, ["prepare", "etcd", "leaving"]],
    ],
  );
  const [, m1] = hosts;
  assert.deepEqual([m1?.owner, m1?.versions, m1?.settings], [owner, { runc: "1.4.3" }, { A: "1" }]);
  assert.deepEqual(
    m1?.files.map(({ path, content }) => [path, content]),
    [
      ["/etc/a", "a"],
      ["/etc/b", "b"],
    ],
  );
  assert.deepEqual(m1?.target, {
    host: "10.0.0.11",
    port: 22,
    user: "ops",
    privateKey: "KEY",
    dialErrorLimit: 1,
    perDialTimeout: 10,
    proxy: { host: "bastion", port: 2222, user: "root", dialErrorLimit: 1, perDialTimeout: 10 },
  });
  assert.deepEqual(certificates, [{ name: "etcd-m1", pem: "PEM", renewBeforeHours: 2160 }]);
  assert.equal(unfinished, false);
});

test("of each authority the state tells whether a newer generation issues in its place", () => {
  const type = "tls:index/selfSignedCert:SelfSignedCert";
  const made = (name: string) => ({ urn: urn(type, name), type, custom: true, inputs: {}, outputs: { certPem: name } });
  const recorded = (authorities: object) => {
    const rest = {
      name: "s",
      provider: "lab",
      kubernetesVersion: "1.36.3",
      versions: {},
      podCidr: "",
      serviceCidr: "",
      dnsDomain: "",
    };
    const outputs = { recorded: { ...rest, etcdDataDirectory: "", hosts: {}, authorities } };
    return { urn: urn("pulumi:pulumi:Stack", "p-s"), type: "pulumi:pulumi:Stack", custom: false, inputs: {}, outputs };
  };
  const resources = () => [
    command({ name: "prepare", host: "m1", owner }),
    ...["etcd-ca", "etcd-ca-2", "front-proxy-ca"].map(made),
  ];
  const superseded = (authorities: object) =>
    wantedIn(state([recorded(authorities), ...resources()]), "s").certificates.map(({ superseded }) => superseded);
  assert.deepEqual(superseded({ etcd: { trust: [1, 2], issue: 1 } }), [false, false, false]);
  assert.deepEqual(superseded({ etcd: { trust: [1, 2], issue: 2 } }), [true, false, false]);
});

test("a state without hosts is refused; one that a killed run left is known as such", () => {
  assert.throws(() => wantedIn(state([]), "s"), /no host in its state: run up first/);
  assert.equal(wantedIn({ resources: [command({ name: "prepare", host: "m1", owner })], pending: 1 }, "s").unfinished, true);
});
