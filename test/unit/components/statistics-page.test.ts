import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf, graphOf } from "../../harness/graph.ts";

const cluster = (statistics: object) => clusterOf(1, (it) => Object.assign(it, { balancer: { statistics } }));

test("with TLS each balancer's page has a certificate of an authority that no client of the API trusts", async () => {
  const graph = await graphOf(cluster({ tls: true }));
  const made = graph.get("tls:index/locallySignedCert:LocallySignedCert statistics-m1")?.inputs;
  assert.match(String(made?.caCertPem), /^certificate of statistics-authority\n/);
  assert.deepEqual(made?.allowedUses, ["digital_signature", "key_encipherment", "server_auth"]);
  const request = graph.get("tls:index/certRequest:CertRequest statistics-m1")?.inputs;
  assert.match(JSON.stringify(request?.dnsNames), /"m1"/);
  const texts = JSON.stringify([...graph].filter(([name]) => !name.includes("statistics")));
  assert.ok(!texts.includes("certificate of statistics-authority"));
});

test("without TLS, and with nginx, which has no page, the program makes no certificate for it", async () => {
  const random = "random:index/randomPassword:RandomPassword statistics";
  const names = async (of: object) => [...(await graphOf(of)).keys()];
  const plain = await names(cluster({}));
  assert.ok(plain.includes(random));
  assert.ok(!plain.some((name) => name.startsWith("tls:") && name.includes("statistics")));
  const nginx = clusterOf(1, (it) => Object.assign(it, { balancer: { kind: "nginx", statistics: { tls: true } } }));
  assert.ok(!(await names(nginx)).some((name) => name.includes("statistics")));
});
