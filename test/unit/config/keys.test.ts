import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { hostKeyFault, hostKeyLine, plainHostKey, privateKeyFault } from "../../../config/keys.ts";
import { readPrivateKey } from "../../../keys/private.ts";
import { scratch } from "../../harness/scratch.ts";

// Keys of the real programs, in every form that they write.

let folder: string;
const read = (name: string) => readFileSync(join(folder, name), "utf8");
function make(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

before(() => {
  folder = scratch();
  for (const [name, ...args] of [
    ["ed25519", "-t", "ed25519"],
    ["ecdsa", "-t", "ecdsa"],
    ["ecdsa-521", "-t", "ecdsa", "-b", "521"],
    ["rsa", "-t", "rsa", "-b", "1024"],
    ["rsa-pem", "-t", "rsa", "-b", "1024", "-m", "PEM"],
    ["ecdsa-pem", "-t", "ecdsa", "-m", "PEM"],
    ["rsa-pkcs8", "-t", "rsa", "-b", "1024", "-m", "PKCS8"],
  ] as const)
    make("ssh-keygen", "-q", "-N", "", "-f", name, ...args);
  for (const [name, ...args] of [
    ["locked-openssh", "-t", "ed25519"],
    ["locked-pem", "-t", "rsa", "-b", "1024", "-m", "PEM"],
    ["locked-pkcs8", "-t", "rsa", "-b", "1024", "-m", "PKCS8"],
  ] as const)
    make("ssh-keygen", "-q", "-N", "a passphrase", "-f", name, ...args);
});

const whole = ["ed25519", "ecdsa", "ecdsa-521", "rsa", "rsa-pem", "ecdsa-pem", "rsa-pkcs8"];
const faultOf = (text: string) => privateKeyFault(text, "sshPrivateKey")?.found;

test("a whole private key of any form is taken, also with the line ends of Windows", () => {
  for (const name of whole) {
    for (const text of [read(name), read(name).replaceAll("\n", "\r\n"), read(name).trimEnd()]) {
      assert.equal(faultOf(text), undefined, name);
      assert.doesNotThrow(() => readPrivateKey(text), name);
    }
  }
});

test("a private key that lost a line, its end or its line ends is refused", () => {
  for (const name of whole) {
    const lines = read(name).split("\n");
    for (const lost of [1, 2, 3]) assert.match(faultOf(lines.toSpliced(lost, 1).join("\n")) ?? "", /damaged/, `${name} ${lost}`);
    assert.match(faultOf(read(name).slice(0, -20)) ?? "", /whose end is missing/);
    assert.match(faultOf(read(name).replaceAll("\n", " ")) ?? "", /lost its line ends/);
    assert.match(faultOf(read(name).replaceAll("\n", "\\n")) ?? "", /lost its line ends/);
  }
});

test("a key with a passphrase is refused, and its cure makes one that is taken", () => {
  for (const name of ["locked-openssh", "locked-pem", "locked-pkcs8"]) {
    const fault = privateKeyFault(read(name), "sshPrivateKey");
    assert.match(fault?.found ?? "", /with a passphrase/, name);
    assert.match(fault?.cure ?? "", /ssh-keygen -p -N '' -f COPY && config set --secret sshPrivateKey < COPY/);
    make("ssh-keygen", "-q", "-p", "-P", "a passphrase", "-N", "", "-f", name);
    assert.equal(faultOf(read(name)), undefined, name);
  }
});

test("what the login's reader does not take is refused, with its cause", () => {
  const key = read("ed25519");
  make("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-out", "parameters");
  make("openssl", "genpkey", "-algorithm", "X25519", "-out", "x25519");
  make("openssl", "genpkey", "-algorithm", "ED448", "-out", "ed448");
  make("openssl", "ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "k1");
  make("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", "k1", "-out", "k1-pkcs8");
  const cases: [text: string, cause: string][] = [
    [key + read("ed25519.pub"), "has other lines after the private key"],
    [`my key\n${key}`, "has other lines before the private key"],
    [key.replace(/^(?=.)/gm, "  "), "is a private key with blanks before its lines"],
    [read("parameters"), "has a block EC PARAMETERS before the key"],
    [read("x25519"), "is a key of a kind that SSH does not take, x25519"],
    [read("ed448"), "is a key of a kind that SSH does not take, ed448"],
    [read("k1"), "is a key of a kind that SSH does not take, secp256k1"],
    [read("k1-pkcs8"), "is a key of a kind that SSH does not take, secp256k1"],
  ];
  for (const [text, cause] of cases) {
    assert.throws(() => readPrivateKey(text), cause);
    assert.equal(faultOf(text), cause);
  }
  make("openssl", "ec", "-in", "parameters", "-out", "copy");
  assert.equal(faultOf(read("copy")), undefined);
});

test("a key with one changed character in its secret half is refused", () => {
  const lines = read("ed25519").split("\n");
  for (const at of [30, 60]) {
    const line = lines[3] as string;
    const changed = `${line.slice(0, at)}${line[at] === "A" ? "B" : "A"}${line.slice(at + 1)}`;
    assert.match(faultOf(lines.with(3, changed).join("\n")) ?? "", /damaged/, String(at));
  }
});

test("a text that is not a private key is recognized, and never shown", () => {
  assert.match(faultOf(read("ed25519.pub")) ?? "", /is a public key/);
  assert.match(faultOf("~/.ssh/id_ed25519\n") ?? "", /perhaps its file's name/);
  assert.match(faultOf("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n") ?? "", /PuTTY's form/);
  assert.equal(faultOf("some\nlines"), "is not a private key");
});

test("a host's key is taken as its file, ssh-keyscan and known_hosts have it, and ends up as authorized_keys has it", () => {
  for (const name of ["ed25519", "ecdsa", "ecdsa-521", "rsa"]) {
    const line = read(`${name}.pub`).trim();
    const [kind = "", key = ""] = line.split(" ");
    for (const before of [
      "",
      "10.0.0.11 ",
      "[m1.example.com]:2222 ",
      "m1,10.0.0.11 ",
      "|1|JfKTdBh7rNbXkVAQCRp4OQoPfmI=|USECr3SWf1JUPsms5AqfD5QfxkM= ",
    ]) {
      const written = `${before}${kind} ${key}`;
      assert.match(written, hostKeyLine);
      assert.equal(hostKeyFault(written), undefined, written);
      assert.equal(plainHostKey(written), `${kind} ${key}`);
    }
    assert.equal(plainHostKey(line), line);
    assert.match(hostKeyFault(`${kind} ${key.slice(0, 40)}`) ?? "", /cut off/);
    assert.match(hostKeyFault(`${kind} ${key.slice(0, -8)}`) ?? "", /cut off/);
    const other = kind === "ssh-ed25519" ? "ecdsa-sha2-nistp256" : "ssh-ed25519";
    assert.match(hostKeyFault(`${other} ${key}`) ?? "", new RegExp(`this key's is ${kind}`));
  }
  const [, rsa = ""] = read("rsa.pub").split(" ");
  assert.equal(hostKeyFault(`rsa-sha2-512 ${rsa}`), undefined);
  assert.equal(plainHostKey(`rsa-sha2-512 ${rsa}`), `ssh-rsa ${rsa}`);
});
