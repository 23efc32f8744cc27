import assert from "node:assert/strict";
import { createCipheriv, generateKeyPairSync, pbkdf2Sync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "fflate";
import { createTar } from "nanotar";
import { heldBy, openState, secretsOf } from "../../support/secrets.ts";

// The search for secrets is itself searched for blind spots: each kind must be found wherever it could leak.

const folder = mkdtempSync(join(tmpdir(), "secrets-test-"));
after(() => rmSync(folder, { recursive: true }));

const pem = () =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }).toString();

function state(passphrase: string, values: Record<string, unknown>): string {
  const salt = randomBytes(8);
  const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");
  const encrypt = (text: string) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const data = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${data.toString("base64")}`;
  };
  const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: encrypt(JSON.stringify(value)),
  });
  const inputs = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, secret(value)]));
  const providers = { type: "passphrase", state: { salt: `v1:${salt.toString("base64")}:${encrypt("pulumi")}` } };
  const file = join(folder, "state.json");
  const latest = { secrets_providers: providers, resources: [{ urn: "u", type: "t", inputs: { ...inputs, open: "clear" } }] };
  writeFileSync(file, JSON.stringify({ version: 3, checkpoint: { latest } }));
  return file;
}

test("a state's secrets are opened with its passphrase and with no other", () => {
  const file = state("right", { password: "correct-horse", list: ["a", { b: 1 }] });
  const { resources, secrets } = openState(file, "right");
  assert.deepEqual(resources[0]?.inputs, { password: "correct-horse", list: ["a", { b: 1 }], open: "clear" });
  assert.deepEqual(secrets, [
    { where: "u.inputs.password", value: "correct-horse" },
    { where: "u.inputs.list", value: ["a", { b: 1 }] },
  ]);
  assert.throws(() => openState(file, "wrong"));
});

test("a private key is recognised as a file, in one line, in base64 at any offset, and within a kubeconfig", () => {
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

test("passwords and tokens are found; what is too short to be one is not looked for", () => {
  const secrets = secretsOf([
    { where: "list", value: ["aB3dE6gH9jK2mN5p", "short"] },
    { where: "map", value: { token: "abcdef.0123456789abcdef" } },
  ]);
  assert.equal(heldBy("stats auth admin:aB3dE6gH9jK2mN5p", secrets).length, 1);
  assert.equal(heldBy("--token abcdef.0123456789abcdef", secrets).length, 1);
  assert.deepEqual(heldBy("a short text", secrets), []);
});
