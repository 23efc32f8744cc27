import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { lock } from "../../../artifacts/lock.ts";
import { must, run } from "../../harness/process.ts";
import { hashFor, index, Publisher, sha256 } from "../../harness/publisher.ts";
import { scratch } from "../../harness/scratch.ts";

// npm run lock, in a folder as a user's, against servers with the layout of the projects' own.

const publisher = await Publisher.start();
after(() => publisher.close());
const command = new URL("../../../artifacts/lock-command.ts", import.meta.url).pathname;
const folder = scratch();
const file = join(folder, "ha-kubernetes.lock.json");
const call = (...args: string[]) => run(process.execPath, [command, ...args], { cwd: folder });
const add = (...args: string[]) => call("add", ...args, ...publisher.options);
const written = () => JSON.parse(readFileSync(file, "utf8"));

test("a version that the program never heard of is looked up, shown with its places, and written", async () => {
  const { status, stdout, text } = await add("kubernetes", "v1.36.77");
  assert.equal(status, 0, text);
  const kubelet = hashFor("dl.k8s.io/release/v1.36.77/bin/linux/amd64/kubelet");
  assert.ok(
    stdout.includes(
      `kubelet 1.36.77 for amd64\n    ${kubelet}\n    https://dl.k8s.io/release/v1.36.77/bin/linux/amd64/kubelet.sha256\n`,
    ),
    stdout,
  );
  assert.match(stdout, /\nwrote 10 hashes of kubernetes 1\.36\.77 to ha-kubernetes\.lock\.json\n$/);
  assert.equal(written().files.kubelet["1.36.77"].amd64, kubelet);
  assert.equal(written().images["kube-proxy"]["1.36.77"], `sha256:${sha256(index("kube-proxy"))}`);
});

test("the program takes it: a config may name it, and hosts get its hashes", async () => {
  const script = `
    import { known } from ${JSON.stringify(new URL("../../../providers/index.ts", import.meta.url).href)};
    import { resolveVersions } from ${JSON.stringify(new URL("../../../artifacts/lock.ts", import.meta.url).href)};
    import { artifactsFor } from ${JSON.stringify(new URL("../../../hosts/artifact-list.ts", import.meta.url).href)};
    const { versions } = resolveVersions({ kubernetesVersion: "1.36.77", versions: {} });
    const { text } = artifactsFor({ roles: ["control-plane"], versions, architecture: "arm64", source: { kind: "official", location: "" } });
    console.log(JSON.stringify({ whole: known.whole, defaults: known.defaults, faults: known.faults, text }));`;
  const { whole, defaults, faults, text } = JSON.parse(
    await must(process.execPath, ["--input-type=module", "-e", script], { cwd: folder }),
  );
  assert.ok(whole.published.includes("1.36.77"));
  assert.deepEqual(faults, []);
  assert.notEqual(defaults.published, "1.36.77", "a default is the release's");
  assert.ok(
    text.includes(
      `binary ${hashFor("dl.k8s.io/release/v1.36.77/bin/linux/arm64/kubeadm")} https://dl.k8s.io/release/v1.36.77/bin/linux/arm64/kubeadm `,
    ),
  );
  assert.ok(text.includes(`pull sha256:${sha256(index("kube-scheduler"))} registry.k8s.io/kube-scheduler:v1.36.77\n`));
});

test("a hash that is not the known one is refused with both, and nothing is written", async () => {
  const before = written();
  const known = lock.files.kubelet.sha256["1.36.4"]?.amd64;
  const { status, stderr } = await add("kubernetes", "1.36.4");
  assert.equal(status, 1);
  assert.ok(
    stderr.includes(
      `kubelet 1.36.4 for amd64 is ${hashFor("dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubelet")}, and artifacts/lock.json has ${known}`,
    ),
    stderr,
  );
  publisher.odd.set("cdn.dl.k8s.io/release/v1.36.77/bin/linux/amd64/kubelet.sha256", (_, response) =>
    response.end("ef".repeat(32)),
  );
  const again = await add("kubernetes", "1.36.77");
  assert.equal(again.status, 1);
  assert.match(
    again.stderr,
    /nothing was written, because a hash is not the known one: kubelet 1\.36\.77 for amd64 is (ef){32}, and ha-kubernetes\.lock\.json has [0-9a-f]{64}\n/,
  );
  assert.deepEqual(written(), before);
});

