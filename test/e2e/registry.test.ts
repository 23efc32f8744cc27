// images and files from servers with TLS and a login, also of a version that no lock has; and all again by a proxy, which nothing else uses

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { bundleManifest } from "../harness/bundle.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { LabHost } from "../harness/lab.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { eventually, must } from "../harness/process.ts";
import { addressIn } from "../harness/samples.ts";
import { assertNothingRuns, loginsOf, onCluster, ProcessWatcher } from "../harness/scenario.ts";
import { scratch } from "../harness/scratch.ts";
import { assertEtcdAlone, containerdOf, containersOf, stateOf } from "../registry/changed.ts";
import { assertLookUps, LockCommand } from "../registry/lock-command.ts";
import { assertPlugin } from "../registry/plugin.ts";
import { type Published, publishedBy } from "../registry/published.ts";
import { push } from "../registry/push.ts";
import { SecretWords } from "../registry/secret-words.ts";
import {
  askedOfProxy,
  clientsOfServers,
  forgetLogs,
  publishFile,
  publishText,
  startServers,
  withAssets,
} from "../registry/servers.ts";

const config = await onMetal("test-registry");
const { m1, w1 } = config.hosts;
assert.ok(m1 && w1);
config.hosts = { m1, w1 };
config.etcd = { throwAway: true };

const servers = new LabHost(config.name, "s1", addressIn(config, 40));
const registries = ["registry.k8s.io", "ghcr.io"];
const sites = withAssets(["dl.k8s.io", "github.com", ...registries]);
const [filesSite, packageSite, imageSite] = ["files.example.test", "deb.example.test", "registry.example.test"];
const OWN = `${imageSite}:5000`;
const passwords = { registry: "registry-word-4711", proxy: "proxy-word-4711", later: "later-word-4711" };
const registryLogin = `robot:${passwords.registry}`;
const words = new SecretWords([...Object.values(passwords), Buffer.from(registryLogin).toString("base64")]);

