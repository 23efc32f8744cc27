import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { checkStack, loadCluster } from "../../../config/load.ts";
import type { StackConfig } from "../../../config/stack-config.ts";
import { known, lab, metal, newPrivateKey, type Written } from "../../harness/samples.ts";

const key = newPrivateKey();

function stack(cluster: Written, more: Record<string, string> = {}, secretKeys = ["ha-kubernetes:sshPrivateKey"]): StackConfig {
  return { values: { "ha-kubernetes:cluster": JSON.stringify(cluster), "aws:region": "eu-central-1", ...more }, secretKeys };
}

function message(config: StackConfig): string {
  let text = "";
  assert.throws(
    () => loadCluster(known, config),
    (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error), "a RunError, which is shown without a stack trace");
      text = error.message;
      return true;
    },
  );
  return text;
}

test("a lab stack needs no secret", () => {
  const { cluster, secrets } = loadCluster(known, stack(lab()));
  assert.equal(cluster.name, "prod");
  assert.deepEqual(secrets, {});
});

test("the key of a metal stack stays a secret", async () => {
  const { secrets } = loadCluster(known, stack(metal(), { "ha-kubernetes:sshPrivateKey": key }));
  assert.ok(secrets.sshPrivateKey !== undefined && secrets.sshPassword === undefined);
  assert.equal(await pulumi.isSecret(secrets.sshPrivateKey), true);
  assert.equal(await new Promise((done) => secrets.sshPrivateKey?.apply(done)), key);
});

test("a routing password without a routed address is not used, whatever its letters are", () => {
  const values = { "ha-kubernetes:sshPrivateKey": key, "ha-kubernetes:routingPassword": "not for FRR!" };
  const checked = checkStack(stack(metal(), values, Object.keys(values)), known);
  assert.ok(checked.ok, JSON.stringify(checked));
  assert.deepEqual(
    checked.warnings.map(({ key, found }) => `${key} ${found}`),
    ["ha-kubernetes:routingPassword is not used"],
  );
});

test("one error names every problem, in a form that stays", () => {
  const config = metal();
  config.hosts.m1.adress = "10.0.0.11";
  config.etcd = { heartbeatMilliseconds: 9000 };
  assert.equal(
    message(stack(config)),
    [
      "This stack's config can't be used, and nothing was touched (2 problems):",
      "  - cluster.hosts.m1.adress is not a key; did you mean address?",
      "      allowed: address, roles, pool, architecture, connection, sshAddress, sshPort, sshUser, sshBastion, sudo, hostKey, labels, taints, annotations, balancerInterface, flannelInterface, dataDevice, hostPreparation, preflight, lost, incarnation, aws",
      "  - cluster.etcd.heartbeatMilliseconds is 9000",
      "      allowed: a whole number from 10 to 5000",
    ].join("\n"),
  );
});

/** The one complaint of a message, in one line. */
function complaint(config: StackConfig): string {
  const [title, ...lines] = message(config).split("\n");
  assert.equal(title, "This stack's config can't be used, and nothing was touched (1 problem):");
  return lines.map((line) => line.trim()).join(" | ");
}

test("a stack without a cluster", () => {
  assert.equal(
    complaint({ values: {}, secretKeys: [] }),
    "- ha-kubernetes:cluster is missing | allowed: a mapping that describes the cluster | cure: write it as config → ha-kubernetes:cluster in Pulumi.<stack>.yaml; examples/ has whole ones",
  );
});

test("a cluster that is a text", () => {
  const values = { "ha-kubernetes:cluster": "dev" };
  assert.equal(complaint({ values, secretKeys: [] }), '- cluster is "dev" | allowed: a mapping of keys to values');
});

