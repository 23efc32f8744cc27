import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import ssh2 from "ssh2";
import type { Properties } from "../../../plugins/value.ts";
import { authority, file, key, leafOf, openssl } from "./tls-samples.ts";

const kinds: [string, Properties][] = [
  ["RSA 2048", { algorithm: "RSA" }],
  ["ECDSA P-224", { algorithm: "ECDSA" }],
  ["ECDSA P-256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["ECDSA P-384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ["ECDSA P-521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ["Ed25519", { algorithm: "ED25519" }],
];

for (const [name, inputs] of kinds) {
  test(`${name}: openssl reads every encoding, and all are the same key`, async () => {
    const made = await key(inputs);
    const form = name.startsWith("RSA") ? "RSA PRIVATE KEY" : name.startsWith("Ed") ? "PRIVATE KEY" : "EC PRIVATE KEY";
    assert.ok(made.privateKeyPem?.startsWith(`-----BEGIN ${form}-----\n`));
    assert.ok(made.privateKeyPemPkcs8?.startsWith("-----BEGIN PRIVATE KEY-----\n"));
    for (const pem of [made.privateKeyPem, made.privateKeyPemPkcs8]) {
      assert.equal(openssl("pkey", "-pubout", "-in", file("key.pem", pem)), made.publicKeyPem);
    }
    assert.equal(made.ecdsaCurve, inputs.ecdsaCurve ?? "P224");
    assert.equal(made.rsaBits, 2048);
    assert.match(made.id ?? "", /^[0-9a-f]{40}$/);
  });

  test(`${name}: ssh-keygen reads the OpenSSH formats, which are empty if OpenSSH has no such key`, async () => {
    const made = await key(inputs);
    if (name === "ECDSA P-224") {
      assert.deepEqual([made.privateKeyOpenssh, made.publicKeyOpenssh, made.publicKeyFingerprintMd5], ["", "", ""]);
      return;
    }
    const path = file("openssh", made.privateKeyOpenssh);
    const keygen = (...args: string[]) => execFileSync("ssh-keygen", args, { encoding: "utf8" });
    assert.equal(keygen("-y", "-f", path).trim(), made.publicKeyOpenssh?.trim());
    assert.equal(keygen("-l", "-f", path).split(" ")[1], made.publicKeyFingerprintSha256);
    assert.equal(keygen("-l", "-E", "md5", "-f", path).split(" ")[1], `MD5:${made.publicKeyFingerprintMd5}`);
    assert.ok(!(ssh2.utils.parseKey(made.privateKeyOpenssh ?? "") instanceof Error));
  });

  test(`${name}: openssl verifies a chain of such keys`, async () => {
    const made = await authority(inputs);
    const { leaf } = await leafOf(made, { subject: { commonName: "leaf" }, dnsNames: ["leaf.example"] }, {}, inputs);
    const ca = file("ca.pem", made.ca.certPem);
    assert.match(
      openssl("verify", "-x509_strict", "-CAfile", ca, "-purpose", "sslserver", file("leaf.pem", leaf.certPem)),
      /: OK\n$/,
    );
    assert.match(openssl("verify", "-CAfile", ca, "-purpose", "sslclient", file("leaf.pem", leaf.certPem)), /: OK\n$/);
  });
}
