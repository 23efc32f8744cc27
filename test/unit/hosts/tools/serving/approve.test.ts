import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// Which requests of kubelets are approved. The requests are real; kubectl gives them and Nodes' addresses, curl takes the approvals.

const folder = scratch();
const openssl = (...args: string[]) =>
  execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const names = (all: readonly string[]) => (all.length === 0 ? [] : ["-addext", `subjectAltName=${all.join(",")}`]);
const subject = (node: string) => `/O=system:nodes/CN=system:node:${node}`;

openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem");
const api = ["DNS:m1", "DNS:api.example.com", "DNS:kubernetes", "IP:10.96.0.1", "IP:10.0.0.1", "IP:10.0.0.10", "IP:fd00::a"];
openssl("req", "-x509", "-new", "-key", "key.pem", "-subj", "/CN=kube-apiserver", ...names(api), "-out", "apiserver.crt");
writeFileSync(join(folder, "kubelet.conf"), "    server: https://10.0.0.1:6443\n");
writeFileSync(join(folder, "admin.conf"), "");

const addresses = [
  ...["m1 InternalIP 10.0.0.1", "m1 Hostname m1", "m2 InternalIP 10.0.0.2", "w1 InternalIP 10.0.0.11"],
  ...["w1 InternalIP fd00%3A%3A1%3Ab", "w1 Hostname w1", "w2 InternalIP 10.0.0.12", "w3 InternalIP 10.0.0.13"],
  // Nodes write their own addresses: this one says that it has the API's, and another node's.
  ...["liar InternalIP 10.0.0.66", "liar InternalIP 10.0.0.10", "liar InternalIP 10.96.0.1", "liar InternalIP 10.0.0.12"],
];

/** PEM of a request, in base64 as the API gives it. */
function request(about: string, more: readonly string[]): string {
  const key = ["-new", "-key", "key.pem", "-subj", about];
  return Buffer.from(openssl("req", ...key, ...more)).toString("base64");
}

interface Asked {
  user?: string;
  groups?: string;
  usages?: string;
  subject?: string;
  names?: readonly string[];
  extra?: readonly string[];
  text?: string;
}

/** Shows requests to the script that runs on control plane m1: what it says of each, and what it sends. */
async function decided(all: readonly (readonly [node: string, asked: Asked, ...rest: unknown[]])[], curl = "exit 0") {
  const lines = all.map(([node, asked], index) => {
    const {
      user = `system%3Anode%3A${node}`,
      groups = "system%3Anodes,system%3Aauthenticated,",
      usages = "digital+signature,server+auth,",
      names: wanted = [`DNS:${node}`, "IP:10.0.0.11", "IP:fd00::1:b"],
    } = asked;
    const text = asked.text ?? request(asked.subject ?? subject(node), [...names(wanted), ...(asked.extra ?? [])]);
    return `csr-${index} 7${index} ${user} ${groups} ${usages} ${text}\n`;
  });
  writeFileSync(join(folder, "requests.in"), lines.join(""));
  writeFileSync(join(folder, "addresses.in"), `${addresses.join("\n")}\n`);
  const files = `case "$*" in *certificatesigningrequests*) cat ${folder}/requests.in ;; *) cat ${folder}/addresses.in ;; esac`;
  writeFileSync(join(folder, "kubectl"), `#!/bin/bash\n${files}\n`, { mode: 0o755 });
  rmSync(join(folder, "sent"), { force: true });
  writeFileSync(join(folder, "curl"), `#!/bin/bash\nprintf '%s\\n' "$*" >>${folder}/sent\n${curl}\n`, { mode: 0o755 });
  const source = readFileSync(new URL("../../../../../hosts/tools/serving/approve.sh", import.meta.url), "utf8");
  writeFileSync(join(folder, "approve.sh"), source.replace(/ PATH=\S+/, ""));
  const env = { PATH: `${folder}:${process.env.PATH}`, PKI: folder, CONF: folder, SCRATCH: scratch(), NODE: "m1" };
  const said = (await must("bash", [join(folder, "approve.sh"), "once"], { env })).trim().split("\n").filter(Boolean);
  const sent = existsSync(join(folder, "sent")) ? readFileSync(join(folder, "sent"), "utf8").trim().split("\n") : [];
  return { said, sent };
}

test("approved: a Node's own name and addresses, of either family, on whichever control plane it is", async () => {
  const { said, sent } = await decided([
    ["w1", {}],
    ["w1", { names: ["DNS:w1", "IP:10.0.0.11"], usages: "key+encipherment,server+auth,digital+signature," }],
    // Its own names are in the API's certificate.
    ["m1", { names: ["DNS:m1", "IP:10.0.0.1"] }],
    ["m2", { names: ["DNS:m2", "IP:10.0.0.2"] }],
    // AWS's name of an instance.
    ["w3", { names: ["DNS:w3", "DNS:ip-10-0-0-13.eu-central-1.compute.internal", "IP:10.0.0.13"] }],
  ]);
  assert.deepEqual(
    said,
    ["w1", "w1", "m1", "m2", "w3"].map((node, index) => `approved csr-${index} of ${node}`),
  );
  assert.equal(sent.length, 5);
  assert.match(
    sent[1] ?? "",
    /-X PATCH https:\/\/10\.0\.0\.1:6443\/apis\/certificates\.k8s\.io\/v1\/certificatesigningrequests\/csr-1\/approval .*"resourceVersion":"71".*"type":"Approved"/,
  );
});

