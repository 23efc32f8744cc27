import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects } from "../../../../addons/addon.ts";
import { kubeProxy } from "../../../../addons/kube-proxy.ts";
import { metallb } from "../../../../addons/set/metallb.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { ports } from "../../../../config/ports.ts";
import { clusterFrom, metal, type Written } from "../../../harness/samples.ts";

const addresses = ["10.0.0.200-10.0.0.220"];
const clusterWith = (settings: Written | undefined, more: Written = {}) =>
  clusterFrom({ ...metal(), ...more, addons: settings && { metallb: { addresses, ...settings } } });

function objectsOf(settings: Written | undefined, more?: Written): Written[] {
  const cluster = clusterWith(settings, more);
  const { versions } = resolveVersions(cluster);
  return addonObjects(metallb, { cluster, versions, apiUrl: "https://api:8443" }) ?? [];
}
/** Objects of MetalLB's own kinds, as `KIND/NAME` and what they say. */
const own = (objects: readonly Written[]) =>
  Object.fromEntries(
    objects
      .filter(({ apiVersion }) => apiVersion.startsWith("metallb.io/"))
      .map(({ kind, metadata, spec }) => [`${kind}/${metadata.name}`, spec]),
  );
const pool = { addresses, autoAssign: true, avoidBuggyIPs: true };
const advertised = { ipAddressPools: ["ha-kubernetes"] };

test("nothing is installed unless the config asks for it", () => {
  assert.deepEqual(objectsOf(undefined), []);
});

test("addresses are answered for by ARP, on the interfaces that the config names", () => {
  assert.deepEqual(own(objectsOf({})), { "IPAddressPool/ha-kubernetes": pool, "L2Advertisement/ha-kubernetes": advertised });
  assert.deepEqual(own(objectsOf({ interfaces: ["eth1"], autoAssign: false })), {
    "IPAddressPool/ha-kubernetes": { ...pool, autoAssign: false },
    "L2Advertisement/ha-kubernetes": { ...advertised, interfaces: ["eth1"] },
  });
});

test("addresses are announced to routers, each with its password's Secret", () => {
  const peers = [
    { address: "10.0.0.254", asn: 64512, ownAsn: 64513 },
    { address: "fd00::fe", asn: 64512, ownAsn: 64513, port: 1790, holdTimeSeconds: 9, passwordSecret: "router" },
  ];
  const session = { peerASN: 64512, myASN: 64513 };
  assert.deepEqual(own(objectsOf({ mode: "bgp", peers })), {
    "IPAddressPool/ha-kubernetes": pool,
    "BGPPeer/peer-10-0-0-254-179": { ...session, peerAddress: "10.0.0.254", peerPort: 179, holdTime: "90s" },
    "BGPPeer/peer-fd00-fe-1790": {
      ...{ ...session, peerAddress: "fd00::fe", peerPort: 1790, holdTime: "9s" },
      passwordSecret: { name: "router", namespace: "metallb-system" },
    },
    "BGPAdvertisement/ha-kubernetes": advertised,
  });
});

test("control planes answer for addresses where they run pods, and only there", () => {
  const args = (more: Written) =>
    objectsOf({}, more)
      .find(({ kind }) => kind === "DaemonSet")
      ?.spec.template.spec.containers[0].args.includes("--ignore-exclude-lb");
  const { hosts } = metal();
  assert.equal(args({ hosts }), false);
  const both = structuredClone(hosts);
  for (const host of Object.values<Written>(both)) if (host.roles.includes("control-plane")) host.roles.push("worker");
  assert.equal(args({ hosts: both }), true);
});

test("the firewall lets speakers find each other, and IPVS leaves ARP to them", () => {
  const members = (settings: Written | undefined) =>
    ports(["worker"], clusterWith(settings))
      .filter(({ number }) => number === 7946)
      .map(({ protocol, source }) => `${protocol} ${source}`);
  assert.deepEqual(members({}), ["tcp nodes", "udp nodes"]);
  assert.deepEqual(members(undefined), []);
  const network = { kubeProxyMode: "ipvs" };
  const configuration = (settings: Written | undefined) => {
    const cluster = clusterWith(settings, { network });
    const { versions } = resolveVersions(cluster);
    const objects: Written[] = addonObjects(kubeProxy, { cluster, versions, apiUrl: "https://api:8443" }) ?? [];
    return objects.find(({ kind }) => kind === "ConfigMap")?.data["config.conf"];
  };
  assert.match(configuration({}), /strictARP: true/);
  assert.doesNotMatch(configuration(undefined), /strictARP: true/);
});

test("no object holds the speakers' key, and every image is the locked one", () => {
  const objects = objectsOf({});
  assert.ok(!objects.some(({ kind }) => kind === "Secret"));
  const images = objects.flatMap(({ spec }) => spec?.template?.spec.containers ?? []).map(({ image }) => image);
  assert.deepEqual(images, ["quay.io/metallb/controller:v0.16.1", "quay.io/metallb/speaker:v0.16.1"]);
});
