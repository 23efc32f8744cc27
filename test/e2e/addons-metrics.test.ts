// metrics-server with kubelets' certificates verified, and volumes on nodes' disks; nothing is left when both are turned off

import assert from "node:assert/strict";
import { test } from "node:test";
import { addonLock } from "../../addons/lock.ts";
import { lockedImage } from "../../artifacts/images.ts";
import { resolveVersions } from "../../artifacts/lock.ts";
import { eventually } from "../harness/process.ts";
import type { Written } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config: Written = await threePlusTwo("test-addons-metrics");
const { m1, w1 } = config.hosts;
config.hosts = { m1, w1 };
config.etcd = { throwAway: true };

/** Kinds whose objects come and go by themselves. */
const fleeting =
  /^(events|leases|certificatesigningrequests|endpoints|endpointslices|pods|replicasets|controllerrevisions|componentstatuses)(\.|$)/;

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const turn = async (addons: Written) => {
    config.addons = addons;
    stack.configure(config);
    return stack.up();
  };
  /** Every object of the cluster that lasts, as `Kind namespace/name`. */
  const objects = async () => {
    const kinds = (await cluster.kubectl("api-resources --verbs=list -o name")).trim().split("\n");
    const lasting = kinds.filter((kind) => !fleeting.test(kind)).join(",");
    const columns = "custom-columns=:.kind,:.metadata.namespace,:.metadata.name";
    return (await cluster.kubectl(`get ${lasting} -A --no-headers -o ${columns}`)).trim().split("\n").sort();
  };
  /** What curl on m1 says of a kubelet, whose certificate it verifies by the cluster's authority. */
  const verified = (name: string) =>
    cluster
      .host("m1")
      .sh(
        `cd /etc/kubernetes/pki && curl -sS --cacert ca.crt --cert apiserver-kubelet-client.crt --key apiserver-kubelet-client.key https://${cluster.host(name).address}:10250/healthz 2>&1 || true`,
      );
  let before: string[] = [];

  test("both are installed in a cluster that lives, while logs of a pod are asked for", async () => {
    await cluster.settled();
    before = await objects();
    const [pod] = await cluster.list("pods -n kube-flannel --field-selector spec.nodeName=w1");
    let running = true;
    let gap = 0;
    const watching = (async () => {
      let failing: number | undefined;
      while (running) {
        const ok = await cluster.kubectl(`logs -n kube-flannel ${pod?.metadata.name} --tail 1`).then(
          () => true,
          () => false,
        );
        failing = ok ? undefined : (failing ?? Date.now());
        if (failing !== undefined) gap = Math.max(gap, Date.now() - failing);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
    const { text } = await turn({ metricsServer: { replicas: 1 }, localPath: true });
    running = false;
    await watching;
    console.log(`logs of a pod failed for ${(gap / 1000).toFixed(1)} s at the longest`);
    assert.match(text, /objects of add-on local-path/);
    assert.match(text, /objects of add-on metrics-server/);
    await cluster.settled();
    await assertNothingRuns(scenario);
  });

  test("kubectl top answers, and nobody skips a check of a certificate", async () => {
    for (const name of ["m1", "w1"]) assert.equal(await verified(name), "ok", name);
    await eventually("kubectl top nodes to name both", 120, async () => {
      const said = await cluster.kubectl("top nodes --no-headers");
      return /^m1 +\d+m/m.test(said) && /^w1 +\d+m/m.test(said);
    });
    await eventually("kubectl top pods", 60, async () =>
      /coredns-\S+ +\d+m/.test(await cluster.kubectl("top pods -A --no-headers")),
    );
    const service = await cluster.get("apiservice v1beta1.metrics.k8s.io");
    assert.equal(service.spec.insecureSkipTLSVerify, undefined);
    assert.ok(service.spec.caBundle.length > 100);
  });

  test("a request of a worker for another's name is left as it is, and the control plane says why", async () => {
    const answer = await cluster.host("w1").sh(`
      cd /run && openssl ecparam -name prime256v1 -genkey -noout -out forged.key
      openssl req -new -key forged.key -subj /O=system:nodes/CN=system:node:w1 -addext subjectAltName=DNS:m1,IP:${cluster.host("w1").address} -out forged.pem
      printf '{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"forged"},"spec":{"signerName":"kubernetes.io/kubelet-serving","usages":["digital signature","server auth"],"request":"%s"}}' "$(base64 -w0 forged.pem)" |
        kubectl --kubeconfig /etc/kubernetes/kubelet.conf create -f -`);
    assert.match(answer, /forged created/);
    await eventually("the control plane to say so", 30, async () =>
      /left forged of system:node:w1: (the API itself has this name: dns m1|Node w1 alone does not have this name: dns m1)/.test(
        await cluster.host("m1").sh("journalctl -u ha-kubernetes-serving -o cat"),
      ),
    );
    assert.equal((await cluster.get("csr forged")).status.conditions, undefined);
    await cluster.kubectl("delete csr forged");
  });

  test("a claim of the default class is written, and read again by a pod that was made again", async () => {
    const { versions } = resolveVersions({ kubernetesVersion: String(config.kubernetesVersion), versions: {} });
    const image = lockedImage("local-path-provisioner", versions, addonLock).reference;
    const pod = `apiVersion: v1
kind: Pod
metadata: { name: keeper }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: ${image}
      command: [/bin/sh, -c, "[ -e /data/word ] || echo kept >/data/word; exec busybox sleep 1000000"]
      securityContext: { runAsUser: 1000 }
      volumeMounts: [{ name: data, mountPath: /data }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`;
    await cluster.apply(`apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 16Mi } } }
`);
    await cluster.apply(pod);
    await cluster.kubectl("wait pod keeper --for=condition=Ready --timeout=120s --request-timeout=0");
    await cluster.kubectl("delete pod keeper --request-timeout=0");
    await cluster.apply(pod);
    await cluster.kubectl("wait pod keeper --for=condition=Ready --timeout=120s --request-timeout=0");
    assert.equal((await cluster.kubectl("exec keeper -- busybox cat /data/word")).trim(), "kept");
    const folders = () => cluster.host("w1").sh("ls /var/lib/local-path");
    assert.match(await folders(), /_default_data/);
    await cluster.kubectl("delete pod keeper --request-timeout=0");
    await cluster.kubectl("delete pvc data --request-timeout=0");
    await eventually("the volume and its folder to go", 90, async () => {
      assert.deepEqual(await cluster.list("pv"), []);
      return (await folders()).trim() === "";
    });
  });

  test("turning them off, one after the other, removes all that they made; another word of repair undoes a change by hand", async () => {
    await cluster.kubectl("-n kube-system scale deployment metrics-server --replicas 2");
    config.repair = "once";
    await turn({ metricsServer: { replicas: 1 } });
    assert.equal((await cluster.get("deployment metrics-server -n kube-system")).spec.replicas, 1);
    assert.deepEqual(
      (await objects()).filter((object) => /local-path/.test(object)),
      [],
    );
    assert.match(await cluster.kubectl("top nodes --no-headers"), /^w1 /m);
    await turn({});
    assert.deepEqual(await objects(), before);
    for (const name of ["m1", "w1"]) {
      assert.match(await verified(name), /certificate/);
      const left = await cluster
        .host(name)
        .sh(
          "ls /var/lib/kubelet/pki /etc/systemd/system /usr/local/lib/ha-kubernetes 2>/dev/null | grep -E 'kubelet-server|serving|approve' || true",
        );
      assert.equal(left.trim(), "", name);
    }
    await cluster.settled();
    await assertNothingRuns(scenario);
  });
});