const own = Buffer.from([10, 0, 0, 11]);
/** Names with the bytes as they are given. */
function raw(...entries: [tag: number, value: Buffer][]): Asked {
  const body = Buffer.concat(entries.map(([tag, value]) => Buffer.concat([Buffer.from([tag, value.length]), value])));
  const der = Buffer.concat([Buffer.from([0x30, body.length]), body]).toString("hex");
  return { names: [], extra: ["-addext", `2.5.29.17=DER:${der}`] };
}

/** A request whose signature was changed. */
function unsigned(): string {
  const pem = Buffer.from(request(subject("w1"), names(["DNS:w1", "IP:10.0.0.11"])), "base64").toString();
  const bytes = Buffer.from(pem.replace(/-----[^-]+-----|\n/g, ""), "base64");
  bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
  const lines = bytes.toString("base64").replace(/.{64}/g, "$&\n");
  return Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`).toString("base64");
}

test("left as it is, with the reason: whatever is not a Node's own name and addresses alone", async () => {
  const cases: [node: string, asked: Asked, why: RegExp][] = [
    ["w1", { user: "system%3Aserviceaccount%3Adefault%3Aw1" }, /not a Node's own/],
    ["w1", { groups: "system%3Aauthenticated," }, /not a Node's own/],
    ["w1", { usages: "digital+signature,server+auth,client+auth," }, /other usages than those of a server: .*client auth/],
    ["w1", { usages: "digital+signature," }, /other usages/],
    ["w1", { subject: subject("w2") }, /subject is not that of Node w1/],
    ["w1", { subject: "/O=system:nodes/O=system:masters/CN=system:node:w1" }, /subject is not/],
    ["w1", { names: ["DNS:w1", "DNS:w2", "IP:10.0.0.11"] }, /does not have this name: dns w2/],
    ["w1", { names: ["DNS:w1", "DNS:api.example.com", "IP:10.0.0.11"] }, /the API itself has this name: dns api\.example\.com/],
    ["w1", { names: ["DNS:*.w1", "DNS:w1", "IP:10.0.0.11"] }, /something else than names/],
    ["w1", { names: ["DNS:w1", "IP:10.0.0.99"] }, /does not have this name: ip 0A000063/],
    ["w1", { names: ["DNS:w1", "IP:10.0.0.11", "IP:10.0.0.12"] }, /does not have this name: ip 0A00000C/],
    // Its Node says that it has these.
    ["liar", { names: ["DNS:liar", "IP:10.0.0.10"] }, /the API itself has this name: ip 0A00000A/],
    ["liar", { names: ["DNS:liar", "IP:10.96.0.1"] }, /the API itself has this name: ip 0A600001/],
    ["liar", { names: ["DNS:liar", "IP:10.0.0.12"] }, /does not have this name: ip 0A00000C/],
    ["w1", { names: ["IP:10.0.0.11"] }, /lacks the name or an address/],
    ["w1", { names: ["DNS:w1"] }, /lacks the name or an address/],
    ["w1", { names: [] }, /something else than names/],
    ["w1", { names: ["DNS:w1", "DNS:ip-10-0-0-12.ec2.internal", "IP:10.0.0.11"] }, /does not have this name: dns ip-10-0-0-12/],
    ["w1", { names: ["DNS:w1", "IP:10.0.0.11", "email:a@b.example"] }, /something else than names/],
    ["w1", { names: ["DNS:w1", "IP:10.0.0.11", "URI:https://api.example.com"] }, /something else than names/],
    ["w1", { extra: ["-addext", "basicConstraints=critical,CA:TRUE"] }, /something else than names/],
    // As text, the first of these hides what comes after it.
    ["w1", raw([0x87, own], [0x82, Buffer.from("w1\nX")], [0x82, Buffer.from("w2")]), /something else than names/],
    ["w1", raw([0x87, own], [0x82, Buffer.from("w1\0x")]), /something else than names/],
    ["w1", raw([0x87, own], [0x82, Buffer.from("w1, IP Address:10.0.0.11")]), /something else than names/],
    ["w1", { text: Buffer.from("none").toString("base64") }, /signed by its own key/],
    ["w1", { text: unsigned() }, /signed by its own key/],
  ];
  const { said, sent } = await decided(cases);
  assert.equal(said.length, cases.length, said.join("\n"));
  for (const [index, [, asked, why]] of cases.entries()) {
    assert.ok(said[index]?.startsWith(`left csr-${index} of `), said[index]);
    assert.match(said[index] ?? "", why, JSON.stringify(asked));
  }
  assert.deepEqual(sent, []);
});

test("another control plane that was first is not told; another refusal of the API is", async () => {
  const answer = (reason: string) => `echo '{"kind":"Status","reason":"${reason}"}'; exit 22`;
  assert.deepEqual((await decided([["w1", {}]], answer("Conflict"))).said, []);
  assert.match((await decided([["w1", {}]], answer("Forbidden"))).said.join(), /left csr-0 .*Forbidden/);
});
