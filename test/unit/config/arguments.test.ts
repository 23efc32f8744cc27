import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseCluster } from "../../../config/parse.ts";
import { goBoolean, goMap, goPortRange } from "../../../config/rules/go-arguments.ts";
import { known, metal } from "../../harness/samples.ts";

function warnings(extraArgs: Record<string, string>, more: (config: ReturnType<typeof metal>) => void = () => {}): string[] {
  const config = metal();
  config.api.extraArgs = extraArgs;
  more(config);
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.warnings.map(({ key, found }) => `${key} ${found}`);
}

test("truth values are those of Go, and nothing else is one", () => {
  for (const text of ["1", "t", "T", "true", "TRUE", "True"]) assert.equal(goBoolean(text), true);
  for (const text of ["0", "f", "F", "false", "FALSE", "False"]) assert.equal(goBoolean(text), false);
  for (const text of ["", "yes", "on", "tRUE", " true", "2"]) assert.equal(goBoolean(text), undefined);
});

test("a range of ports is read in each form that Kubernetes takes", () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(port, port, (a, b) => {
      const [first, last] = a <= b ? [a, b] : [b, a];
      assert.deepEqual(goPortRange(`${first}-${last}`), { first, last });
      assert.deepEqual(goPortRange(`${first}+${last - first}`), { first, last });
      if (a > b) assert.equal(goPortRange(`${a}-${b}`), undefined);
    }),
  );
  assert.deepEqual(goPortRange("31000"), { first: 31_000, last: 31_000 });
  assert.equal(goPortRange("65000+1000"), undefined);
  assert.deepEqual(goMap("api/all=true, a=b=c,"), [
    ["api/all", "true"],
    ["a", "b=c"],
  ]);
});

test("what works as it is is taken without a word", () => {
  const fine: Record<string, string>[] = [
    { "event-ttl": "1h30m", "request-timeout": "1.5m", "audit-log-maxage": "30", "max-requests-inflight": "0x190", v: "2" },
    { "storage-backend": "etcd3", "etcd-servers-overrides": "", help: "false" },
    { "goaway-chance": ".001", "min-request-timeout": "1_800", "tls-min-version": "VersionTLS13" },
    { "anonymous-auth": "T", profiling: "0" },
    { "etcd-prefix": "/registry" },
    { "oidc-ca-file": "/etc/ssl/certs/oidc.pem", "oidc-issuer-url": "https://id.example.com" },
    { "encryption-provider-config": "/etc/kubernetes/pki/encryption.yaml" },
    { "runtime-config": "api/beta=false,batch/v1=true" },
    { "service-node-port-range": "30000-30999" },
    { "audit-log-path": "-", "audit-policy-file": "/etc/kubernetes/pki/audit.yaml" },
    { "disable-admission-plugins": "DefaultStorageClass" },
  ];
  for (const args of fine) assert.deepEqual(warnings(args), [], JSON.stringify(args));
});

test("an argument that is not known here is said, with the one that was meant", () => {
  assert.deepEqual(warnings({ "audit-log-maxagee": "30", "new-in-some-release": "1" }), [
    "cluster.api.extraArgs.audit-log-maxagee is not known here; did you mean audit-log-maxage?",
    "cluster.api.extraArgs.new-in-some-release is not known here",
  ]);
});

test("an audit log that nothing fills or that goes with its pod is said", () => {
  assert.deepEqual(warnings({ "audit-log-path": "/var/log/audit.log" }), [
    'cluster.api.extraArgs.audit-log-path is "/var/log/audit.log"',
  ]);
  const policy = "/etc/kubernetes/pki/audit.yaml";
  assert.equal(warnings({ "audit-log-path": "/var/log/audit.log", "audit-policy-file": policy }).length, 1);
});

test("ports of the cluster among the NodePorts are said", () => {
  const range = (text: string) => warnings({ "service-node-port-range": text });
  const key = "cluster.api.extraArgs.service-node-port-range lets a Service of type NodePort take";
  assert.deepEqual(range("8000-9000"), [`${key} 8404, 8443, 8472`]);
  assert.deepEqual(range("1-65535"), [`${key} 22, 2379, 2380, 2383, 6443, 8404, 8443, 8472, 10250, 10256, 10257, 10259`]);
  assert.deepEqual(
    warnings({}, (config) => {
      config.api.port = 31_000;
    }),
    ["cluster.api.port lets a Service of type NodePort take 31000"],
  );
  assert.deepEqual(
    warnings({}, (config) => {
      config.ssh = { port: 30_022 };
      config.api.former = { port: 30_443 };
      config.balancer = { statisticsPort: 31_404 };
      config.hosts.w1.sshPort = 32_022;
    }),
    ["ssh.port 30022", "api.former.port 30443", "balancer.statisticsPort 31404", "hosts.w1.sshPort 32022"].map((text) => {
      const [key, port] = text.split(" ");
      return `cluster.${key} lets a Service of type NodePort take ${port}`;
    }),
  );
});
