import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects } from "../../../../addons/addon.ts";
import { certManager } from "../../../../addons/set/cert-manager.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { clusterFrom, metal, type Written } from "../../../harness/samples.ts";

const ingress = { exposure: "node-ports" };
function objectsOf(addons: Written): Written[] {
  const cluster = clusterFrom({ ...metal(), addons });
  const { versions } = resolveVersions(cluster);
  return addonObjects(certManager, { cluster, versions, apiUrl: "https://api:8443" }) ?? [];
}
const deployments = (addons: Written) => objectsOf(addons).filter(({ kind }) => kind === "Deployment");

test("it is on with true or settings, and off with false or nothing", () => {
  for (const certManager of [undefined, false]) assert.deepEqual(objectsOf({ certManager }), []);
  assert.deepEqual(
    deployments({ certManager: true }).map(({ spec }) => spec.replicas),
    [2, 2, 2],
  );
  assert.deepEqual(
    deployments({ certManager: { replicas: 3 } }).map(({ spec }) => spec.replicas),
    [3, 3, 3],
  );
});

test("it makes certificates of Gateways where an ingress serves them, unless the config says otherwise", () => {
  const asks = (addons: Written) =>
    deployments(addons).some(({ spec }) => spec.template.spec.containers[0].args.includes("--enable-gateway-api"));
  assert.equal(asks({ certManager: true, ingress }), true);
  assert.equal(asks({ certManager: true, ingress: { ...ingress, gatewayApi: false } }), false);
  assert.equal(asks({ certManager: { gatewayApi: false }, ingress }), false);
  assert.equal(asks({ certManager: true }), false);
  assert.equal(asks({ certManager: { gatewayApi: true } }), true);
});

test("its webhook's authority is in the cluster alone: no object holds a secret", () => {
  const secrets = objectsOf({ certManager: true }).filter(({ kind }) => kind === "Secret");
  assert.deepEqual(
    secrets.map(({ data, stringData, metadata }) => [metadata.name, data, stringData]),
    [["cert-manager-webhook-ca", undefined, undefined]],
  );
  const asked = objectsOf({ certManager: true }).filter(({ kind }) => kind.endsWith("WebhookConfiguration"));
  assert.equal(asked.length, 2);
  for (const { metadata } of asked)
    assert.equal(metadata.annotations["cert-manager.io/inject-ca-from-secret"], "cert-manager/cert-manager-webhook-ca");
});
