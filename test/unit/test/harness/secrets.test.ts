import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "fflate";
import { createTar } from "nanotar";
import { heldBy, opened, secretsOf } from "../../../harness/secrets.ts";

// The search for secrets is itself searched for blind spots: each kind must be found wherever it could leak.

const pem = () =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }).toString();

test("an exported state is read with its secrets, and each is listed with its place", () => {
  const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  });
  const inputs = { password: secret("correct-horse"), outer: secret({ list: ["a"], inner: secret("b") }), open: "clear" };
  const { resources, secrets } = opened({ deployment: { resources: [{ urn: "x::u", type: "t", inputs }] } });
  assert.deepEqual(resources[0]?.inputs, { password: "correct-horse", outer: { list: ["a"], inner: "b" }, open: "clear" });
  assert.deepEqual(secrets, [
    { where: "u.inputs.password", value: "correct-horse" },
    { where: "u.inputs.outer.inner", value: "b" },
    { where: "u.inputs.outer", value: { list: ["a"], inner: "b" } },
  ]);
});

test("a private key is recognized as a file, in one line, in base64 at any offset, and within a kubeconfig", () => {
  const key = pem();
  const secrets = secretsOf([{ where: "k", value: key }]);
  assert.equal(secrets.length, 1);
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const leaks = [
    key,
    key.replaceAll("\n", "\\n"),
    base64(key),
    base64(`x${key}`),
    base64(`xy${key}`),
    `client-key-data: ${base64(key)}`,
  ];
  for (const text of leaks) assert.equal(heldBy(`before ${text} after`, secrets).length, 1, text);
  assert.deepEqual(heldBy(pem(), secrets), []);
});

test("keys inside the bundle that travels to a host are found, and so is the bundle", () => {
  const key = pem();
  const tar = createTar([
    { name: "files/0", data: key },
    { name: "files/1", data: "nothing secret here" },
  ]);
  const bundle = Buffer.from(gzipSync(tar)).toString("base64");
  const secrets = secretsOf([{ where: "s", value: { stdin: bundle } }]);
  assert.equal(heldBy(key, secrets).length, 1);
  assert.equal(heldBy(bundle, secrets).length, 1);
  assert.deepEqual(heldBy("nothing secret here", secrets), []);
});

test("passwords and tokens are found; shorter texts are not searched for", () => {
  const secrets = secretsOf([
    { where: "list", value: ["aB3dE6gH9jK2mN5p", "short"] },
    { where: "map", value: { token: "abcdef.0123456789abcdef" } },
  ]);
  assert.equal(heldBy("stats auth admin:aB3dE6gH9jK2mN5p", secrets).length, 1);
  assert.equal(heldBy("--token abcdef.0123456789abcdef", secrets).length, 1);
  assert.deepEqual(heldBy("a short text", secrets), []);
});
