import assert from "node:assert/strict";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import type { ClusterInput } from "../../../../../../config/schema.ts";
import { renderStage } from "../../../../../../hosts/stage.ts";
import { containerdFiles } from "../../../../../../hosts/stages/prepare/containerd/containerd.ts";
import { clusterFrom, metal } from "../../../../../harness/samples.ts";

const pem = rootCertificates[0] as string;
const FOLDER = "/etc/containerd/certs.d";

function files(over: Partial<ClusterInput>, logins: Record<string, string> = {}) {
  const made = containerdFiles({ cluster: clusterFrom({ ...metal(), ...over }), pause: "3.10.2", logins });
  return new Map(made.map((file) => [file.path, file]));
}
const hostsToml = (registry: string, runtime: ClusterInput["containerRuntime"], logins?: Record<string, string>) =>
  files({ containerRuntime: runtime }, logins).get(`${FOLDER}/${registry}/hosts.toml`);

test("a mirror of all registries is asked for those without a list of their own, and then the registry itself", () => {
  const runtime = {
    registryMirrors: { "*": ["https://all.example.com"], "docker.io": ["https://hub.example.com"] },
    insecureRegistries: ["lab.example.com:5000"],
    registries: { "quay.io": { ca: "/etc/ssl/quay.pem" }, "all.example.com": { ca: "/etc/ssl/all.pem" } },
  };
  const all = "\n[host.'https://all.example.com']\n  capabilities = ['pull', 'resolve']\n  ca = '/etc/ssl/all.pem'\n";
  const text = (registry: string) => hostsToml(registry, runtime)?.content;
  assert.equal(text("_default"), all);
  assert.equal(text("*"), undefined);
  assert.equal(text("quay.io"), `server = 'https://quay.io'\nca = '/etc/ssl/quay.pem'\n${all}`);
  assert.ok(text("lab.example.com:5000")?.startsWith(`server = 'https://lab.example.com:5000'\n${all}`));
  assert.doesNotMatch(text("docker.io") ?? "", /all\.example/);
  assert.equal(text("all.example.com"), "server = 'https://all.example.com'\nca = '/etc/ssl/all.pem'\n", "not by way of itself");
});

test("an authority in the config lies beside hosts.toml, one on the host is read there, and a certificate is shown", () => {
  const runtime = {
    registryMirrors: { "docker.io": ["https://harbor.example.com:443/v2/hub"] },
    registries: { "harbor.example.com": { ca: pem, clientCertificate: "/etc/ssl/node.pem" } },
  };
  const made = files({ containerRuntime: runtime });
  assert.equal(made.get(`${FOLDER}/harbor.example.com/ca.pem`)?.content, pem);
  assert.equal(
    made.get(`${FOLDER}/docker.io/hosts.toml`)?.content,
    `server = 'https://registry-1.docker.io'

[host.'https://harbor.example.com:443/v2/hub']
  capabilities = ['pull', 'resolve']
  override_path = true
  ca = '${FOLDER}/harbor.example.com/ca.pem'
  client = '/etc/ssl/node.pem'
`,
  );
});

test("a login is sent to its registry and mirror alone, in files that root alone reads", () => {
  const logins = { "docker.io": "hub:hunter2", "m.example.com:5000": "ops:hunter3", "r.example.com": "x:y" };
  const runtime = { registryMirrors: { "docker.io": ["https://m.example.com:5000", "https://o.example.com"] } };
  const basic = (login: string) => `Basic ${Buffer.from(login).toString("base64")}`;
  const made = hostsToml("docker.io", runtime, logins);
  assert.equal(made?.mode, "0600");
  assert.equal(
    made?.content,
    `server = 'https://registry-1.docker.io'
[header]
  Authorization = '${basic("hub:hunter2")}'

[host.'https://m.example.com:5000']
  capabilities = ['pull', 'resolve']
  [host.'https://m.example.com:5000'.header]
    Authorization = '${basic("ops:hunter3")}'

[host.'https://o.example.com']
  capabilities = ['pull', 'resolve']
`,
  );
  const own = hostsToml("r.example.com", runtime, logins);
  assert.equal(own?.content, `server = 'https://r.example.com'\n[header]\n  Authorization = '${basic("x:y")}'\n`);
  assert.equal(hostsToml("quay.io", { registryMirrors: { "quay.io": ["https://o.example.com"] } }, logins)?.mode, undefined);
});

test("without verification a login travels over TLS only", () => {
  const text = hostsToml("r.example.com", { insecureRegistries: ["r.example.com"] }, { "r.example.com": "x:y" })?.content ?? "";
  const [, secure, clear] = /(\n\[host\.'https:.*)(\n\[host\.'http:.*)$/s.exec(text) ?? [];
  assert.match(secure ?? "", /skip_verify = true\n {2}\[host\.'https:\/\/r\.example\.com'\.header\]\n {4}Authorization/);
  assert.match(clear ?? "", /skip_verify = true/);
  assert.doesNotMatch(clear ?? "", /Authorization/);
});

test("a mirror that the config has twice, or that is the registry itself, has one table", () => {
  const tables = (registry: string, runtime: ClusterInput["containerRuntime"]) =>
    hostsToml(registry, runtime)?.content.match(/^\[.*\]$/gm);
  const twice = ["https://a.example.com", "https://b.example.com", "https://a.example.com"];
  const both = ["[host.'https://a.example.com']", "[host.'https://b.example.com']"];
  assert.deepEqual(tables("docker.io", { registryMirrors: { "docker.io": twice } }), both);
  assert.deepEqual(tables("_default", { registryMirrors: { "*": twice } }), both);
  for (const [registry, home] of [
    ["r.example.com", "r.example.com"],
    ["docker.io", "registry-1.docker.io"],
  ] as const) {
    const runtime = { registryMirrors: { [registry]: [`https://${home}`] }, insecureRegistries: [registry] };
    assert.deepEqual(tables(registry, runtime), [`[host.'https://${home}']`, `[host.'http://${home}']`]);
    assert.equal(hostsToml(registry, runtime)?.content.match(/skip_verify = true/g)?.length, 2);
  }
});

test("the preview of a login is the same for every password", () => {
  const shown = (password: string) => {
    const made = containerdFiles({
      cluster: clusterFrom(metal()),
      pause: "3.10.2",
      logins: { "r.example.com": `ops:${password}` },
    });
    return renderStage({ name: "prepare", host: "m1", owner: "a/b", files: made });
  };
  assert.equal(shown("hunter2").create, shown("hunter3").create);
  assert.notEqual(shown("hunter2").stdin, shown("hunter3").stdin);
});

test("the pause image comes from a repository of one's own", () => {
  const made = files({ artifacts: { imageRepository: "r.example.com:5000/k8s" } });
  assert.match(made.get("/etc/containerd/config.toml")?.content ?? "", /sandbox = 'r\.example\.com:5000\/k8s\/pause:3\.10\.2'/);
});

test("containerd's service has the proxy's variables, and without one it has no drop-in", () => {
  const dropIn = "/etc/systemd/system/containerd.service.d/ha-kubernetes-proxy.conf";
  const made = files({ proxy: { https: "http://proxy.example.com:3128" } });
  assert.equal(made.get(dropIn)?.content, "[Service]\nEnvironmentFile=/etc/ha-kubernetes/downloads/proxy.env\n");
  assert.equal(files({}).has(dropIn), false);
});
