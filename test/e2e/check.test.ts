// check finds a fresh cluster healthy and names each thing that is broken by hand; a repair fixes exactly those
import assert from "node:assert/strict";
import { test } from "node:test";
import { must, type Result, run } from "../harness/process.ts";
import { addressIn } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";
import { heldBy } from "../harness/secrets.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { secretsOfStack } from "../harness/stages.ts";

const config = await threePlusTwo("test-check");
const root = new URL("../../", import.meta.url).pathname;

interface Found {
  level: string;
  subject: string;
  found: string;
}
interface Report {
  counts: Record<string, number>;
  places: { place: string; findings: Found[] }[];
}

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;

  const look = (verb: "check" | "certs", args: readonly string[] = []): Promise<Result> =>
    run(process.execPath, ["engine/launch.mjs", "run", "check/check-stack.ts", verb, "--stack", stack.name, ...args], {
      cwd: root,
      limitSeconds: 300,
      env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase },
    });
  /** Findings that are not OK, as `place level subject`, without those about this machine's own disk. */
  const wrong = (report: Report) =>
    report.places.flatMap(({ place, findings }) =>
      findings
        .filter(({ level, subject }) => level !== "OK" && !/^disk |^etcd (wal fsync|backend commit)$/.test(subject))
        .map(({ level, subject }) => `${place} ${level} ${subject}`),
    );
  const check = async (): Promise<{ status: number; wrong: string[]; report: Report; text: string }> => {
    const { status, stdout, text } = await look("check", ["--json"]);
    assert.ok(stdout.startsWith("{"), text);
    const report: Report = JSON.parse(stdout);
    return { status, wrong: wrong(report).sort(), report, text };
  };

  test("a fresh cluster is healthy: status 0, one login on each host, and nothing is written", async () => {
    await cluster.settled();
    const before = await Promise.all(
      [...cluster.hosts.values()].map(async (host) => [await host.logins(), await host.files()] as const),
    );
    const { status, wrong, report } = await check();
    assert.deepEqual(wrong, []);
    assert.equal(status, 0);
    assert.deepEqual(report.places.map(({ place }) => place).sort(), ["cluster", "m1", "m2", "m3", "w1", "w2"]);
    const subjects = (name: string) =>
      report.places.find(({ place }) => place === name)?.findings.map(({ subject }) => subject) ?? [];
    const everywhere = ["owner mark", "files", "units", "versions", "ports", "clock", "certificates", "Node", "pods"];
    for (const name of ["m1", "m2", "m3", "w1", "w2"])
      for (const subject of everywhere) assert.ok(subjects(name).includes(subject), `${subject} of ${name}`);
    for (const subject of [
      "etcd database",
      "etcd wal fsync",
      "etcd backend commit",
      "snapshot of etcd",
      "restore drill",
      "apiserver",
      "balancer",
    ])
      assert.ok(subjects("m2").includes(subject), subject);
    for (const subject of ["etcd members", "etcd leader", "etcd alarms", `virtual IP ${config.api.address}`])
      assert.ok(subjects("cluster").includes(subject), subject);
    for (const [index, host] of [...cluster.hosts.values()].entries()) {
      const [logins, files] = before[index] ?? [];
      assert.equal(await host.logins(), (logins ?? 0) + 1, `logins to ${host.name}`);
      assert.deepEqual(await host.files(), files, `files of ${host.name}`);
    }
  });

  test("certs lists every certificate of the state and of the hosts with its serial number on disk", async () => {
    const { status, stdout } = await look("certs", ["--json"]);
    assert.equal(status, 0);
    const { certificates } = JSON.parse(stdout);
    const of = (place: string) =>
      new Map(
        certificates
          .filter((it: { place: string }) => it.place === place)
          .map((it: { name: string; serial: string }) => [it.name, it.serial]),
      );
    for (const name of ["kubernetes-ca", "etcd-ca", "front-proxy-ca", "admin", "etcd-m1", "etcd-client-m1"])
      assert.ok(of("state").has(name), name);
    assert.equal(of("m1").get("/etc/etcd/pki/member.crt"), of("state").get("etcd-m1"));
    for (const name of ["pki/apiserver.crt", "admin.conf", "controller-manager.conf", "scheduler.conf"])
      assert.ok(of("m2").has(`/etc/kubernetes/${name}`), name);
    const serial = await cluster.host("w1").sh("openssl x509 -noout -serial -in /var/lib/kubelet/pki/kubelet-client-current.pem");
    assert.equal(serial.trim(), `serial=${of("w1").get("/var/lib/kubelet/pki/kubelet-client-current.pem")}`);
    const days = certificates.map(({ daysLeft }: { daysLeft: number }) => daysLeft);
    assert.deepEqual(
      days,
      days.toSorted((a: number, b: number) => a - b),
    );
    assert.match((await look("certs")).stdout, /^ *days {2}until .*\n/);
  });

  const broken = [
    "m1 FAIL /etc/etcd/pki/member.key",
    "m1 FAIL etcd-backup.timer",
    "m2 FAIL kubelet.service",
    "m2 FAIL port 10250",
    "m3 FAIL /etc/ha-kubernetes/haproxy.cfg",
    "w1 FAIL /var/lib/kubelet/config.yaml",
    "w1 WARN port 4444/tcp",
    "w2 FAIL containerd.service",
  ];

  test("a file mode, a stopped timer, kubelet and containerd, changed files and a foreign port are reported, and nothing else", async () => {
    await cluster.host("m1").sh("chmod 0644 /etc/etcd/pki/member.key; systemctl stop etcd-backup.timer");
    await cluster.host("m2").sh("systemctl stop kubelet");
    await cluster.host("m3").sh("echo '# by hand' >>/etc/ha-kubernetes/haproxy.cfg");
    await cluster.host("w1").sh("echo 'maxPods: 7' >>/var/lib/kubelet/config.yaml");
    await cluster.host("w1").sh("systemd-run --quiet --collect --unit stranger socat TCP-LISTEN:4444,fork /dev/null");
    await cluster.host("w2").sh("systemctl stop containerd");
    const { status, wrong, text } = await check();
    assert.equal(status, 1);
    // The time until a Node counts as not Ready is not asserted.
    assert.deepEqual(
      wrong.filter((line) => !/ (Node|pod )/.test(line)),
      broken,
    );
    assert.deepEqual(heldBy(text, await secretsOfStack(stack)), [], "no secret in the report");
    const readable = (await look("check")).stdout;
    assert.match(readable, /FAIL {2}\/etc\/etcd\/pki\/member\.key: has mode 0644, not 0600\n {8}→ .*repair/);
    assert.match(readable, /stack test-check: \d+ FAIL, \d+ WARN, \d+ OK; 5 of 5 hosts looked at\n$/);
  });

  test("up without a repair runs nothing; a repair fixes the differences and nothing else", async () => {
    assert.match((await stack.up()).text, /\b\d+ unchanged/);
    assert.equal((await check()).status, 1);
    const files = async () => {
      const all = await Promise.all(
        [...cluster.hosts.values()].map(async (host) =>
          [...(await host.files())].map(([path, is]) => [`${host.name} ${path}`, is] as const),
        ),
      );
      // The program's own records note each run.
      return new Map(all.flat().filter(([path]) => !path.includes(" /var/lib/ha-kubernetes/")));
    };
    const before = await files();
    stack.configure({ ...config, repair: "first" });
    const { text } = await stack.up();
    assert.match(text, /\b\d+ updated/);
    // Only the copies of the scripts to 5 hosts and the join credentials of 2 workers are replaced.
    assert.match(text, /\b7 replaced/);
    assert.doesNotMatch(text, /\b\d+ (created|deleted)/);
    const after = await files();
    const changed = [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => before.get(path) !== after.get(path))
      .sort();
    const wanted = ["m1 /etc/etcd/pki/member.key", "m3 /etc/ha-kubernetes/haproxy.cfg"];
    assert.deepEqual(changed, wanted);
    await cluster.settled();
    const { status, wrong } = await check();
    assert.deepEqual(wrong, ["w1 WARN port 4444/tcp"]);
    assert.equal(status, 0);
    await cluster.host("w1").sh("systemctl stop stranger");
    assert.deepEqual((await check()).wrong, []);
  });

  test("a host that does not answer is named with the cure, and the others are checked", async () => {
    await cluster.host("w2").sh("systemctl stop ssh");
    const { status, wrong, report } = await check();
    assert.equal(status, 2);
    assert.deepEqual(wrong, ["w2 FAIL connection"]);
    assert.match(report.places.find(({ place }) => place === "w2")?.findings[0]?.found ?? "", new RegExp(addressIn(config, 22)));
    await cluster.host("w2").sh("systemctl start ssh");
    assert.equal((await check()).status, 0);
  });

  test("an unreadable stack ends with status 2 and says why", async () => {
    const without = await run(
      process.execPath,
      ["engine/launch.mjs", "run", "check/check-stack.ts", "check", "--stack", "test-check-none"],
      {
        cwd: root,
        env: { PULUMI_CONFIG_PASSPHRASE: "x" },
      },
    );
    assert.equal(without.status, 2);
    assert.match(without.stderr, /test-check-none can't be read: no stack named/);
    assert.match(
      await must(process.execPath, ["engine/launch.mjs", "run", "check/check-stack.ts", "check", "--help"], { cwd: root }),
      /Exit status/,
    );
  });
});
