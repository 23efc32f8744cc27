// a virtual machine with Debian 13 that is node, NFS server and iSCSI target: volumes of both are written by one pod and read by the next

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../harness/process.ts";
import { addressIn, everyRole } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";
import { makeMachine, onOneHost, patiently } from "../harness/vm.ts";

const config = await onOneHost("test-vm-storage");
for (const entry of Object.values(config.hosts)) Object.assign(entry, { roles: [...everyRole, "worker"], pool: "general" });
const server = config.hosts.m1?.address ?? addressIn(config, 11);
const volumes = {
  shared: { server, share: "/srv/share", mountOptions: ["nfsvers=4.1", "hard", "noatime"], claim: "default/files" },
};
config.addons = { nfs: { volumes }, iscsi: {} };
const target = "iqn.2026-11.internal.test:lun";

const lun = `
apiVersion: v1
kind: PersistentVolume
metadata: { name: lun }
spec:
  capacity: { storage: 200Mi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: iscsi
  iscsi: { targetPortal: "${server}:3260", iqn: ${target}, lun: 1, fsType: ext4 }
`;
const claim = (name: string, storageClass: string, mode: string, volume: string) => `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name}, namespace: default }
spec:
  accessModes: [${mode}]
  storageClassName: ${storageClass}
  volumeName: ${volume}
  resources: { requests: { storage: 100Mi } }
`;
/** A pod that adds its name to a file of the volume. It has the host's own bash: no image of the cluster has a shell. */
const pod = (name: string, claimed: string, image: string) => `
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: default }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: "${image}"
      imagePullPolicy: Never
      command: [/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2, --library-path, /usr/lib/x86_64-linux-gnu, /usr/bin/bash, -c]
      args: ['echo ${name} >>/data/log && exec /usr/local/bin/coredns']
      volumeMounts: [{ name: data, mountPath: /data }, { name: lib, mountPath: /usr/lib, readOnly: true }, { name: bash, mountPath: /usr/bin/bash, readOnly: true }]
  volumes:
    - { name: data, persistentVolumeClaim: { claimName: ${claimed} } }
    - { name: lib, hostPath: { path: /usr/lib } }
    - { name: bash, hostPath: { path: /usr/bin/bash } }
`;

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = cluster.host("m1");
    let image = "";

    /** Runs a pod until its container has written and serves. */
    async function runs(name: string, claimed: string): Promise<void> {
      await cluster.apply(pod(name, claimed, image));
      await eventually(`pod ${name} to run`, 400, async () => {
        const { status } = await cluster.get(`pod ${name} -n default`);
        const [main] = status.containerStatuses ?? [];
        if (main?.ready !== true) throw new Error(JSON.stringify(main?.state ?? status.conditions));
        return true;
      });
    }
    const gone = (what: string) => cluster.kubectl(`delete ${what} -n default --timeout=300s --request-timeout 0`);
    const installed = (names: string) =>
      host.sh(
        `dpkg-query -W -f '\${db:Status-Status} \${Package}\n' ${names} 2>/dev/null | awk '$1 == "installed" {print $2}' || true`,
      );

    test("the node gets the clients, and the share is a volume", async () => {
      const said = await patiently(stack, "up");
      await cluster.settled(600);
      assert.match(said, /installing .*nfs-common .*open-iscsi/);
      assert.match(await host.sh("cat /proc/modules"), /^iscsi_tcp /m);
      const { spec } = await cluster.get("persistentvolume shared");
      assert.deepEqual(spec.mountOptions, volumes.shared.mountOptions);
      const [coredns] = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
      image = coredns?.spec.containers[0].image;
      // Servers of both kinds, which need more than clients.
      await host.sh(`export DEBIAN_FRONTEND=noninteractive
        apt-get -y -q install --no-install-recommends nfs-kernel-server tgt >/run/servers.log 2>&1 </dev/null || { tail -n 20 /run/servers.log >&2; exit 1; }
        mkdir -p /srv/share; echo '/srv/share *(rw,no_root_squash,no_subtree_check)' >/etc/exports; exportfs -ra
        truncate -s 256M /var/lib/lun.img
        printf '<target ${target}>\\n  backing-store /var/lib/lun.img\\n</target>\\n' >/etc/tgt/conf.d/test.conf
        systemctl restart nfs-server tgt`);
    });

    test("a pod writes to the share, the next one finds it, and the mount has the options of the config", async () => {
      await cluster.apply(claim("files", "nfs", "ReadWriteMany", "shared"));
      await runs("one", "files");
      assert.equal(await host.sh("cat /srv/share/log"), "one\n");
      const [mount = ""] = (await host.sh("grep ' nfs4 ' /proc/mounts")).split("\n");
      assert.match(mount, new RegExp(`^${server.replaceAll(".", "\\.")}:/srv/share /var/lib/kubelet/pods/`));
      for (const option of ["vers=4.1", "hard", "noatime"]) assert.match(mount, new RegExp(`[ ,]${option}[, ]`));
      await gone("pod one");
      await runs("two", "files");
      assert.equal(await host.sh("cat /srv/share/log"), "one\ntwo\n");
      await gone("pod two");
      await eventually(
        "the share to be unmounted",
        120,
        async () => (await host.sh("grep -c ' nfs4 ' /proc/mounts || true")).trim() === "0",
      );
    });

    test("a disk of the target is formatted once, and the next pod finds what the first one wrote", async () => {
      await cluster.apply(lun + claim("disk", "iscsi", "ReadWriteOnce", "lun"));
      await runs("three", "disk");
      await gone("pod three");
      await eventually("the node to log out", 120, async () => (await host.trySh("iscsiadm -m session")).status !== 0);
      await runs("four", "disk");
      const log = "cat /var/lib/kubelet/plugins/kubernetes.io/iscsi/iface-default/*/log";
      assert.equal(await host.sh(log), "three\nfour\n");
      await gone("pod four");
      await gone("pvc disk");
      await cluster.kubectl("delete persistentvolume lun");
    });

    test("turned off, the volume goes and the share keeps its files", async () => {
      await gone("pvc files");
      config.addons = {};
      stack.configure(config);
      await patiently(stack, "up");
      assert.equal((await cluster.kubectl("get persistentvolume -o name")).trim(), "");
      assert.equal(await host.sh("cat /srv/share/log"), "one\ntwo\n");
    });

    test("destroy takes the clients away", async () => {
      await host.sh("apt-get -y -q purge nfs-kernel-server tgt >/run/servers.log 2>&1 </dev/null; rm -f /var/lib/lun.img");
      await patiently(stack, "destroy");
      assert.equal(await installed("nfs-common open-iscsi"), "");
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      await makeMachine(scenario, { release: "trixie" });
    },
  },
);
