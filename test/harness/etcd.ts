import type { TestCluster } from "./cluster.ts";
import type { LabHost } from "./lab.ts";
import { type Result, run } from "./process.ts";
import type { Stack } from "./stack.ts";

// Looks at etcd's members, and breaks them, from their hosts.

const root = new URL("../../", import.meta.url).pathname;
const flags = "--cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/member.crt --key /etc/etcd/pki/member.key";
/** etcdctl on an etcd host, against its own member. */
export const ownEtcdctl = `etcdctl ${flags} --endpoints https://127.0.0.1:2379`;

/** Names of the voters; learners have a star, members without a name a question mark. */
export async function memberNames(cluster: TestCluster): Promise<string[]> {
  const lines = (await cluster.etcdctl("member list")).trim().split("\n");
  return lines
    .map((line) => line.split(", "))
    .map(([, , name, , , learner]) => `${name || "?"}${learner === "true" ? "*" : ""}`)
    .sort();
}

/** A member's database: bytes of its file, bytes in use, and whether it leads. */
export async function databaseOf(host: LabHost): Promise<{ size: number; used: number; leads: boolean }> {
  const text = await host.sh(`${ownEtcdctl} endpoint status -w fields`);
  const field = (name: string) => new RegExp(`^"${name}" : (\\d+)$`, "m").exec(text)?.[1] ?? "";
  return { size: Number(field("DBSize")), used: Number(field("DBSizeInUse")), leads: field("Leader") === field("MemberID") };
}

/** Writes values of `bytes` until etcd takes no more of them, or `count` of them, four at a time: each to a key of its own, or all to one. */
export async function fill(host: LabHost, name: string, { bytes = 1_400_000, count = 2000, same = false } = {}): Promise<void> {
  const key = same ? name : `${name}-$1`;
  await host.sh(`head -c ${bytes} /dev/zero | tr '\\0' x >/tmp/value
    seq ${count} | xargs -P4 -n1 sh -c '${ownEtcdctl} put ${key} </tmp/value >/dev/null 2>/tmp/refused-$$ || { grep -q "space exceeded" /tmp/refused-$$ && exit 255; exit 1; }' - 2>/dev/null || true
    rm -f /tmp/refused-*`);
}

/** Compacts old revisions, which the apiserver would do within five minutes. */
export async function compact(host: LabHost): Promise<void> {
  await host.sh(`${ownEtcdctl} compact --physical "$(${ownEtcdctl} endpoint status -w fields | sed -n 's/^"Revision" : //p')"`);
}

/** Starts a unit that ends by itself; its last lines, whether it succeeded or not. */
export async function runUnit(host: LabHost, unit: string): Promise<{ status: number; said: string }> {
  const { status } = await host.trySh(`systemctl start ${unit}`);
  // The journal may not have the last lines yet when a short run ends.
  const said = await host.sh(
    `journalctl --sync; journalctl -u ${unit} _SYSTEMD_INVOCATION_ID="$(systemctl show -p InvocationID --value ${unit})" -o cat --no-pager || true`,
  );
  return { status, said };
}

/** The findings of `check` that are not OK, each as `place level subject: found → cure`. */
export async function checked(stack: Stack): Promise<string[]> {
  const result: Result = await run(
    process.execPath,
    ["engine/launch.mjs", "run", "check/check-stack.ts", "check", "--stack", stack.name, "--json"],
    { cwd: root, limitSeconds: 300, env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase } },
  );
  const report: { places: { place: string; findings: Record<"level" | "subject" | "found" | "cure", string>[] }[] } = JSON.parse(
    result.stdout,
  );
  return report.places.flatMap(({ place, findings }) =>
    findings
      .filter(({ level }) => level !== "OK")
      .map(({ level, subject, found, cure }) => `${place} ${level} ${subject}: ${found} → ${cure}`),
  );
}