test("more is added to the file; a hash that is not published any more stays known", async () => {
  publisher.odd.set("cdn.dl.k8s.io/release/v1.36.77/bin/linux/amd64/kubelet.sha256", (_, response) =>
    response.writeHead(404).end(),
  );
  const { stdout } = await add("kubernetes", "1.36.77");
  assert.match(stdout, /kubelet 1\.36\.77 for amd64\n {4}unknown: nothing is published there \(HTTP status 404\)\n/);
  assert.equal(written().files.kubelet["1.36.77"].amd64, hashFor("dl.k8s.io/release/v1.36.77/bin/linux/amd64/kubelet"));
  assert.equal((await add("livenessprobe", "2.19.9", "--for", "1.36")).status, 0);
  assert.deepEqual(written().recommended, { "1.36": { livenessprobe: "2.19.9" } });
  assert.ok(written().images["kube-proxy"]["1.36.77"]);
});

test("nothing is written of what nobody published, through a wrong option or from a server that nobody vouches for", async () => {
  const before = written();
  const refused = async (result: ReturnType<typeof call>, pattern: RegExp) => {
    const { status, stderr } = await result;
    assert.equal(status, 1);
    assert.match(stderr, pattern);
  };
  await refused(add("containerd", "2.3.99"), /nothing was written, because nothing of containerd 2\.3\.99 is published/);
  await refused(add("etcd", "9.0.0"), /doesn't know: it knows .*3\.6/);
  await refused(add("pause", "3.10.99", "--for", "1.99"), /--for 1\.99: it is one of .*1\.36, 1\.35, 1\.34/);
  await refused(call("add", "runc", "1.4.99", "--connect", "x"), /--connect x: it is NAME:PORT=ADDRESS:PORT/);
  await refused(call("add", "runc"), /it is add NAME VERSION, or show \[NAME\]/);
  await refused(call("add", "runc", "1.4.99", ...publisher.options.slice(2)), /self-signed certificate/);
  assert.deepEqual(written(), before);
});

test("look-ups at the same time write after each other, and one that was killed while it wrote hinders nobody", async () => {
  const several = join(scratch(), "several.json");
  writeFileSync(`${several}.new`, "{");
  const versions = ["1.4.91", "1.4.92", "1.4.94", "1.4.95", "1.5.93"];
  const results = await Promise.all(versions.map((version) => add("runc", version, "--file", several)));
  assert.deepEqual(
    results.map(({ status }) => status),
    versions.map(() => 0),
    results.map(({ text }) => text).join("\n"),
  );
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(several, "utf8")).files.runc).sort(), versions);
  assert.ok(!existsSync(`${several}.new`));
  assert.match((await call("show", "runc", "--file", several)).stdout, /^runc 1\.5\.93 {2}all hashes known$/m);
});

test("--for without effect, and files that can't be what they are named for, are refused before anybody is asked", async () => {
  const before = publisher.asked.length;
  const other = scratch();
  writeFileSync(join(other, "none.pem"), "no certificate");
  const says = async (pattern: RegExp, ...args: string[]) => {
    const { status, stderr } = await add(...args);
    assert.equal(status, 1);
    assert.match(stderr, pattern);
  };
  await says(
    /--for 1\.36 is of no use for flannel-cni, which has the version of flannelCni: it is for etcd,/,
    "flannel-cni",
    "1.9.1-flannel2",
    "--for",
    "1.36",
  );
  await says(/of no use for kube-proxy, which has the version of kubernetes/, "kube-proxy", "1.36.4", "--for", "1.36");
  await says(/of no use for kubernetes: /, "kubernetes", "1.36.4", "--for", "1.36");
  for (const minor of ["1.99", "constructor"])
    await says(new RegExp(`--for ${minor}: it is one of 1`), "runc", "1.4.99", "--for", minor);
  await says(/--file \S+no\/lock\.json: there is no folder \S+no$/m, "runc", "1.4.99", "--file", join(other, "no/lock.json"));
  for (const [ca, why] of [
    ["nope.pem", "ENOENT"],
    ["none.pem", "it holds none"],
  ] as const) {
    const { status, stderr } = await call("add", "runc", "1.4.99", "--ca", join(other, ca));
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(`^ERROR: --ca \\S+${ca}: it is a file of certificates in PEM, and can't be read as one: ${why}`),
    );
  }
  assert.equal(publisher.asked.length, before);
});

test("a program that hosts take from its image is not counted as unknown; unknown hashes are named at the end", async () => {
  const { stdout } = await add("flannelCni", "1.9.1-flannel9", "--file", join(scratch(), "a.json"));
  assert.match(stdout, /\nwrote 1 hashes of flannelCni 1\.9\.1-flannel9 to \S+\n$/);
  publisher.odd.set("cdn.dl.k8s.io/release/v1.36.78/bin/linux/arm64/kubeadm.sha256", (_, response) =>
    response.writeHead(404).end(),
  );
  assert.match(
    (await add("kubernetes", "1.36.78", "--file", join(scratch(), "a.json"))).stdout,
    /; 1 unknown, which artifacts\.source: official refuses where a host needs them: kubeadm 1\.36\.78 for arm64\n$/,
  );
});