test("a mistyped key beside the cluster", () => {
  assert.equal(
    complaint(stack(lab(), { "ha-kubernetes:sshPrivatekey": "x" })),
    "- ha-kubernetes:sshPrivatekey is not a key; did you mean ha-kubernetes:sshPrivateKey? | allowed: ha-kubernetes:cluster, ha-kubernetes:sshPrivateKey, ha-kubernetes:sshKeyPassphrase, ha-kubernetes:sshPassword, ha-kubernetes:sudoPassword, ha-kubernetes:sshLogins, ha-kubernetes:backupSshPrivateKey, ha-kubernetes:registryLogins, ha-kubernetes:proxyLogin, ha-kubernetes:routingPassword, ha-kubernetes:statisticsPassword, ha-kubernetes:files",
  );
});

test("a secret under the name that a copy of the project has", () => {
  const config = stack(lab(), { "my-cluster:sshPrivateKey": key }, ["my-cluster:sshPrivateKey"]);
  assert.equal(
    complaint(config),
    "- my-cluster:sshPrivateKey is not read | allowed: ha-kubernetes:sshPrivateKey | cure: config set --secret ha-kubernetes:sshPrivateKey",
  );
});

test("metal without anything to log in with", () => {
  assert.equal(
    complaint(stack(metal())),
    "- ha-kubernetes:sshPrivateKey is missing | allowed: the private key to log in to the hosts with | cure: config set --secret sshPrivateKey < ~/.ssh/id_ed25519; or config set --secret sshPassword; or cluster.ssh.agent: true",
  );
});

test("a host to copy snapshots to, without a key to log in with there", () => {
  const config = lab();
  config.etcd = { backup: { copyToSsh: { host: "nas", user: "backup", directory: "/srv", hostKey: metal().hosts.m1.hostKey } } };
  const problem =
    "- ha-kubernetes:backupSshPrivateKey is missing | allowed: the private key to log in with at cluster.etcd.backup.copyToSsh.host | cure: config set --secret backupSshPrivateKey";
  assert.equal(complaint(stack(config)), problem);
  const name = "ha-kubernetes:backupSshPrivateKey";
  assert.ok(checkStack(stack(config, { [name]: key }, [name]), known).ok);
});

test("a secret in clear", () => {
  const clear = stack(metal(), { "ha-kubernetes:sshPrivateKey": key, "ha-kubernetes:sshPassword": "hunter2" });
  assert.equal(
    complaint(clear),
    "- ha-kubernetes:sshPassword is in clear in the stack's file | allowed: an encrypted value | cure: store it again with config set --secret sshPassword, and replace the password where the file was shared",
  );
});

test("a public key in the place of the private one, which is not shown", () => {
  const text = complaint(stack(metal(), { "ha-kubernetes:sshPrivateKey": "ssh-ed25519 AAAA ops@example.com" }));
  assert.equal(
    text,
    "- ha-kubernetes:sshPrivateKey is a public key (not shown) | allowed: the text of a private key file, from -----BEGIN … PRIVATE KEY----- on | cure: take the file without .pub: config set --secret sshPrivateKey < ~/.ssh/id_ed25519",
  );
});

test("an encrypted value inside the cluster", () => {
  const text = complaint(stack(lab(), {}, ["ha-kubernetes:cluster"]));
  assert.match(text, /^- ha-kubernetes:cluster holds an encrypted value \| allowed: no secret anywhere in this mapping/);
});

test("in a Pulumi program the config comes from the language host's environment", () => {
  const root = new URL("../../../", import.meta.url).href;
  const program = `
    import { known } from "${root}providers/index.ts";
    import { loadCluster } from "${root}config/load.ts";
    console.log(loadCluster(known).cluster.name);`;
  const run = (secretKeys: string[]) =>
    spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(stack(metal(), { "ha-kubernetes:sshPrivateKey": key }).values),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
      },
    });
  assert.equal(run(["ha-kubernetes:sshPrivateKey"]).stdout, "prod\n");
  const refused = run([]);
  assert.match(refused.stderr, /ha-kubernetes:sshPrivateKey is in clear in the stack's file/);
  assert.ok(!refused.stderr.includes("b3BlbnNzaC1rZXktdjE"), "the key is shown");
});
