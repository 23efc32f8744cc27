import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { issuingFirst } from "../../../hosts/authorities.ts";
import { controlPlaneStage } from "../../../hosts/stages/control-plane/control-plane.ts";
import { workerStage } from "../../../hosts/stages/worker/worker.ts";
import { known, metal } from "../../harness/samples.ts";
import { scratch } from "../../harness/scratch.ts";

const parsed = parseCluster(metal(), known);
if (!parsed.ok) throw new Error(JSON.stringify(parsed));
const { cluster } = parsed;
const common = { owner: "prod/1", cluster, endpoint: { address: "10.0.0.10", port: 8443 }, kubeletExtraArgs: {} };

const controlPlane = (kubernetes: { certificate: string; key: string; trusted: string }, publicKeys = ["PUBLIC 1\n"]) => {
  const pair = { certificate: "C\n", key: "K\n" };
  const pki = {
    kubernetes,
    frontProxy: { certificate: "FRONT 2\n", key: "K\n", trusted: "FRONT 1\nFRONT 2\n" },
    serviceAccount: { publicKeys, key: "SIGNS\n" },
    etcdAuthority: "ETCD 1\nETCD 2\n",
    etcdClient: pair,
  };
  const { files = [] } = controlPlaneStage({
    ...common,
    host: { name: "m1", address: "10.0.0.11" },
    etcdClientUrls: ["https://10.0.0.11:2379"],
    controlPlanes: ["m1"],
    pki,
  });
  return Object.fromEntries(files.map(({ path, content }) => [path.replace("/etc/kubernetes/", ""), content]));
};

test("a control plane has the authority that issues first, alone where it signs, and everything that is trusted", () => {
  const trustBoth = controlPlane({ certificate: "CA 1\n", key: "KEY 1\n", trusted: "CA 1\nCA 2\n" }, [
    "PUBLIC 1\n",
    "PUBLIC 2\n",
  ]);
  assert.equal(trustBoth["pki/ca.crt"], "CA 1\nCA 2\n");
  assert.equal(trustBoth["pki/signing-ca.crt"], "CA 1\n");
  assert.equal(trustBoth["pki/sa.pub"], "PUBLIC 1\nPUBLIC 2\n");
  const issueNew = controlPlane({ certificate: "CA 2\n", key: "KEY 2\n", trusted: "CA 1\nCA 2\n" });
  assert.equal(issueNew["pki/ca.crt"], "CA 2\nCA 1\n");
  assert.equal(issueNew["pki/ca.key"], "KEY 2\n");
  assert.equal(issueNew["pki/signing-ca.crt"], "CA 2\n");
  assert.equal(issueNew["pki/front-proxy-ca.crt"], "FRONT 2\nFRONT 1\n");
  assert.equal(issueNew["pki/etcd/ca.crt"], "ETCD 1\nETCD 2\n");
  assert.match(
    issueNew["kubeadm.yaml"] ?? "",
    /name: cluster-signing-cert-file\n\s+value: \/etc\/kubernetes\/pki\/signing-ca.crt/,
  );
});

test("each static pod restarts when what it trusts or signs with changes", () => {
  const annotations = (files: Record<string, string>) =>
    ["apiserver", "controller-manager", "scheduler"].map((name) => files[`patches/kube-${name}+strategic.yaml`]);
  const one = { certificate: "CA 1\n", key: "KEY 1\n", trusted: "CA 1\n" };
  const first = annotations(controlPlane(one));
  for (const [index, text] of annotations(controlPlane({ ...one, trusted: "CA 1\nCA 2\n" })).entries())
    assert.notEqual(text, first[index]);
  const [apiserver, ...others] = annotations(controlPlane(one, ["PUBLIC 1\n", "PUBLIC 2\n"]));
  assert.notEqual(apiserver, first[0]);
  assert.deepEqual(others, first.slice(1));
});

test("a worker trusts all, and is told which one issues", () => {
  const authority = { certificate: "CA 2\n", trusted: "CA 1\nCA 2\n" };
  const { files, inputs } = workerStage({
    ...common,
    host: { name: "w1", address: "10.0.0.21", pool: "general" },
    authority,
    join: { token: "t" },
  });
  assert.equal(files?.find(({ path }) => path === "/etc/kubernetes/pki/ca.crt")?.content, "CA 1\nCA 2\n");
  assert.equal(inputs?.["issuer.crt"], "CA 2\n");
});

test("the issuing certificate is not repeated among the trusted ones", () => {
  assert.equal(issuingFirst({ certificate: "A", trusted: "A" }), "A");
  assert.equal(issuingFirst({ certificate: "B", trusted: "AB" }), "BA");
});

