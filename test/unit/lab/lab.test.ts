import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { scratch } from "../../harness/scratch.ts";

const lab = new URL("../../../lab/", import.meta.url).pathname;

/** The output of a function of the lab's scripts. This test calls only functions that change nothing on this machine. */
function call(libraries: readonly string[], words: readonly string[], folder = lab): string {
  const sources = ["lib", ...libraries].map((name) => `. "${join(folder, name)}.sh"`).join("; ");
  return execFileSync("bash", ["-c", `set -euo pipefail; ${sources}; "$@"`, "test", ...words], {
    encoding: "utf8",
    env: { ...process.env, XDG_CACHE_HOME: "/var/cache/of user" },
  });
}

const hostArguments = (driver: string) =>
  call(["container"], ["container_arguments", "dev", "m1", "10.77.0.11", driver, "image:tag", "192.0.2.53 192.0.2.54"])
    .trimEnd()
    .split("\n");

test("a host is a container of its cluster with a fixed address, no secret and no more rights than it needs", () => {
  const found = hostArguments("cgroupfs");
  const valuesOf = (option: string) => found.flatMap((word, index) => (word === option ? [found[index + 1]] : []));
  assert.deepEqual(valuesOf("--name"), ["ha-kubernetes-dev-m1"]);
  assert.deepEqual(valuesOf("--hostname"), ["m1"]);
  assert.deepEqual(valuesOf("--label"), [
    "ha-kubernetes.cluster=dev",
    "ha-kubernetes.host=m1",
    "ha-kubernetes.address=10.77.0.11",
  ]);
  assert.deepEqual(valuesOf("--network"), ["ha-kubernetes-dev"]);
  assert.deepEqual(valuesOf("--ip"), ["10.77.0.11"]);
  assert.deepEqual(valuesOf("--restart"), ["on-failure"]);
  assert.deepEqual(valuesOf("--pull"), ["never"]);
  assert.deepEqual(valuesOf("--volume"), ["/var/lib/containerd", "/var/lib/etcd", "/var/lib/kubelet"]);
  assert.deepEqual(valuesOf("--mount"), [
    "type=bind,source=/var/cache/of user/ha-kubernetes/bundle,target=/var/cache/ha-kubernetes/bundle,readonly",
  ]);
  assert.deepEqual(valuesOf("--env"), ["container=docker", "LAB_NAME_SERVERS=192.0.2.53 192.0.2.54"]);
  assert.deepEqual(valuesOf("--device-cgroup-rule"), ["a *:* rwm"]);
  assert.equal(valuesOf("--cap-add").length, 18);
  assert.ok(!found.includes("--privileged"));
  assert.ok(!valuesOf("--cap-add").includes("SYS_RESOURCE"));
  assert.equal(found.at(-1), "image:tag");
});

test("a host with IPv6 has its addresses of both families, and IPv6 turned on for all of its interfaces", () => {
  const found = call(["container"], ["container_arguments", "dev", "m1", "10.77.0.11,fd00:77::b", "cgroupfs", "image:tag", ""])
    .trimEnd()
    .split("\n");
  const valuesOf = (option: string) => found.flatMap((word, index) => (word === option ? [found[index + 1]] : []));
  assert.deepEqual([valuesOf("--ip"), valuesOf("--ip6")], [["10.77.0.11"], ["fd00:77::b"]]);
  assert.deepEqual(valuesOf("--sysctl"), ["net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.disable_ipv6=0"]);
});

test("hosts are at the root of control groups only if docker manages those itself", () => {
  assert.equal(hostArguments("cgroupfs").filter((word) => word === "--cgroup-parent").length, 1);
  assert.ok(!hostArguments("systemd").includes("--cgroup-parent"));
});

test("the bridge of every cluster has a name that the kernel accepts, different for each cluster", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/), fc.stringMatching(/^[a-z0-9]{1,8}$/), (one, other) => {
      const [first, second] = [one, other].map((name) => call([], ["bridge_name", name]).trim()) as [string, string];
      assert.match(first, /^[a-z0-9-]{1,15}$/);
      assert.equal(first === second, one === other);
    }),
    { numRuns: 15 },
  );
});

test("another recipe makes another image, and no other change does", () => {
  const copy = join(scratch(), "lab");
  cpSync(lab, copy, { recursive: true });
  const digest = (folder: string) => call(["image"], ["recipe_digest"], folder).trim();
  const before = digest(lab);
  assert.match(before, /^[0-9a-f]{16}$/);
  assert.equal(digest(copy), before);
  writeFileSync(join(copy, "network.sh"), "# changed\n");
  assert.equal(digest(copy), before);
  writeFileSync(join(copy, "image/packages"), "systemd\n");
  assert.notEqual(digest(copy), before);
});

test("each kernel setting is named once, with the whole number that it is raised to", () => {
  const raised = call(["machine"], ["eval", "echo $RAISED"]).trim().split(/\s+/);
  const touched = call(["machine"], ["eval", "echo $TOUCHED"]).trim().split(/\s+/);
  for (const item of raised) assert.match(item, /^[a-z_0-9.]+=[1-9]\d*$/);
  const names = [...raised.map((item) => item.split("=")[0]), ...touched];
  assert.equal(new Set(names).size, names.length);
});

test("a script without its arguments prints its usage and does nothing: a removal has no default", () => {
  for (const script of ["network.sh", "host.sh", "fault.sh"]) {
    for (const words of [[], ["remove-everything"], ["delete"], ["create", "dev"], ["crash", "dev"], ["", ""]]) {
      const { status, stdout, stderr } = spawnSync("bash", [join(lab, script), ...words], { encoding: "utf8" });
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.ok(stderr.startsWith(`ERROR: lab: usage: ${script} `), stderr);
    }
  }
});

test("the image's packages have no duplicate and no empty line", () => {
  const lines = readFileSync(join(lab, "image/packages"), "utf8").trimEnd().split("\n");
  const packages = lines.filter((line) => !line.startsWith("#"));
  for (const name of packages) assert.match(name, /^[a-z0-9][a-z0-9.+-]+$/);
  assert.equal(new Set(packages).size, packages.length);
  assert.ok(readdirSync(join(lab, "image")).includes("setup.sh"));
});
