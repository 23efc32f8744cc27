import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../bash.ts";

const stage = "stages/preflight/";

/** What preflight says of a host with eth0 and eth1, of which eth1 has no address but IPv6's. */
const said = (script: string) =>
  withScripts(
    ["lib/files.sh", "lib/own.sh", "lib/roles.sh", "lib/findings.sh", `${stage}lib-leftovers.sh`, `${stage}lib-devices.sh`],
    `ip() { case "$*" in
       "link show eth"[01]) ;;
       "link show "*) return 1 ;;
       "-o link show") printf '%s\\n' "1: lo: <LOOPBACK>" "2: eth0@if7: <UP>" "3: eth1: <UP>" ;;
       *" dev eth0 "*) echo "2: eth0    inet 10.77.0.11/24 scope global eth0" ;;
       *) echo "3: eth1    inet6 fd00::1/64 scope global" ;; esac; }
     POD_CIDR=10.244.0.0/16; ${script}; printf '%s\\n' "\${PROBLEMS[@]}"`,
  );

test("an interface that the config names and the host lacks is a problem, with the key and what there is", async () => {
  const one = (key: string) => `there is no interface bond0 (${key}): name one that this host has, which are eth0 eth1`;
  for (const key of ["balancer.interface", "hosts.m1.balancerInterface", "network.flannelInterface", "hosts.m1.flannelInterface"])
    assert.equal(await said(`INTERFACES="${key}=bond0"; check_interfaces`), one(key));
  assert.equal(await said(`INTERFACES="balancer.interface=eth1 network.flannelInterface=eth0"; check_interfaces`), "");
  assert.equal(await said("check_interfaces"), "");
});

test("an interface for pods has an address of each family of pods", async () => {
  const named = 'INTERFACES="network.flannelInterface=eth1"';
  assert.match(
    await said(`${named}; check_interfaces`),
    /^interface eth1 \(network\.flannelInterface\) has no IPv4 address, [^\n]*$/,
  );
  assert.equal(await said(`${named}; POD_CIDR=fd01::/56; check_interfaces`), "");
  assert.match(
    await said(`${named}; POD_CIDR="fd01::/56 10.244.0.0/16"; check_interfaces`),
    /^interface eth1 [^\n]* IPv4 [^\n]*$/,
  );
  assert.match(
    await said(`INTERFACES="hosts.m1.flannelInterface=eth0"; POD_CIDR="fd01::/56 10.244.0.0/16"; check_interfaces`),
    /^interface eth0 \(hosts\.m1\.flannelInterface\) has no IPv6 address, [^\n]*$/,
  );
});

test("a device for etcd that is not there, or is no device, is a problem; one that its provider still attaches is not", async () => {
  const place = (device: string, more = "") =>
    said(
      `id() { return 1; }; against_snapshots() { :; }; against_device() { :; }; ETCD_DATA_DIRECTORY=/srv/etcd ETCD_BACKUP_DIRECTORY=/srv/b
       ETCD_DATA_DEVICE=${device}; ${more}check_place_of_etcd`,
    );
  assert.match(await place("/dev/no-such-disk"), /^there is no device \/dev\/no-such-disk: .*hosts\.m1\.dataDevice/);
  assert.match(await place("/dev/null"), /^\/dev\/null is not a block device: .*hosts\.m1\.dataDevice/);
  assert.equal(await place("/dev/no-such-disk", "DEVICE_COMES=later; "), "");
});
