import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { eventually, must, type Result, run } from "../../../harness/process.ts";
import { scratch as newFolder } from "../../../harness/scratch.ts";

// hosts/lib/artifacts.sh and images.sh as a host runs them, but below a folder instead of /. Only containerd's client is a stand-in.

const library = new URL("../../../../hosts/lib/", import.meta.url).pathname;
const scratch = newFolder();

let count = 0;
let root = "";
let bundle = "";
beforeEach(() => {
  root = join(scratch, `${count++}`);
  bundle = join(root, "bundle");
  for (const folder of [bundle, join(root, "bin")]) mkdirSync(folder, { recursive: true });
  // Nothing here outlives the test: no need to wait for a disk.
  program("sync", "exit 0");
});

/** Runs a function of the library on a list, and then prints what it would report. */
function call(
  command: string,
  lines: readonly string[],
  env: Record<string, string> = {},
  started?: (pid: number) => void,
): Promise<Result> {
  writeFileSync(join(root, "list"), lines.map((line) => `${line}\n`).join(""));
  const script = `set -euo pipefail; STAGE_NAME=prepare HOST_NAME=m1
    for name in common files artifacts images; do . "${library}$name.sh"; done; ${command} "${root}/list"; outcome`;
  const path = `${root}/bin:${process.env.PATH}`;
  return run("bash", ["-c", script], { env: { HAK_ROOT: root, PATH: path, ...env }, started });
}

/** A program that is found in front of the machine's own. */
const program = (name: string, script: string) =>
  writeFileSync(join(root, "bin", name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });

const hash = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
const kubernetes = "/opt/ha-kubernetes/kubernetes-1.36.3";
const onHost = (path: string) => join(root, path);

/** A file of the bundle, and its line. */
function binary(name: string, content: string): string {
  const file = `${name}-1.36.3-linux-amd64`;
  writeFileSync(join(bundle, file), content);
  return `binary ${hash(content)} ${join(bundle, file)} ${kubernetes} ${name}`;
}

async function archive(programs: Record<string, string>): Promise<string> {
  const folder = join(root, "release/etcd-v3.6.14");
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(programs)) writeFileSync(join(folder, name), content);
  const file = join(bundle, "etcd.tar.gz");
  await must("tar", ["-czf", file, "-C", join(root, "release"), "etcd-v3.6.14"]);
  return `archive ${hash(readFileSync(file))} ${file} /opt/ha-kubernetes/etcd-3.6.14 etcd etcdctl`;
}