const root = new URL("../../", import.meta.url).pathname;
let ca = "";
let published: Published;
/** The lock leaves it out here. */
const NEXT_ETCD = "3.6.16";
let command: LockCommand;
const fresh = new FreshHosts();
const watcher = new ProcessWatcher();

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const hosts = [...cluster.hosts.values()];

    /** Starts a pod of an image that no host has yet, and waits until it runs. */
    async function pulls(name: string, image: string): Promise<void> {
      const spec = { containers: [{ name, image, imagePullPolicy: "Always" }] };
      await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec }));
      await eventually(`pod ${name} to run ${image}`, 120, async () => {
        const { status } = await cluster.get(`pod ${name}`);
        if (status.phase !== "Running") throw new Error(JSON.stringify(status.containerStatuses?.[0]?.state ?? status));
        return true;
      });
    }
    async function up(): Promise<void> {
      watcher.start();
      const { text } = await stack.up();
      watcher.stop();
      words.assertSilent("what the engine says", text);
    }
    const assertSecret = () => words.assertSecret(hosts, watcher.seen, stack.stateFile);

    test("the projects' own places: files and images over TLS by a private authority, images with a login", async () => {
      await up();
      await cluster.settled();
      for (const host of hosts) {
        const images = await host.sh("ctr -n k8s.io images ls -q");
        for (const name of ["registry.k8s.io/kube-proxy", "ghcr.io/flannel-io/flannel"])
          assert.ok(images.includes(`${name}:`), `${host.name} has ${name}`);
        assert.equal(await host.sh("stat -c %a /etc/containerd/certs.d/ghcr.io/hosts.toml"), "600\n");
      }
      await pulls("private", "ghcr.io/team/pause:1");
      await assertPlugin(cluster, published.plugin.image, published.plugin.program);
      await assertSecret();
      await assertNothingRuns(scenario);
    });

    test("a version that the program never heard of is refused until it is looked up, and a look-up with another hash is refused", async () => {
      const { known, next } = published.etcd;
      const logins = await loginsOf(cluster);
      config.versions = { etcd: next.version };
      stack.configure(config);
      const { status, text } = await stack.ask("preview");
      assert.notEqual(status, 0);
      assert.match(text, /cluster\.versions\.etcd is "3\.6\.16"\n.*\n.*cure: npm run lock -- add etcd 3\.6\.16 adds it to yours/);
      assert.deepEqual(await loginsOf(cluster), logins);
      await assertLookUps(command, servers, known, next);
    });

    test("hosts refuse another file than the one that was looked up, then change to its version, and nothing else changes", async () => {
      const { next } = published.etcd;
      const before = await stateOf(cluster);
      await publishText(servers, next.file.url, "another file");
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      const found = createHash("sha256").update("another file").digest("hex");
      assert.ok(text.includes(`expected SHA-256 ${next.sha256}, found ${found} (from ${next.file.url})`), text);
      await publishFile(servers, next.file);
      await up();
      await cluster.settled();
      await assertEtcdAlone(cluster, before, next.version);
      await assertNothingRuns(scenario);
    });

    test("a registry says no without the login, and destroy takes all of it away", async () => {
      const answer = await servers.sh("curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:5000/v2/");
      assert.equal(answer, "401");
      await stack.destroy();
      await fresh.assertClean(...hosts);
    });

    test("a mirror and a repository of one's own behind a proxy: every byte comes through it, and no local call", async () => {
      for (const host of hosts) {
        await host.sh(`grep -v ' # test$' /etc/hosts >/run/hosts; cat /run/hosts >/etc/hosts; rm /run/hosts
          ip route add unreachable 198.18.0.0/15
          for site in ${filesSite} 198.18.0.1; do if curl -sk -m 3 https://$site/; then exit 1; fi; done
          rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/90machine; echo 'deb [trusted=yes] http://${packageSite} ./' >/etc/apt/sources.list
          dpkg --purge --force-depends ethtool >/dev/null 2>&1`);
      }
      await fresh.remember(hosts);
      await forgetLogs(servers);
      delete config.versions;
      config.artifacts = { source: "mirror", location: `https://${filesSite}/k8s`, ca, imageRepository: `${OWN}/k8s` };
      config.containerRuntime = { registries: { [OWN]: { ca } } };
      config.proxy = { http: `http://${servers.address}:3128`, none: [".example.org"] };
      stack.configure(config);
      await stack.secret("registryLogins", JSON.stringify({ [OWN]: registryLogin }));
      await stack.secret("proxyLogin", `ops:${passwords.proxy}`);
      await up();
      await cluster.settled();
      await pulls("private", `${OWN}/team/pause:1`);

      assert.deepEqual(await askedOfProxy(servers), [packageSite, `${filesSite}:443`, OWN].sort());
      assert.deepEqual(
        (await clientsOfServers(servers)).filter((address) => !/^(127\.0\.0\.1|198\.18\.0\.1)$/.test(address)),
        [],
      );
      for (const host of hosts) {
        assert.equal(await host.sh("dpkg-query -W ethtool"), "ethtool\t99\n");
        assert.equal(await host.sh("grep -ril _proxy /etc/kubernetes/manifests || true"), "");
        const having = await host.sh(
          "for pid in $(pgrep -x 'kubelet|etcd|haproxy|kube-.*|flanneld|coredns|pause'); do grep -ilz _proxy= /proc/$pid/environ || true; done",
        );
        assert.equal(having, "", `no process of the cluster on ${host.name} has a proxy`);
        const images = await host.sh("ctr -n k8s.io images ls -q");
        assert.doesNotMatch(images, /^(registry\.k8s\.io|ghcr\.io)\//m);
      }
      const names = (await cluster.list("pods -A")).flatMap(({ spec }) =>
        spec.containers.map(({ image }: { image: string }) => image),
      );
      assert.deepEqual(
        names.filter((image: string) => !image.startsWith(`${OWN}/`)),
        [],
      );
      await assertSecret();
      await assertNothingRuns(scenario);
    });

    test("a mirror below a path, with a login, comes to a living cluster, and containerd goes on", async () => {
      const before = await containerdOf(hosts);
      config.containerRuntime = {
        registryMirrors: { "quay.io": [`https://${imageSite}/v2/hub`] },
        registries: { [OWN]: { ca }, [imageSite]: { ca } },
      };
      stack.configure(config);
      await stack.secret("registryLogins", JSON.stringify({ [OWN]: registryLogin, [imageSite]: registryLogin }));
      await up();
      await pulls("mirrored", "quay.io/team/pause:1");
      assert.deepEqual(await containerdOf(hosts), before);
    });

    test("another login for the proxy restarts containerd, and no container", async () => {
      const before = await containerdOf(hosts);
      const running = await containersOf(cluster);
      await stack.secret("proxyLogin", `ops:${passwords.later}`);
      await up();
      assert.deepEqual(
        (await containerdOf(hosts)).filter((pid, index) => pid === before[index]),
        [],
      );
      await cluster.settled();
      assert.deepEqual(await containersOf(cluster), running);
      await pulls("later", `${OWN}/later/pause:1`);
      await assertSecret();
    });

    test("destroy restores the hosts", async () => {
      await stack.destroy();
      await fresh.assertClean(...hosts);
    });
  },
  {
    up: false,
    engine: "test/registry/engine.ts",
    prepare: async (scenario) => {
      const { stack, cluster } = scenario;
      const lock = join(scratch(), "lock.json");
      writeFileSync(lock, JSON.stringify({ files: {}, images: {}, unheardOf: [] }));
      stack.setEnvironment({ HA_KUBERNETES_TEST_LOCK: lock });
      await makeMetal(scenario, { s1: { address: servers.address, roles: [] } });
      // With what makeMetal made, so that only etcd is new.
      const version = String(config.kubernetesVersion);
      const wanted = ["--kubernetes-version", version, "--version", `etcd=${NEXT_ETCD}`];
      await must(process.execPath, ["artifacts/make-bundle.ts", ...wanted], { cwd: root });
      published = await publishedBy(dirname(bundleManifest), version, NEXT_ETCD);
      writeFileSync(lock, JSON.stringify(published.own));
      const proxyLogins = [`ops:${passwords.proxy}`, `ops:${passwords.later}`];
      const hidden = [filesSite, packageSite, imageSite];
      ({ ca } = await startServers({
        host: servers,
        files: published.files,
        ...{ sites, hidden, registries: [...registries, imageSite], registryLogin, proxyLogins },
      }));
      command = new LockCommand(lock, ca, sites, servers.address);
      const registry = { address: servers.address, port: 5000, ca, login: registryLogin };
      for (const image of published.images) {
        const path = image.repository.slice(image.repository.indexOf("/") + 1);
        await push(registry, path, image);
        await push(registry, `k8s/${path.slice(path.lastIndexOf("/") + 1)}`, image);
        if (path !== "pause") continue;
        for (const other of ["team/pause", "hub/team/pause", "later/pause"]) await push(registry, other, { ...image, tag: "1" });
      }
      for (const host of cluster.hosts.values()) {
        await host.sh(`echo '${servers.address} ${sites.join(" ")} # test' >>/etc/hosts
          cat >/etc/ssl/test-authority.pem <<'E'\n${ca}E`);
      }
      await fresh.remember(cluster.hosts.values());
      config.artifacts = { source: "official", ca };
      config.containerRuntime = { registries: { "registry.k8s.io": { ca }, "ghcr.io": { ca: "/etc/ssl/test-authority.pem" } } };
      stack.configure(config);
      await stack.secret("registryLogins", JSON.stringify(Object.fromEntries(registries.map((name) => [name, registryLogin]))));
    },
  },
);
