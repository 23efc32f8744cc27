import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ports } from "../../../../../../config/ports.ts";
import { metricsFiles } from "../../../../../../hosts/stages/prepare/metrics/metrics.ts";
import { preparations } from "../../../../../../hosts/stages/prepare/prepare.ts";
import { clusterFrom, metal, type Written } from "../../../../../harness/samples.ts";
import { scratch } from "../../../../../harness/scratch.ts";

const script = new URL("../../../../../../hosts/stages/prepare/metrics/metrics.sh", import.meta.url).pathname;
const cluster = (edit: (config: Written) => void = () => {}) => {
  const config = metal();
  config.addons = { monitoring: true };
  edit(config);
  return clusterFrom(config);
};

/** What the script answers on a host with this tree of files. */
function answer(root: string, ...addresses: string[]): { head: string; lines: string[]; length: number; text: string } {
  const said = execFileSync("bash", [script, ...addresses], {
    env: { ...process.env, HAK_ROOT: root },
    input: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    encoding: "utf8",
  });
  const [head = "", text = ""] = said.split("\r\n\r\n");
  return { head, text, lines: text.split("\n"), length: Number(/Content-Length: (\d+)/.exec(head)?.[1]) };
}

test("a host says when its certificates end, how old its newest snapshot is, and which address it holds", () => {
  const root = scratch();
  for (const folder of ["etc/kubernetes/pki", "etc/etcd-backup", "snapshots"]) mkdirSync(join(root, folder), { recursive: true });
  const pem = join(root, "etc/kubernetes/pki/apiserver.crt");
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      "/CN=a",
      "-days",
      "3",
      "-keyout",
      "/dev/null",
      "-out",
      pem,
    ],
    { stdio: "ignore" },
  );
  const embedded = `users:\n- user:\n    client-certificate-data: ${readFileSync(pem).toString("base64")}\n`;
  writeFileSync(join(root, "etc/kubernetes/admin.conf"), embedded);
  // It names a file that is looked at itself.
  writeFileSync(join(root, "etc/kubernetes/kubelet.conf"), "users:\n- user:\n    client-certificate: /var/lib/x.pem\n");
  writeFileSync(join(root, "etc/kubernetes/pki/broken.crt"), "nothing\n");
  writeFileSync(join(root, "etc/etcd-backup/settings.env"), "BACKUP_NAME=dev-1.m1\nBACKUP_DIRECTORY=/snapshots\n");
  for (const [name, taken] of [
    ["dev-1.m1.a", 100],
    ["dev-1.m1.b", 300],
    ["dev-2.m1.c", 900],
  ])
    writeFileSync(join(root, `snapshots/${name}.db.gz.facts`), `size=1\ntaken=${taken}\n`);
  const { head, lines, length, text } = answer(root, "127.0.0.1", "192.0.2.1");
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(length, Buffer.byteLength(text));
  const end = (file: string) =>
    Number(
      lines
        .find((line) => line.startsWith(`ha_kubernetes_certificate_end_seconds{file="${file}"}`))
        ?.split(" ")
        .at(-1),
    );
  const inThreeDays = Date.now() / 1000 + 3 * 86_400;
  for (const file of ["/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/admin.conf"])
    assert.ok(Math.abs(end(file) - inThreeDays) < 600, file);
  assert.equal(end("/etc/kubernetes/pki/broken.crt"), 0);
  assert.ok(Number.isNaN(end("/etc/kubernetes/kubelet.conf")));
  assert.ok(lines.includes("ha_kubernetes_etcd_snapshot_taken_seconds 300"));
  assert.ok(lines.includes('ha_kubernetes_virtual_address_held{address="127.0.0.1"} 1'));
  assert.ok(lines.includes('ha_kubernetes_virtual_address_held{address="192.0.2.1"} 0'));
  // No snapshots are taken where there is no etcd.
  assert.doesNotMatch(answer(scratch()).text, /etcd_snapshot|virtual_address/);
});

test("without monitoring a host has the same ports, files and items as before", () => {
  const off = cluster((config) => {
    config.addons = {};
  });
  assert.ok(!preparations(off).includes("metrics"));
  assert.ok(preparations(cluster()).includes("metrics"));
  const added = (roles: Parameters<typeof ports>[0]) => {
    const before = ports(roles, off).map(({ number }) => number);
    return ports(roles, cluster())
      .map(({ number }) => number)
      .filter((number) => !before.includes(number));
  };
  assert.deepEqual(added(["worker"]), [2384, 9100]);
  assert.deepEqual(added(["etcd"]), [2381, 2384]);
  assert.deepEqual(added(["balancer"]), [2384, 9101]);
});

test("a balancer looks for the API's address, any other host for none", () => {
  const unit = (...args: Parameters<typeof metricsFiles>) => metricsFiles(...args)[1]?.content ?? "";
  assert.match(unit(["balancer"], cluster(), "10.0.0.10"), /^ExecStart=\S+\/metrics\.sh 10\.0\.0\.10$/m);
  assert.match(unit(["worker"], cluster(), "10.0.0.10"), /^ExecStart=\S+\/metrics\.sh$/m);
});