test("show refuses a lock that the program refuses, and a file that is not there", async () => {
  const other = scratch();
  const shows = async (name: string, pattern: RegExp) => {
    const { status, stdout, stderr } = await call("show", "--file", join(other, name));
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, pattern);
  };
  await shows("absent.json", /--file \S+absent\.json does not exist/);
  for (const [name, text, pattern] of [
    ["text.json", "none", /text\.json can't be used: can't be read as JSON/],
    ["short.json", '{"files":{"runc":{"1.4.4":{"amd64":"ab"}}}}', /files\.runc\.1\.4\.4\.amd64: 64 hex digits, or unknown/],
    ["other.json", '{"images":{"flannl":{}}}', /images has flannl, and there is no image of that name/],
    [
      "wrong.json",
      `{"files":{"runc":{"1.4.3":{"amd64":"${"ab".repeat(32)}"}}}}`,
      /runc 1\.4\.3 for amd64 is (ab){32}, and artifacts/,
    ],
  ] as const) {
    writeFileSync(join(other, name), text);
    await shows(name, pattern);
  }
});

test("show tells the unknown hashes, and help writes nothing", async () => {
  const { stdout } = await call("show", "kubernetes");
  assert.match(stdout, /^kubernetes 1\.36\.3 {2}unknown: image kube-proxy; can be built$/m);
  assert.match(stdout, /^kubernetes 1\.36\.77 {2}all hashes known$/m);
  assert.match((await call("show")).stdout, /^livenessprobe 2\.19\.9 {2}all hashes known; goes with Kubernetes 1\.36$/m);
  const { status, stdout: help } = await run(process.execPath, [command, "--help"], { cwd: scratch() });
  assert.equal(status, 0);
  assert.match(help, /^npm run lock -- add NAME VERSION/);
});

test("a lock that contradicts the release's own is refused by the program, with both values", async () => {
  const other = scratch();
  const known = lock.files.runc.sha256["1.4.3"]?.amd64;
  const wrong = {
    files: { runc: { "1.4.3": { amd64: "ab".repeat(32) } } },
    images: { "cluster-autoscaler": { "1.36.1": `sha256:${"cd".repeat(32)}` }, flannl: {} },
  };
  writeFileSync(join(other, "ha-kubernetes.lock.json"), JSON.stringify(wrong));
  const script = `
    import { known } from ${JSON.stringify(new URL("../../../providers/index.ts", import.meta.url).href)};
    import { artifactProblems } from ${JSON.stringify(new URL("../../../providers/artifacts.ts", import.meta.url).href)};
    import { problemText } from ${JSON.stringify(new URL("../../../config/problems.ts", import.meta.url).href)};
    const cluster = (provider) => ({ provider, traits: {}, hosts: {}, pools: {}, versions: {}, artifacts: { source: "official" }, kubernetesVersion: "1.36.4" });
    for (const provider of ["baremetal", "aws"]) console.log(artifactProblems(cluster(provider)).map(problemText).join("\\n"));`;
  const said = await must(process.execPath, ["--input-type=module", "-e", script], { cwd: other });
  const faults = said.split("\n").filter((line) => line.startsWith("ha-kubernetes.lock.json"));
  const ours = `ha-kubernetes.lock.json can't be used: runc 1.4.3 for amd64 is ${"ab".repeat(32)}, and artifacts/lock.json has ${known}`;
  assert.equal(faults[0], ours);
  for (const index of [1, 4])
    assert.match(faults[index] ?? "", /can't be used: images has flannl, and there is no image of that name/);
  assert.equal(faults[2], ours);
  assert.match(
    faults[3] ?? "",
    /^ha-kubernetes\.lock\.json can't be used: image cluster-autoscaler 1\.36\.1 is sha256:(cd){32}, and providers\/aws\/addons\/lock\.json has sha256:4613/,
  );
  assert.equal(faults.length, 5);
});

test("a lock that can't be read is refused and left as it is", async () => {
  const other = join(folder, "broken.json");
  writeFileSync(other, "{");
  const { status, stderr } = await add("runc", "1.4.99", "--file", other);
  assert.equal(status, 1);
  assert.match(stderr, /broken\.json can't be read as JSON/);
  assert.equal(readFileSync(other, "utf8"), "{");
  assert.ok(!existsSync(`${other}.new`));
});
