import assert from "node:assert/strict";
import { test } from "node:test";
import { balancerStage } from "../../../../../hosts/stages/balancer/balancer.ts";
import { must } from "../../../../harness/process.ts";
import { clusterFrom, metal, onBoth, onIpv6, type Written } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";

const folder = new URL("../../../../../hosts/stages/balancer/", import.meta.url).pathname;

/** What a balancer of a cluster gets as the file whose path ends so. */
function made(config: Written, path: string, more: object = {}): string {
  config.balancer = { kind: "nginx", ...more };
  const cluster = clusterFrom(config);
  const hosts = Object.entries(cluster.hosts).filter(([, { roles }]) => roles.includes("control-plane"));
  const controlPlanes = hosts.map(([name, { address = "" }]) => ({ name, address }));
  const [host = { name: "", address: "" }] = controlPlanes;
  const { files = [] } = balancerStage({
    host,
    owner: "prod/1",
    cluster,
    virtualIp: cluster.api.address ?? "",
    controlPlanes,
    balancerAddresses: controlPlanes.map(({ address }) => address),
    authorityPem: "PEM",
    statisticsPassword: "Secret-123",
  });
  return files.find((file) => file.path.endsWith(path))?.content ?? "";
}
const lines = (text: string, pattern: RegExp) => text.split("\n").flatMap((line) => (pattern.test(line) ? [line.trim()] : []));

test("a worker process of nginx has no more connections than files that it may open", () => {
  const connections = (maximumConnections: number) =>
    /worker_connections (\d+);/.exec(made(metal(), "/nginx.conf", { maximumConnections }))?.[1];
  assert.equal(connections(20_000), "40000");
  assert.equal(connections(1_000_000), "1047552");
});

test("nginx listens in every family that hosts have, and its own answer is at 127.0.0.1 always", () => {
  const listens = (config: Written) => lines(made(config, "/nginx.conf"), /^ *listen /);
  assert.deepEqual(listens(metal()), ["listen 8443 so_keepalive=on;", "listen 8404;"]);
  assert.deepEqual(listens(onIpv6(metal())), [
    "listen [::]:8443 ipv6only=on so_keepalive=on;",
    ...["listen 8404;", "listen [::]:8404 ipv6only=on;"],
  ]);
  assert.deepEqual(listens(onBoth(metal())), [
    ...["listen 8443 so_keepalive=on;", "listen [::]:8443 ipv6only=on so_keepalive=on;"],
    ...["listen 8404;", "listen [::]:8404 ipv6only=on;"],
  ]);
});

test("addresses of IPv6 are in brackets, and each range of hosts and pods is the cluster's own", () => {
  const text = made(onBoth(metal()), "/nginx.conf");
  const ranges = lines(text, /"";$/).map((line) => line.split(" ")[0]);
  assert.deepEqual(ranges.slice(0, 5), ["10.0.0.0/24", "fd00:10::/64", "10.244.0.0/16", "fd00:10:244::/56", "127.0.0.0/8"]);
  const ipv6 = onIpv6(metal());
  assert.match(made(ipv6, "/nginx.conf"), /upstream leaving \{\n {4}server \[fd00:10::b\]:2383;/);
  assert.match(
    made(ipv6, "/ha-kubernetes-upstreams.service"),
    / 6443 2383 m1=\[fd00:10::b\] m2=\[fd00:10::c\] m3=\[fd00:10::d\]$/m,
  );
});

test("nginx's list has the apiservers that are chosen, whatever files lie around, and reloads only if it changes", async () => {
  const root = scratch();
  const said = await must("bash", [
    "-c",
    `mkdir ${root}/in; cd ${root}/in; : >f; systemctl() { echo "systemctl $*"; }
     set -- ${root} /ca 1000 6443 2383 'm1=[fd00:10::f]'
     . <(sed 's,^export LC_ALL.*,,; s,\${BASH_SOURCE\\[0\\]%/\\*}/,${folder},; /^watch_apiservers/d' ${folder}nginx/nginx-upstreams.sh)
     CHOSEN='[fd00:10::f]'; tell; tell; CHOSEN=""; tell; cat ${root}/upstreams.conf`,
  ]);
  assert.deepEqual(said.trimEnd().split("\n"), [
    ...["systemctl reload nginx", "systemctl reload nginx"],
    "server 127.0.0.1:1 down;",
  ]);
});