describe("programs on a host", () => {
  it("whose bytes changed under the same size and time are found by a repair alone, and brought again", async () => {
    const lines = [binary("kubelet", "kubelet's bytes"), await archive({ etcd: "etcd's bytes", etcdctl: "etcdctl's bytes" })];
    await call("stage_artifacts", lines);
    for (const path of [`${kubernetes}/kubelet`, "/opt/ha-kubernetes/etcd-3.6.14/etcdctl"].map(onHost)) {
      const rot = `touch -r "$1" "$1.time"; printf X | dd of="$1" conv=notrunc status=none; touch -r "$1.time" "$1"; rm "$1.time"`;
      await must("bash", ["-c", rot, "-", path]);
    }
    assert.match((await call("stage_artifacts", lines)).stdout, /nothing to change/);
    const repaired = await call("stage_artifacts", lines, { REPAIR: "today" });
    assert.match(repaired.stdout, /installed kubelet in .*installed etcd etcdctl in /);
    assert.equal(readFileSync(onHost(`${kubernetes}/kubelet`), "utf8"), "kubelet's bytes");
    assert.match((await call("stage_artifacts", lines, { REPAIR: "today" })).stdout, /nothing to change/);
  });

  it("are put in place, and the second time nothing is done", async () => {
    const lines = [
      binary("kubelet", "kubelet's bytes"),
      binary("kubectl", "kubectl's bytes"),
      await archive({ etcd: "etcd's bytes", etcdctl: "etcdctl's bytes", "README.md": "read me" }),
    ];
    const first = await call("stage_artifacts", lines);
    assert.equal(first.status, 0, first.text);
    assert.equal(
      first.stdout,
      `installed kubelet in ${kubernetes}; installed kubectl in ${kubernetes}; installed etcd etcdctl in /opt/ha-kubernetes/etcd-3.6.14\n`,
    );
    assert.equal(readFileSync(onHost(`${kubernetes}/kubelet`), "utf8"), "kubelet's bytes");
    assert.equal(readFileSync(onHost("/opt/ha-kubernetes/etcd-3.6.14/etcdctl"), "utf8"), "etcdctl's bytes");
    assert.equal(statSync(onHost(`${kubernetes}/kubelet`)).mode & 0o777, 0o755);
    const visible = readdirSync(onHost("/opt/ha-kubernetes/etcd-3.6.14")).filter((name) => !name.startsWith("."));
    assert.deepEqual(visible, ["etcd", "etcdctl"]);
    // Gone: the second run reads nothing of it.
    rmSync(bundle, { recursive: true });
    assert.equal((await call("stage_artifacts", lines)).stdout, "nothing to change\n");
  });

  it("are refused where a file was tampered with, by name and both hashes, and nothing of it is installed", async () => {
    const line = binary("kubelet", "kubelet's bytes");
    const file = join(bundle, "kubelet-1.36.3-linux-amd64");
    writeFileSync(file, "another's bytes");
    const { status, stderr } = await call("stage_artifacts", [line, binary("kubectl", "kubectl's bytes")]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(
        `^ERROR: prepare on m1: kubelet-1\\.36\\.3-linux-amd64 .*expected SHA-256 ${hash("kubelet's bytes")}, found ${hash("another's bytes")} \\(from ${file}\\)$`,
        "m",
      ),
    );
    assert.ok(!existsSync(onHost(`${kubernetes}/kubelet`)));
    assert.ok(existsSync(file), "the folder is the user's");
    writeFileSync(file, "kubelet's bytes");
    assert.equal((await call("stage_artifacts", [line])).stdout, `installed kubelet in ${kubernetes}\n`);
  });

  it("are refused where an archive was tampered with", async () => {
    const line = await archive({ etcd: "1", etcdctl: "2" });
    writeFileSync(join(bundle, "etcd.tar.gz"), "no tar at all");
    const { status, stderr } = await call("stage_artifacts", [line]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`etcd\\.tar\\.gz is not what it should be.*found ${hash("no tar at all")}`));
    assert.ok(!existsSync(onHost("/opt/ha-kubernetes/etcd-3.6.14/etcd")));
  });

  it("stay as they are where another version comes beside them", async () => {
    await call("stage_artifacts", [binary("kubelet", "old")]);
    const line = binary("kubelet", "new").replace(kubernetes, "/opt/ha-kubernetes/kubernetes-1.36.4");
    assert.equal((await call("stage_artifacts", [line])).status, 0);
    assert.equal(readFileSync(onHost(`${kubernetes}/kubelet`), "utf8"), "old");
    assert.equal(readFileSync(onHost("/opt/ha-kubernetes/kubernetes-1.36.4/kubelet"), "utf8"), "new");
  });

  const damages: [string, (path: string) => void][] = [
    ["changed", (path) => writeFileSync(path, "kubelet's bytez")],
    ["cut short", (path) => writeFileSync(path, "")],
    ["gone", (path) => rmSync(path)],
  ];
  for (const [what, damage] of damages) {
    it(`are put back where one is ${what}`, async () => {
      const line = binary("kubelet", "kubelet's bytes");
      await call("stage_artifacts", [line]);
      damage(onHost(`${kubernetes}/kubelet`));
      assert.equal((await call("stage_artifacts", [line])).stdout, `installed kubelet in ${kubernetes}\n`);
      assert.equal(readFileSync(onHost(`${kubernetes}/kubelet`), "utf8"), "kubelet's bytes");
    });
  }

  it("are replaced where the same version has another hash", async () => {
    await call("stage_artifacts", [binary("kubelet", "built")]);
    assert.equal((await call("stage_artifacts", [binary("kubelet", "official")])).status, 0);
    assert.equal(readFileSync(onHost(`${kubernetes}/kubelet`), "utf8"), "official");
  });

  it("are taken up where a run was killed", async () => {
    const whole = binary("kubelet", "kubelet's bytes");
    const cut = binary("kubeadm", "kubeadm's bytes");
    // The copy of kubeadm doesn't end.
    program(
      "cp",
      '[[ $1 != */kubeadm-* ]] || { head -c 4 "$1" >"$2"; touch "$HAK_ROOT/copying"; exec sleep 60; }; exec /bin/cp "$@"',
    );
    const { killed, pid } = await new Promise<{ killed: Promise<Result>; pid: number }>((resolve) => {
      const killed = call("stage_artifacts", [whole, cut], {}, (pid) => resolve({ killed, pid }));
    });
    const there = () =>
      existsSync(join(root, "copying")) && existsSync(onHost(`${kubernetes}/.kubelet-1.36.3-linux-amd64.stamp`));
    await eventually("one program in place, the other half copied", 30, there);
    process.kill(-pid, "SIGKILL");
    await killed;
    assert.ok(!existsSync(onHost(`${kubernetes}/kubeadm`)));
    rmSync(join(root, "bin/cp"));
    assert.equal((await call("stage_artifacts", [whole, cut])).stdout, `installed kubeadm in ${kubernetes}\n`);
    assert.equal(readFileSync(onHost(`${kubernetes}/kubeadm`), "utf8"), "kubeadm's bytes");
    assert.ok(readdirSync(onHost(kubernetes)).every((name) => !name.startsWith(".new")));
  });

  it("are refused where the folder lacks a file or an archive a program", async () => {
    const missing = await call("stage_artifacts", [`binary 00 ${bundle}/nothing ${kubernetes} kubelet`]);
    assert.equal(missing.status, 1);
    assert.match(
      missing.stderr,
      /ERROR: prepare on m1: .*\/nothing is missing on this host: fill the folder with npm run bundle/,
    );
    const lacking = await call("stage_artifacts", [await archive({ etcd: "etcd's bytes" })]);
    assert.equal(lacking.status, 1);
    assert.match(lacking.stderr, /ERROR: prepare on m1: etcd\.tar\.gz holds no etcdctl/);
  });
});

