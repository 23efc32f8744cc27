// every certificate on every host is renewed, one host at a time, while requests go on
import assert from "node:assert/strict";
import { test } from "node:test";
import { Edited, healthyMembers } from "../harness/edits.ts";
import type { LabHost } from "../harness/lab.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config = { ...(await threePlusTwo("test-certs")), certificates: { leafValidityHours: 2, renewBeforeHours: 1 } };

onCluster(config, (scenario) => {
  const edited = new Edited(scenario);

  test("new leaf certificates reach every host: each serial number changes, also of kubeadm's certificates, and no request fails", async () => {
    await scenario.cluster.settled();
    const hosts = scenario.cluster.withRole("control-plane");
    const before = await Promise.all(hosts.map(serials));
    const { cluster, report, ran } = await edited.up("leaves renewed", (it) => {
      it.certificates = { leafValidityHours: 3, renewBeforeHours: 1 };
    });
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, ["m1", "m2", "m3"]);
    const after = await Promise.all(hosts.map(serials));
    for (const [index, host] of hosts.entries()) {
      const [was, is] = [before[index] ?? {}, after[index] ?? {}];
      assert.ok(Object.keys(was).length >= 8, `${host.name} has ${Object.keys(was).join(", ")}`);
      for (const [name, serial] of Object.entries(was))
        assert.notEqual(is[name], serial, `${name} on ${host.name} is the old one`);
    }
    await cluster.settled();
    assert.deepEqual(await healthyMembers(cluster), ["m1", "m2", "m3"]);
  });

  test("servers present the new certificates in a handshake", async () => {
    for (const host of scenario.cluster.withRole("control-plane")) {
      const now = await serials(host);
      assert.equal(await handshake(host, 6443), now["/etc/kubernetes/pki/apiserver.crt"], `apiserver of ${host.name}`);
      assert.equal(await handshake(host, 2379), now["/etc/etcd/pki/member.crt"], `etcd of ${host.name}`);
    }
  });

  test("another up runs nothing", () => assertNothingRuns({ ...scenario, cluster: edited.cluster }));
});

/** Serial of every leaf on a control plane, by file. */
async function serials(host: LabHost): Promise<Record<string, string>> {
  const lines = await host.sh(`
    serial() { printf '%s %s\\n' "$1" "$(openssl x509 -noout -serial | cut -d= -f2)"; }
    for f in /etc/etcd/pki/member.crt /etc/kubernetes/pki/{apiserver,apiserver-kubelet-client,apiserver-etcd-client,front-proxy-client}.crt; do
      serial "$f" <"$f"
    done
    for f in /etc/kubernetes/{admin,controller-manager,scheduler}.conf; do
      sed -n 's/.*client-certificate-data: //p' "$f" | base64 -d | serial "$f"
    done
  `);
  return Object.fromEntries(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
}

/** The serial of the certificate that a server on this host presents. */
async function handshake(host: LabHost, port: number): Promise<string> {
  const own = "-cert /etc/etcd/pki/member.crt -key /etc/etcd/pki/member.key";
  const answer = await host.sh(
    `openssl s_client -connect ${host.address}:${port} ${own} </dev/null 2>/dev/null | openssl x509 -noout -serial | cut -d= -f2`,
  );
  return answer.trim();
}
