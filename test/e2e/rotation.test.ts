// every certificate authority and the service-account key are replaced in three edits, while requests go on

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { authorityNames, type Generations } from "../../config/authorities.ts";
import type { TestCluster } from "../harness/cluster.ts";
import { Edited, healthyMembers } from "../harness/edits.ts";
import type { LabHost } from "../harness/lab.ts";
import { eventually } from "../harness/process.ts";
import type { ClusterConfig } from "../harness/samples.ts";
import { assertNothingRuns, loginsOf, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { startWhereAmI } from "../harness/workload.ts";

const config = await threePlusTwo("test-rotation");

onCluster(config, (scenario) => {
  const edited = new Edited(scenario);
  const hosts = Object.keys(config.hosts).sort();
  const controlPlanes = scenario.cluster.withRole("control-plane").map(({ name }) => name);
  let clusterIds: Set<string>;
  let firstKubeconfig: string;
  let loginsBeforeKill: Record<string, number>;

  const rotated = (generations: Generations) => (it: ClusterConfig) => {
    it.certificates = { authorities: Object.fromEntries(authorityNames.map((name) => [name, generations])) };
  };
  /** The output of preview for an edit, which is then reverted. */
  const previewed = async (edit: (it: ClusterConfig) => void) => {
    const wanted = structuredClone(edited.config);
    edit(wanted);
    scenario.stack.configure(wanted);
    const { status, text } = await scenario.stack.engine("preview");
    scenario.stack.configure(edited.config);
    return { status, text };
  };

  test("a healthy cluster with a workload, all of generation 1", async () => {
    await scenario.cluster.settled();
    await startWhereAmI(scenario.cluster);
    clusterIds = await scenario.cluster.etcdClusterIds();
    assert.equal(clusterIds.size, 1);
    firstKubeconfig = await scenario.stack.output("kubeconfig");
    await assertIssuer(scenario.cluster, 1);
  });

  test("preview refuses to issue from a new authority before hosts trust it, and nothing is touched", async () => {
    const { status, text } = await previewed(rotated({ trust: [2], issue: 2 }));
    assert.notEqual(status, 0);
    assert.match(text, /nothing was touched/);
    for (const name of authorityNames)
      assert.match(text, new RegExp(`authorities\\.${name} is \\{ trust: \\[2\\], issue: 2 \\}`));
    assert.match(text, /the next step of a rotation is \{ trust: \[1, 2\], issue: 1 \}/);
  });

  test("trust both: every host and every pod trusts the new authorities, which issue nothing yet", async () => {
    const { cluster, report, ran } = await edited.up("trust both", rotated({ trust: [1, 2], issue: 1 }));
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, hosts);
    await cluster.settled();
    await assertIssuer(cluster, 1);
    for (const host of cluster.hosts.values()) assert.deepEqual(await trusted(host), ["kubernetes-ca", "kubernetes-ca-2"]);
    assert.deepEqual(await trustedByPods(cluster), ["kubernetes-ca", "kubernetes-ca-2"]);
    await assertNothingRuns({ ...scenario, cluster });
  });

  test("preview refuses to drop an authority that still issues, and a new version in the same edit as a step", async () => {
    const skipped = await previewed(rotated({ trust: [2], issue: 2 }));
    assert.notEqual(skipped.status, 0);
    assert.match(skipped.text, /the next step of a rotation is \{ trust: \[1, 2\], issue: 2 \}/);
    const mixed = await previewed((it) => {
      rotated({ trust: [1, 2], issue: 2 })(it);
      it.hosts.w9 = { address: config.api.address.replace(/\d+$/, "29"), roles: ["worker"], pool: "general" };
    });
    assert.notEqual(mixed.status, 0);
    assert.match(mixed.text, /while hosts come or go: w9/);
  });

  test("no control plane issues from an authority before every node reports that it trusts it", async () => {
    const { cluster } = edited;
    const trusts = (await cluster.get("node w1")).metadata.annotations?.["ha-kubernetes/trusts"];
    assert.equal(trusts, "kubernetes-ca,kubernetes-ca-2");
    await cluster.kubectl("annotate node w1 ha-kubernetes/trusts-");
    const wanted = structuredClone(edited.config);
    rotated({ trust: [1, 2], issue: 2 })(wanted);
    scenario.stack.configure(wanted);
    const { status, text } = await scenario.stack.engine("up");
    scenario.stack.configure(edited.config);
    assert.notEqual(status, 0, text);
    assert.match(text, /nothing is issued by kubernetes-ca-2 yet, because these nodes do not say that they trust it: w1\./);
    for (const host of cluster.withRole("control-plane"))
      assert.equal(commonName(await host.sh("openssl x509 -noout -issuer </etc/kubernetes/pki/apiserver.crt")), "kubernetes-ca");
    await cluster.kubectl(`annotate node w1 ha-kubernetes/trusts=${trusts}`);
  });

  test("a step that was killed in the middle does not count: preview refuses the next one", async () => {
    loginsBeforeKill = await loginsOf(edited.cluster);
    const killed = structuredClone(edited.config);
    rotated({ trust: [1, 2], issue: 2 })(killed);
    scenario.stack.configure(killed);
    const limitSeconds = 8 + Math.random() * 15;
    const { status, text } = await scenario.stack.engine("up", [], { limitSeconds });
    console.log(`killed after ${limitSeconds.toFixed(1)} s`);
    assert.equal(status, 137, text.slice(-2000));
    scenario.stack.configure(edited.config);
    const next = await previewed(rotated({ trust: [2], issue: 2 }));
    assert.notEqual(next.status, 0);
    assert.match(next.text, /the last up that reached every host had \{ trust: \[1, 2\], issue: 1 \}/);
  });

  test("issue from the new: every server, client and kubelet has a certificate of the new authorities", async () => {
    const { cluster, report } = await edited.up("issue from the new", rotated({ trust: [1, 2], issue: 2 }));
    assert.deepEqual(report.fresh.failed, []);
    // The run that was killed may have finished some hosts.
    const logins = await loginsOf(cluster);
    assert.deepEqual(
      Object.keys(logins).filter((name) => logins[name] !== loginsBeforeKill[name]),
      hosts,
    );
    await cluster.settled();
    await assertIssuer(cluster, 2);
    await assertNothingRuns({ ...scenario, cluster });
  });

  test("preview refuses to drop a key whose tokens pods still hold", async () => {
    const { status, text } = await previewed(rotated({ trust: [2], issue: 2 }));
    assert.notEqual(status, 0);
    assert.match(text, /authorities\.serviceAccount would drop generation 1, and generation 2 signs only since /);
    assert.match(text, /early-key-drop/);
    // A restarted kubelet gets new tokens for all of its pods, so the test does not wait an hour.
    for (const host of edited.cluster.hosts.values()) await host.sh("systemctl restart kubelet");
    const wanted = signer(await edited.cluster.kubectl("create token default -n default"));
    for (const host of edited.cluster.hosts.values()) {
      await eventually(`tokens of the new key on ${host.name}`, 240, async () => {
        const old = (await signersOn(host)).filter((key) => key !== wanted);
        if (old.length > 0) throw new Error(`${old.length} tokens are of another key`);
        return true;
      });
    }
  });

  test("drop the old: nothing trusts it, and everything works", async () => {
    const { cluster, report, ran } = await edited.up("drop the old", (it) => {
      rotated({ trust: [2], issue: 2 })(it);
      it.allow = ["early-key-drop"];
    });
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, hosts);
    await cluster.settled();
    await assertIssuer(cluster, 2);
    for (const host of cluster.hosts.values()) assert.deepEqual(await trusted(host), ["kubernetes-ca-2"]);
    assert.deepEqual(await trustedByPods(cluster), ["kubernetes-ca-2"]);
    assert.deepEqual(await published(cluster), ["kubernetes-ca-2", "front-proxy-ca-2"]);
    assert.deepEqual(await healthyMembers(cluster), controlPlanes);
    assert.deepEqual(await cluster.etcdClusterIds(), clusterIds);
  });

  test("credentials of the old authority open nothing; a pod's token still works", async () => {
    const { cluster } = edited;
    const [host] = cluster.withRole("control-plane");
    assert.ok(host);
    const asks = (kubeconfig: string) =>
      host.trySh(
        "trap 'rm /run/asks.conf' EXIT; cat >/run/asks.conf; kubectl --kubeconfig /run/asks.conf --insecure-skip-tls-verify get nodes",
        kubeconfig,
      );
    const old = await asks(firstKubeconfig.replace(/^ *certificate-authority-data:.*\n/m, ""));
    assert.notEqual(old.status, 0, old.stdout);
    assert.match(old.stderr, /Unauthorized|certificate|logged in/);
    const [pod] = await cluster.list("pods -n default -l app=whereami");
    assert.ok(pod);
    const account = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~projected/*`;
    const address = (await cluster.get("service kubernetes -n default")).spec.clusterIP;
    const answer = await cluster
      .host(pod.spec.nodeName)
      .sh(`cd ${account}; curl -s --cacert ca.crt -H "Authorization: Bearer $(cat token)" https://${address}/api`);
    assert.match(answer, /"APIVersions"/);
  });

  test("the state holds only the new generation, and preview refuses the way back", async () => {
    const authorities = scenario.stack
      .resources()
      .filter(({ type }) => type === "tls:index/selfSignedCert:SelfSignedCert")
      .map(({ urn }) => urn.split("::").at(-1))
      .sort();
    assert.deepEqual(authorities, ["etcd-ca-2", "front-proxy-ca-2", "kubernetes-ca-2"]);
    const { status, text } = await previewed(rotated({ trust: [1, 2], issue: 2 }));
    assert.notEqual(status, 0);
    assert.match(text, /the next step of a rotation is \{ trust: \[2, 3\], issue: 2 \}/);
    await edited.up("the override taken out", (it) => delete it.allow);
    await assertNothingRuns({ ...scenario, cluster: edited.cluster });
  });
});

const commonName = (text: string) => /CN ?= ?([^,\n]+)/.exec(text)?.[1] ?? text;
const named = (name: string, generation: number) => (generation === 1 ? name : `${name}-${generation}`);

/** Asserts the issuer of each server by a handshake, of each client by its file, and the signer of new tokens. */
async function assertIssuer(cluster: TestCluster, generation: number): Promise<void> {
  const found: Record<string, string> = {};
  for (const host of cluster.hosts.values()) {
    const files = await host.sh(`
      for f in /etc/etcd/pki/member.crt /etc/kubernetes/pki/{apiserver,apiserver-kubelet-client,apiserver-etcd-client,front-proxy-client}.crt \\
        /var/lib/kubelet/pki/kubelet-client-current.pem; do
        if [ -f $f ]; then echo "$f $(openssl x509 -noout -issuer <$f)"; fi
      done
      for f in /etc/kubernetes/{admin,controller-manager,scheduler}.conf; do
        if [ -f $f ]; then echo "$f $(sed -n 's/.*client-certificate-data: //p' $f | base64 -d | openssl x509 -noout -issuer)"; fi
      done
      own="-cert /etc/etcd/pki/member.crt -key /etc/etcd/pki/member.key"
      for port in 2379 2380 6443; do
        if [ -f /etc/etcd/pki/member.crt ]; then
          echo "$port $(openssl s_client -connect ${host.address}:$port $own </dev/null 2>/dev/null | openssl x509 -noout -issuer)"
        fi
      done`);
    for (const line of files.trimEnd().split("\n")) {
      const [what = "", ...issuer] = line.split(" ");
      found[`${host.name} ${what}`] = commonName(issuer.join(" "));
    }
  }
  const authority = (what: string) => {
    if (/front-proxy/.test(what)) return "front-proxy-ca";
    return /etcd|23(79|80)$/.test(what) ? "etcd-ca" : "kubernetes-ca";
  };
  const expected = Object.fromEntries(Object.keys(found).map((what) => [what, named(authority(what), generation)]));
  assert.deepEqual(found, expected);
  assert.ok(Object.keys(found).length >= 9, Object.keys(found).join());
}

/** Names of the authorities in a bundle, in order. */
const names = (bundle: string): string[] =>
  (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [])
    .map((pem) => commonName(new X509Certificate(pem).subject))
    .sort();

const trusted = async (host: LabHost) => names(await host.sh("cat /etc/kubernetes/pki/ca.crt"));
const trustedByPods = async (cluster: TestCluster) =>
  names((await cluster.get("configmap kube-root-ca.crt -n default")).data["ca.crt"]);

/** The authorities that apiservers tell aggregated ones to trust. */
async function published(cluster: TestCluster): Promise<string[]> {
  const { data } = await cluster.get("configmap extension-apiserver-authentication -n kube-system");
  return [...names(data["client-ca-file"]), ...names(data["requestheader-client-ca-file"])];
}

/** The id of the key that signed a token. */
const signer = (token: string): string => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;

/** The ids for the tokens that pods on a host hold. */
async function signersOn(host: LabHost): Promise<string[]> {
  const tokens = await host.sh("for f in /var/lib/kubelet/pods/*/volumes/kubernetes.io~projected/*/token; do cat $f; echo; done");
  return tokens.trim().split("\n").map(signer);
}
