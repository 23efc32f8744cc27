import assert from "node:assert/strict";
import { test } from "node:test";
import { ports } from "../../../../../config/ports.ts";
import type { Cluster } from "../../../../../config/schema.ts";
import { renderStage } from "../../../../../hosts/stage.ts";
import { type BalancerStageArgs, balancerStage } from "../../../../../hosts/stages/balancer/balancer.ts";
import { firewall } from "../../../../../hosts/stages/prepare/firewall/firewall.ts";
import { openings } from "../../../../../hosts/stages/prepare/firewall/policy.ts";
import { clusterFrom, metal } from "../../../../harness/samples.ts";

const from = ["192.0.2.0/24", "198.51.100.7/32"];
const cluster = (statistics: object = {}): Cluster => clusterFrom({ ...metal(), balancer: { statistics } });
const stage = (of: Cluster, over: Partial<BalancerStageArgs> = {}) =>
  balancerStage({
    host: { name: "m1", address: "10.0.0.11" },
    owner: "dev/1",
    cluster: of,
    virtualIp: "10.0.0.9",
    controlPlanes: [{ name: "m1", address: "10.0.0.11" }],
    balancerAddresses: ["10.0.0.11"],
    authorityPem: "PEM",
    statisticsPassword: "Secret-123",
    ...over,
  });
/** haproxy's text from the first frontend for statistics on. */
const page = (of: Cluster, over: Partial<BalancerStageArgs> = {}) => {
  const text = stage(of, over).files?.find(({ path }) => path.endsWith("/haproxy.cfg"))?.content ?? "";
  return text.slice(text.indexOf("frontend statistics"));
};
const readers = `  http-request deny status 403 unless { src ${cluster().nodeCidrs.join(" ")} ${from.join(" ")} 127.0.0.0/8 }\n`;

test("readers reach the page through the firewall and through haproxy, and nobody else does", () => {
  const open = cluster({ from });
  assert.ok(page(open).includes(readers));
  assert.ok(!page(cluster()).includes("deny"));
  const rule = "ip saddr { 192.0.2.0/24, 198.51.100.7/32 } tcp dport 8404 accept\n";
  assert.ok(firewall("m1", ["balancer"], open).includes(rule));
  assert.ok(firewall("m1", ["balancer"], cluster({ from, tls: true })).includes(rule.replace("8404", "8405")));
  for (const [roles, of] of [[["worker"], open] as const, [["balancer"], cluster()] as const])
    assert.doesNotMatch(firewall("w1", roles, of), /192\.0\.2/);
  assert.match(openings(["balancer"], open), /^tcp 8404 8404 192\.0\.2\.0\/24\ntcp 8404 8404 198\.51\.100\.7\/32$/m);
});

test("with TLS the page has a port and a certificate of its own, and those who ask for health ask as before", () => {
  const text = page(cluster({ from, tls: true, user: "ops" }), { pagePem: "CERTIFICATE KEY" });
  const [health, secure] = text.split("frontend page\n");
  assert.match(
    health ?? "",
    /^ {2}bind :8404\n[\s\S]*monitor-uri \/health[\s\S]*deny status 404 unless \{ path \/leaving \}\n {2}use_backend leaving if \{ path \/leaving \}$/m,
  );
  assert.doesNotMatch(health ?? "", /stats|ssl/);
  assert.match(secure ?? "", /^ {2}bind :8405 ssl crt \/etc\/ha-kubernetes\/statistics\.pem ssl-min-ver TLSv1\.2$/m);
  assert.ok(secure?.includes(readers));
  assert.match(secure ?? "", /^ {2}stats auth ops:Secret-123$/m);
  const secured = ports(["balancer"], cluster({ tls: true })).filter(({ number }) => number > 8400 && number < 8410);
  assert.deepEqual(
    secured.map(({ number, source }) => [number, source]),
    [
      [8404, "nodes"],
      [8405, "nodes"],
    ],
  );
});

test("the page's key and password are in files of mode 0600 alone, and a chosen password has no digest in previews", () => {
  const of = cluster({ tls: true });
  const made = stage(of, { pagePem: "PAGE-KEY" });
  const { create, undo } = renderStage(made);
  assert.doesNotMatch(create + undo, /PAGE-KEY|Secret-123/);
  assert.deepEqual(
    made.files?.filter(({ content }) => /PAGE-KEY|Secret-123/.test(content)).map(({ mode }) => mode),
    ["0600", "0600"],
  );
  const lines = (statisticsPassword: string, chosenPassword: boolean) =>
    renderStage(stage(of, { statisticsPassword, chosenPassword })).create.match(/^# file .*haproxy\.cfg .*$/m)?.[0];
  assert.equal(lines("One-1234", true), lines("Two-1234", true));
  assert.notEqual(lines("One-1234", false), lines("Two-1234", false));
});

test("with monitoring haproxy tells nodes and pods what it counts, at a port of its own, and never the login of its page", () => {
  const monitored = clusterFrom({ ...metal(), addons: { monitoring: true } });
  const text = page(monitored).split("frontend metrics\n")[1] ?? "";
  assert.match(text, /^ {2}mode http\n {2}bind :9101\n/);
  const sources = [...monitored.nodeCidrs, monitored.network.podCidr, "127.0.0.0/8"].join(" ");
  assert.ok(text.includes(`  http-request deny status 403 unless { src ${sources} }\n`));
  assert.doesNotMatch(text, /stats auth/);
  assert.doesNotMatch(page(cluster()), /frontend metrics|prometheus/);
});