// The scripts' own functions, on real certificates.

const folder = scratch();
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
for (const generation of ["kubernetes-ca", "kubernetes-ca-2"]) {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${generation}.key`];
  openssl("req", "-x509", ...key, "-subj", `/CN=${generation}`, "-days", "1", "-out", `${generation}.crt`);
  openssl("req", "-new", ...key.slice(0, -1), "leaf.key", "-subj", "/O=system:nodes/CN=system:node:w1", "-out", "leaf.csr");
  const signer = ["-CA", `${generation}.crt`, "-CAkey", `${generation}.key`];
  openssl("x509", "-req", "-in", "leaf.csr", ...signer, "-days", "1", "-out", `leaf-of-${generation}.crt`);
}
const text = (file: string) => readFileSync(join(folder, file), "utf8");
writeFileSync(join(folder, "both.crt"), text("kubernetes-ca-2.crt") + text("kubernetes-ca.crt"));

/** Runs a line of bash with the scripts' libraries; returns its exit status and output. */
function bash(line: string): string {
  const lib = new URL("../../../hosts/lib/", import.meta.url).pathname;
  const sources = ["common", "files", "saved", "etcd", "turn", "node", "authorities"]
    .map((name) => `. ${lib}${name}.sh`)
    .join("\n");
  const script = `set -euo pipefail\nSTAGE_NAME=test HOST_NAME=w1 STAGE=${folder}/stage\n${sources}\n${line}`;
  return execFileSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" }).trim();
}

test("scripts tell who issued a certificate, by proof and by name", () => {
  const proof = (authority: string, leaf: string) => bash(`if issued_by ${authority} ${leaf}; then echo yes; else echo no; fi`);
  assert.equal(proof("kubernetes-ca.crt", "leaf-of-kubernetes-ca.crt"), "yes");
  assert.equal(proof("kubernetes-ca.crt", "leaf-of-kubernetes-ca-2.crt"), "no");
  assert.equal(proof("both.crt", "leaf-of-kubernetes-ca.crt"), "yes");
  assert.equal(bash("name_of issuer leaf-of-kubernetes-ca-2.crt"), "kubernetes-ca-2");
  assert.equal(bash("name_of subject both.crt"), "kubernetes-ca-2");
  assert.equal(bash("names_in both.crt"), "kubernetes-ca,kubernetes-ca-2");
  assert.equal(bash("if trusts_two both.crt; then echo yes; fi; trusts_two kubernetes-ca.crt || echo one"), "yes\none");
});

test("a file drops what its successor does not hold, in whatever order", () => {
  mkdirSync(join(folder, "stage", "files"), { recursive: true });
  const drops = (before: string, after: string) => {
    writeFileSync(join(folder, "stage", "files", "0"), text(after));
    writeFileSync(join(folder, "stage", "manifest"), `0644 root:root 0 ${folder}/${before}\n`);
    return bash(`if drops ${folder}/${before}; then echo yes; else echo no; fi`);
  };
  assert.equal(drops("both.crt", "kubernetes-ca-2.crt"), "yes");
  assert.equal(drops("kubernetes-ca.crt", "both.crt"), "no");
  writeFileSync(join(folder, "turned.crt"), text("kubernetes-ca.crt") + text("kubernetes-ca-2.crt"));
  assert.equal(drops("both.crt", "turned.crt"), "no");
});

test("a step of a rotation is refused by the nodes that could not follow it, and where they can't be listed", () => {
  const stage = new URL("../../../hosts/stages/control-plane/", import.meta.url).pathname;
  const refusals = (nodes: string) =>
    ["trusted", "unused"].map((check) =>
      bash(`. ${stage}lib-authorities.sh
        . ${stage}objects/lib-rotation.sh
        staged() { echo kubernetes-ca-2.crt; }
        control_planes() { :; }
        this_kubectl() { ${nodes}; }
        trap 'exit 0' EXIT
        exec 2>&1
        kubernetes_authority_is_${check}
        echo safe`),
    );
  assert.deepEqual(refusals("echo 'w1 kubernetes-ca-2'"), ["safe", "safe"]);
  const [trusted, unused] = refusals("printf 'w1 kubernetes-ca-2\\nw2 kubernetes-ca\\nw3 \\n'");
  assert.match(trusted ?? "", /do not say that they trust it: w2 w3\. Put/);
  assert.match(unused ?? "", /the kubelet of w2 \(it says kubernetes-ca\); the kubelet of w3 \(it says nothing\);/);
  for (const refusal of refusals("return 1")) assert.match(refusal, /^ERROR: test on w1: the Nodes can't be listed[^\n]*$/);
});
