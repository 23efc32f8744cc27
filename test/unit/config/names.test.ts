import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parseCluster } from "../../../config/parse.ts";
import { hostName } from "../../../config/values.ts";
import { zoneOf } from "../../../providers/aws/config/machines.ts";
import { known, metal } from "../../harness/samples.ts";

const longest = `${"w".repeat(51)}.example.com`;

function taken(name: string, more: object = {}) {
  const config = metal();
  config.hosts[name] = { ...config.hosts.w2, ...more };
  delete config.hosts.w2;
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed;
}

test("hosts are called as RFC 1123 has it, up to 63 characters", () => {
  assert.equal(longest.length, 63);
  for (const name of [
    "prod-eu-central-1-k8s-worker-0002",
    "w2.example.com",
    "1000",
    "client-a",
    "1.35.6-a",
    "ca",
    "m10.example.com",
    longest,
  ])
    assert.deepEqual(taken(name).warnings, [], name);
});

test("whatever is a host's name is a name for the kubelet, for certificates and for Linux", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 7 }).map((labels) => labels.join("."));
  fc.assert(
    fc.property(name, (text) => {
      assert.equal(hostName.safeParse(text).success, text.length <= 63, text);
      // A label's value, which a host's name becomes.
      if (text.length <= 63) assert.match(text, /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
    }),
  );
});

test("SSH goes to names and addresses of both kinds", () => {
  for (const sshAddress of ["w2", "w2.example.com", "203.0.113.7", "2001:db8::7", "K8S-W2"]) taken("w2", { sshAddress });
});

test("labels that say what is so anyway, and keys of long domains, are taken", () => {
  const config = metal();
  config.pools.general = {
    labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "a.b-c.example.com/Disk_1": "x", disk: "" },
  };
  assert.ok(parseCluster(config, known).ok);
});

test("a host's zone goes by the number before the first dot", () => {
  const zones = ["a", "b", "c"];
  assert.equal(zoneOf("m2.example7.com", {} as never, zones), "b");
  assert.equal(zoneOf("m2", {} as never, zones), "b");
});

test("a worker asks for a certificate in the longest name, which openssl alone refuses", () => {
  const script = readFileSync(new URL("../../../hosts/stages/worker/lib-join.sh", import.meta.url), "utf8");
  const request = script.match(/^ {2}printf .*openssl\.cnf"\n {2}openssl req .*$/m)?.[0];
  assert.ok(request !== undefined, "the request is made in another way");
  const shell = `set -eu; scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT; HOST_NAME=${longest}
    openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/key.pem"
    ${request}
    openssl req -in "$scratch/request.pem" -noout -subject -verify`;
  const { stdout, stderr } = spawnSync("bash", ["-c", shell], { encoding: "utf8" });
  assert.ok(stdout.includes(`CN = system:node:${longest}`), stdout + stderr);
});
