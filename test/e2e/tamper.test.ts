// a tampered file of the bundle and a host of another cluster are refused; a config with mistakes touches nothing

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { resolveVersions } from "../../artifacts/lock.ts";
import type { Lab } from "../harness/lab-hosts.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { addressIn } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";
import { heldBy } from "../harness/secrets.ts";
import { Stack } from "../harness/stack.ts";
import { secretsOfStack } from "../harness/stages.ts";
import { containersOf } from "../harness/traces.ts";

const config = await onMetal("test-tamper");
const malformed = addressIn(config, 11).replace(/\d+$/, "300");
const { m1 } = config.hosts;
assert.ok(m1);
config.hosts = { m1 };
config.pools = {};
config.etcd = { throwAway: true };
config.artifacts = { ...(config.artifacts as object), location: "/var/cache/tampered" };

let lab: Lab;

onCluster(
  config,
  ({ stack, cluster }) => {
    const host = cluster.host("m1");

    test("a host refuses a changed file with its name and both hashes, and does not install it", async () => {
      // The bundle may also hold versions for upgrades.
      const { versions } = resolveVersions({ kubernetesVersion: String(config.kubernetesVersion), versions: {} });
      // An older bundle holds the compressed archive, too; hosts take the one that sorts first.
      const files = await host.sh(`cd /var/cache/ha-kubernetes/bundle && ls containerd-${versions.containerd}-*`);
      const [file = ""] = files.split("\n");
      await host.sh(`
        cp -rs /var/cache/ha-kubernetes/bundle /var/cache/tampered
        cd /var/cache/tampered && cp --remove-destination /var/cache/ha-kubernetes/bundle/${file} ${file} && printf x >>${file}
      `);
      const hash = async (folder: string) => (await host.sh(`sha256sum ${folder}/${file}`)).split(" ")[0] as string;
      const wanted = await hash("/var/cache/ha-kubernetes/bundle");
      const found = await hash("/var/cache/tampered");
      assert.notEqual(found, wanted);

      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      for (const part of [file, wanted, found])
        assert.ok(text.includes(part), `the message names ${part}:\n${text.slice(-3000)}`);
      assert.equal((await host.trySh("command -v containerd")).status, 1);
      assert.deepEqual(heldBy(text, await secretsOfStack(stack)), [], "no secret in the message");
    });

    test("the host carries the mark of its cluster: it refuses the up of another cluster, which changes nothing", async () => {
      const other = new Stack("test-tamper-other");
      try {
        const before = await host.files();
        other.configure({ ...config, name: other.name });
        await other.secret("sshPrivateKey", lab.privateKey);
        const { status, text } = await other.engine("up");
        assert.notEqual(status, 0);
        assert.match(text, /this host belongs to cluster test-tamper\/[0-9a-f]{8}, not to test-tamper-other\/[0-9a-f]{8}/);
        assert.deepEqual(await host.files(), before);
      } finally {
        other.forget();
      }
    });

    test("all mistakes of a config are named at once, and nothing is touched", async () => {
      const before = await everything();
      stack.configure({
        ...config,
        kubernetesVersion: "v1.36.3",
        network: { kubeProxyMode: "magic", podCidr: "10.96.0.0/12" },
        hosts: { m1: { ...m1, address: malformed } },
        controlPlanes: 3,
      } as typeof config);
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      for (const key of ["kubernetesVersion", "network.kubeProxyMode", "hosts.m1.address", "controlPlanes"]) {
        assert.ok(text.includes(key), `${key} is named:\n${text.slice(-3000)}`);
      }
      for (const value of ["v1.36.3", "magic", malformed]) assert.ok(text.includes(value), `${value} is shown`);
      assert.deepEqual(await everything(), before);
    });

    /** The decrypted resources of the state, without its times, and what happened to the hosts. The CLI may encrypt a secret again. */
    async function everything() {
      const { resources: all } = await stack.export();
      const resources = all.map(({ urn, type, inputs, outputs }) => ({ urn, type, inputs, outputs }));
      return { resources, logins: await host.logins(), containers: await containersOf(config.name) };
    }

    test("up and destroy ask for confirmation on hosts that are not the lab's", async () => {
      for (const verb of ["up", "destroy"]) {
        const { status, text } = await stack.ask(verb);
        assert.notEqual(status, 0);
        assert.match(text, /--yes/);
      }
      assert.equal((await containersOf(config.name)).length, Object.keys(config.hosts).length);
    });

    test("a config with a mistake creates no state", async () => {
      stack.forget();
      stack.configure({ ...config, api: { ...config.api, address: config.nodeCidrs[0] as string } });
      assert.notEqual((await stack.engine("up")).status, 0);
      const left = existsSync(stack.stateFile) ? stack.resources().filter(({ type }) => type !== "pulumi:pulumi:Stack") : [];
      assert.deepEqual(left, []);
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      lab = await makeMetal(scenario);
    },
  },
);