describe("downloads of a host", () => {
  const content = Buffer.alloc(300_000, "kubelet's bytes ");
  const requests: (string | undefined)[] = [];
  // What a server does with a range that is asked for.
  let ranges = true;
  let failures = 0;
  let cuts = 0;
  const server = createServer((request, response) => {
    requests.push(request.headers.range);
    if (request.url !== "/kubelet") return response.writeHead(404).end();
    if (failures-- > 0) return response.writeHead(503).end();
    if (cuts-- > 0) {
      response.writeHead(200, { "content-length": content.length });
      return response.write(content.subarray(0, 100_000), () => response.destroy());
    }
    const start = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
    if (!ranges || start === 0) return response.end(content);
    if (start >= content.length) return response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    response
      .writeHead(206, { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` })
      .end(content.subarray(start));
  }).listen(0, "127.0.0.1");
  server.unref();
  after(() => server.close());
  beforeEach(() => {
    requests.length = 0;
    ranges = true;
    failures = 0;
    cuts = 0;
  });
  const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const line = (sha256 = hash(content)) => `binary ${sha256} ${url("/kubelet")} ${kubernetes} kubelet`;
  const part = () => onHost(`/opt/ha-kubernetes/downloads/${hash(content)}`);
  const begun = (bytes: Buffer) => {
    mkdirSync(onHost("/opt/ha-kubernetes/downloads"), { recursive: true });
    writeFileSync(part(), bytes);
  };
  const installed = () => readFileSync(onHost(`${kubernetes}/kubelet`)).equals(content);

  it("are checked and put in place", async () => {
    const { status, text } = await call("stage_artifacts", [line()]);
    assert.equal(status, 0, text);
    assert.ok(installed());
    assert.ok(!existsSync(part()));
  });

  it("go on where an earlier one was cut", async () => {
    begun(content.subarray(0, 100_000));
    assert.equal((await call("stage_artifacts", [line()])).status, 0);
    assert.ok(installed());
    assert.deepEqual(requests, ["bytes=100000-"]);
  });

  it("go on where the connection broke", async () => {
    cuts = 1;
    const { status, text } = await call("stage_artifacts", [line()]);
    assert.equal(status, 0, text);
    assert.ok(installed());
    assert.deepEqual(requests, [undefined, "bytes=100000-"]);
  });

  it("start over where the server can't resume", async () => {
    begun(content.subarray(0, 100_000));
    ranges = false;
    const { status, text } = await call("stage_artifacts", [line()]);
    assert.equal(status, 0, text);
    assert.ok(installed());
  });

  it("start over where the partial download is longer than the file", async () => {
    begun(Buffer.alloc(content.length + 1));
    const { status, text } = await call("stage_artifacts", [line()]);
    assert.equal(status, 0, text);
    assert.ok(installed());
  });

  it("are not done again where a killed run had it whole", async () => {
    begun(content);
    assert.equal((await call("stage_artifacts", [line()])).status, 0);
    assert.deepEqual(requests, []);
  });

  it("are tried again where a server is busy", async () => {
    failures = 1;
    assert.equal((await call("stage_artifacts", [line()])).status, 0);
    assert.ok(installed());
  });

  it("are refused where they are not the file", async () => {
    const wrong = "0".repeat(64);
    const { status, stderr } = await call("stage_artifacts", [line(wrong)]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(
        `ERROR: prepare on m1: kubelet .*expected SHA-256 ${wrong}, found ${hash(content)} \\(from ${url("/kubelet")}\\)`,
      ),
    );
    assert.ok(!existsSync(onHost(`${kubernetes}/kubelet`)));
    // The wrong file is not kept: another try may bring the right one.
    assert.ok(!existsSync(onHost(`/opt/ha-kubernetes/downloads/${wrong}`)));
  });

  it("say which URL can't be had", async () => {
    const { status, stderr } = await call("stage_artifacts", [`binary 00 ${url("/nothing")} ${kubernetes} kubectl`]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`ERROR: prepare on m1: ${url("/nothing")} can't be downloaded to this host \\(.*404`));
    assert.equal(requests.length, 1);
  });
});

describe("images on a host", () => {
  beforeEach(() => {
    mkdirSync(onHost("/run/ha-kubernetes"), { recursive: true });
    mkdirSync(onHost("/var/lib/ha-kubernetes"), { recursive: true });
  });
  const names = ["registry.k8s.io/kube-proxy:v1.36.3", "registry.k8s.io/pause:3.10.2"];
  const imports = () =>
    readFileSync(join(root, "calls"), "utf8")
      .split("\n")
      .filter((call) => / import | pull /.test(` ${call} `)).length;
  beforeEach(() => {
    // A file of the bundle holds its images' names; containerd's list is a file.
    for (const list of ["images", "pinned", "calls"]) writeFileSync(join(root, list), "");
    program(
      "ctr",
      `echo "$*" >>"$HAK_ROOT/calls"
      case "$3 $4" in
        "images ls") if [ -n "$6" ]; then sort "$HAK_ROOT/pinned"; else cat "$HAK_ROOT/images"; fi ;;
        "images label")
          if [ "$6" = io.cri-containerd.pinned=pinned ]; then echo "$5" >>"$HAK_ROOT/pinned"; else sed -i "\\|^$5$|d" "$HAK_ROOT/pinned"; fi ;;
        "images import") cat "\${@: -1}" >>"$HAK_ROOT/images" || exit
          for name in $(cat "\${@: -1}"); do echo "$name" >>"$HAK_ROOT/pinned"; done; [ ! -f "$HAK_ROOT/broken" ] || { echo "no space left on device"; exit 1; } ;;
        "images pull") [ ! -f "$HAK_ROOT/broken" ] || { echo "no route to host"; exit 1; }; echo "\${@: -1}" >>"$HAK_ROOT/images" ;;
        "images tag") echo "\${@: -1}" >>"$HAK_ROOT/images" ;;
        "images mount") [ ! -e "$6/here" ] || { echo "is mounted"; exit 1; }; mkdir -p "$6/bin"; touch "$6/here"; cp "$HAK_ROOT/plugin" "$6/bin/flannel" ;;
        "images unmount") rm -rf "$6"; mkdir "$6" ;;
        "images rm") sed -i "\\|^$5$|d" "$HAK_ROOT/images" ;;
        *) exit 64 ;;
      esac`,
    );
  });
  const images = () =>
    names.map((name, index) => {
      const file = join(bundle, `images-${index}.tar`);
      writeFileSync(file, `${name}\n`);
      return `images ${hash(`${name}\n`)} ${file} ${name}`;
    });

  it("are imported, and the second time nothing is done", async () => {
    const first = await call("import_images", images());
    assert.equal(first.stdout, `imported ${names[0]}; imported ${names[1]}\n`, first.text);
    assert.equal(imports(), 2);
    assert.equal((await call("import_images", images())).stdout, "nothing to change\n");
    assert.equal(imports(), 2);
  });

  it("are imported again where containerd lost one or has another archive's", async () => {
    await call("import_images", images());
    writeFileSync(join(root, "images"), `${names[0]}\n`);
    assert.equal((await call("import_images", images())).stdout, `imported ${names[1]}\n`);
    rmSync(onHost("/var/lib/containerd"), { recursive: true });
    assert.equal((await call("import_images", images())).stdout, `imported ${names[0]}; imported ${names[1]}\n`);
  });

  it("stay when the disk fills up, with those of the previous list: older ones may go", async () => {
    const [first = "", second = ""] = images();
    const pinned = () => readFileSync(join(root, "pinned"), "utf8").trim().split("\n").sort();
    await call("import_images", [first]);
    assert.deepEqual(pinned(), [names[0]]);
    for (const _ of [1, 2]) {
      await call("import_images", [second]);
      assert.deepEqual(pinned(), [...names].sort());
    }
    const third = join(bundle, "images-third.tar");
    writeFileSync(third, "registry.example/third:1\n");
    await call("import_images", [`images ${hash("registry.example/third:1\n")} ${third} registry.example/third:1`]);
    assert.deepEqual(pinned(), [names[1], "registry.example/third:1"].sort());
  });

  it("of a version on the way stay beside those of the host's own list, until another list comes", async () => {
    const [own = "", passing = ""] = images();
    const pinned = () => [...new Set(readFileSync(join(root, "pinned"), "utf8").trim().split("\n"))].sort();
    await call("import_images", [own]);
    for (const _ of [1, 2]) await call('import_passing() { import_images "$1" passing; }; import_passing', [passing]);
    assert.deepEqual(pinned(), names.toSorted());
    await call("import_images", [own]);
    assert.deepEqual(pinned(), [names[0]]);
  });

  it("are refused where an archive was tampered with", async () => {
    const lines = images();
    writeFileSync(join(bundle, "images-1.tar"), "evil.example/pause:3.10.2\n");
    const { status, stderr } = await call("import_images", lines);
    assert.equal(status, 1);
    assert.match(stderr, /ERROR: prepare on m1: images-1\.tar is not what it should be and was not installed: expected SHA-256/);
    assert.doesNotMatch(readFileSync(join(root, "images"), "utf8"), /evil/);
  });

  it("are not taken for imported where containerd failed", async () => {
    writeFileSync(join(root, "broken"), "");
    const { status, stderr } = await call("import_images", images());
    assert.equal(status, 1);
    assert.match(stderr, /ERROR: prepare on m1: images-\d\.tar can't be imported: no space left on device/);
    rmSync(join(root, "broken"));
    assert.equal((await call("import_images", images())).stdout, `imported ${names[0]}; imported ${names[1]}\n`);
  });

  it("are pulled by digest and known by their tag", async () => {
    const line = `pull sha256:${"a".repeat(64)} ${names[0]}`;
    assert.equal((await call("import_images", [line])).stdout, `imported ${names[0]}\n`);
    assert.deepEqual(readFileSync(join(root, "calls"), "utf8").split("\n").slice(1, 3), [
      `-n k8s.io images pull --local --hosts-dir /etc/containerd/certs.d --skip-metadata registry.k8s.io/kube-proxy@sha256:${"a".repeat(64)}`,
      `-n k8s.io images tag --local --force registry.k8s.io/kube-proxy@sha256:${"a".repeat(64)} ${names[0]}`,
    ]);
    assert.equal(readFileSync(join(root, "pinned"), "utf8"), `${names[0]}\n`, "a full disk takes none away");
    assert.equal((await call("import_images", [line])).stdout, "nothing to change\n");
  });

  it("that can't be pulled are named with their digest and the reason", async () => {
    program("sleep", "exit 0");
    writeFileSync(join(root, "broken"), "");
    const { status, stderr } = await call("import_images", [`pull sha256:${"a".repeat(64)} ${names[0]}`]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /ERROR: prepare on m1: image registry\.k8s\.io\/kube-proxy:v1\.36\.3 can't be pulled by its digest sha256:a+: no route to host/,
    );
  });

  const plugins = "/opt/ha-kubernetes/cni-plugins-1.9.1";
  const plugin = (digest = "b") => `image-program sha256:${digest.repeat(64)} ghcr.io/flannel-io/plugin:v1 ${plugins} flannel`;
  const mounts = () => onHost("/run/ha-kubernetes/images");

  it("give programs that are published in them alone, once, and go again", async () => {
    writeFileSync(join(root, "plugin"), "the plugin's bytes");
    assert.equal((await call("stage_artifacts", [plugin()])).stdout, "nothing to change\n", "containerd may not run yet");
    const first = await call("import_images", [plugin()]);
    assert.equal(first.stdout, `installed flannel in ${plugins}\n`, first.text);
    assert.equal(readFileSync(onHost(`${plugins}/flannel`), "utf8"), "the plugin's bytes");
    assert.equal(statSync(onHost(`${plugins}/flannel`)).mode & 0o777, 0o755);
    assert.equal(readFileSync(join(root, "images"), "utf8"), "");
    assert.deepEqual(readdirSync(mounts()), []);
    assert.equal((await call("import_images", [plugin()])).stdout, "nothing to change\n");
    writeFileSync(onHost(`${plugins}/flannel`), "another's bytes");
    assert.equal((await call("import_images", [plugin()])).stdout, `installed flannel in ${plugins}\n`);
    assert.equal((await call("import_images", [plugin("c")])).stdout, `installed flannel in ${plugins}\n`, "another digest");
  });

  it("give programs in the unit that imports images beside what comes next, too", async () => {
    writeFileSync(join(root, "plugin"), "the plugin's bytes");
    program("systemd-run", 'echo "$*" >"$HAK_ROOT/started"');
    await call("begin_import", [plugin()]);
    const [, script = ""] = readFileSync(join(root, "started"), "utf8").match(/ bash (\S+)\n/) ?? [];
    const unit = await run("bash", [script], { env: { HAK_ROOT: root } });
    assert.equal(unit.status, 0, unit.text);
    assert.equal(readFileSync(onHost(`${plugins}/flannel`), "utf8"), "the plugin's bytes");
    assert.deepEqual(readdirSync(mounts()), []);
  });

  it("give programs after a run that was killed while it read one, and say where an image lacks one", async () => {
    writeFileSync(join(root, "plugin"), "the plugin's bytes");
    mkdirSync(join(mounts(), "killed"), { recursive: true });
    writeFileSync(join(mounts(), "killed/here"), "");
    assert.equal((await call("import_images", [plugin()])).stdout, `installed flannel in ${plugins}\n`);
    assert.deepEqual(readdirSync(mounts()), []);
    const { status, stderr } = await call("import_images", [plugin().replace(/flannel$/, "bridge")]);
    assert.equal(status, 1);
    assert.match(stderr, /ERROR: prepare on m1: plugin:v1 holds no bridge/);
    assert.equal(readFileSync(onHost(`${plugins}/flannel`), "utf8"), "the plugin's bytes");
  });

  const pending = () => existsSync(onHost("/var/lib/ha-kubernetes/images-pending"));

  it("are imported beside what comes next, by a unit that needs nothing of the stage that started it", async () => {
    program("systemd-run", 'echo "$*" >"$HAK_ROOT/started"');
    const begun = await call("begin_import", images());
    assert.equal(begun.stdout, "began to import images\n", begun.text);
    assert.equal(imports(), 0);
    const [, unit = "", script = ""] = readFileSync(join(root, "started"), "utf8").match(/--unit (\S+) .* bash (\S+)\n/) ?? [];
    assert.equal(unit, "ha-kubernetes-images.service");
    writeFileSync(join(root, "list"), "gone");
    const unitRun = await run("bash", [script], { env: { HAK_ROOT: root } });
    assert.equal(unitRun.status, 0, unitRun.text);
    assert.equal(imports(), 2);
    assert.ok(!pending());
    assert.equal((await call("images_at_hand", [])).stdout, "nothing to change\n");
    assert.equal(imports(), 2);
  });

  it("are imported by the stage that needs them where the unit failed, was killed or never began", async () => {
    program("systemd-run", "exit 0");
    await call("begin_import", images());
    const needed = await call("images_at_hand", []);
    assert.equal(needed.stdout, `imported ${names[0]}; imported ${names[1]}\n`, needed.text);
    assert.ok(!pending());
  });

  it("stop the stage that needs them where they can't be imported, with the reason, and are tried again", async () => {
    program("systemd-run", "exit 0");
    await call("begin_import", images());
    writeFileSync(join(root, "broken"), "");
    const { status, stderr } = await call("images_at_hand", []);
    assert.equal(status, 1);
    assert.match(stderr, /ERROR: prepare on m1: images-\d\.tar can't be imported: no space left on device/);
    assert.ok(pending());
    rmSync(join(root, "broken"));
    assert.equal((await call("images_at_hand", [])).stdout, `imported ${names[0]}; imported ${names[1]}\n`);
  });

  it("are waited for while the unit is at it, and not imported twice", async () => {
    program("systemd-run", `bash "\${@: -1}" >/dev/null 2>&1 & disown`);
    program("openssl", '[[ "$*" != *images-* ]] || sleep 0.5; exec /usr/bin/openssl "$@"');
    await call("begin_import", images());
    await eventually("the unit to have the lock", 10, () => readFileSync(join(root, "calls"), "utf8") !== "");
    const waited = await call("images_at_hand", []);
    assert.equal(waited.stdout, "nothing to change\n", waited.text);
    assert.match(waited.stderr, /waiting for the images to be imported/);
    assert.equal(imports(), 2);
  });

  it("are imported at once where no unit can be started", async () => {
    program("systemd-run", "exit 1");
    assert.equal((await call("begin_import", images())).stdout, `imported ${names[0]}; imported ${names[1]}\n`);
  });
});
