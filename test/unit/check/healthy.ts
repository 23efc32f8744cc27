import { execFileSync } from "node:child_process";
import { kubeconfigPaths } from "../../../check/findings/integrity.ts";
import { wantedSysctls } from "../../../check/findings/system.ts";
import { readObservation } from "../../../check/observation.ts";
import type { Looked } from "../../../check/observe.ts";
import type { WantedHost, WantedStack } from "../../../check/stack.ts";
import { readStage, wantedUnits } from "../../../check/wanted.ts";
import { parseCluster } from "../../../config/parse.ts";
import { renderStage, type Stage } from "../../../hosts/stage.ts";
import { balancerStage } from "../../../hosts/stages/balancer/balancer.ts";
import { controlPlaneStage } from "../../../hosts/stages/control-plane/control-plane.ts";
import { etcdStage } from "../../../hosts/stages/etcd/etcd.ts";
import { preflightStage } from "../../../hosts/stages/preflight/preflight.ts";
import { prepareStage } from "../../../hosts/stages/prepare/prepare.ts";
import { workerStage } from "../../../hosts/stages/worker/worker.ts";
import { known, metal } from "../../harness/samples.ts";

// A cluster that is wholly well, as the script on its hosts would tell it. Tests break one thing at a time.

/** When everything here was looked at, in seconds since 1970. */
export const now = 1_800_000_000;

const parsed = parseCluster(metal(), known);
if (!parsed.ok) throw new Error(JSON.stringify(parsed));
const { cluster } = parsed;
const owner = "prod/0011aabb";
const versions = { containerd: "2.3.4", runc: "1.4.3", cniPlugins: "1.9.1", pause: "3.10", coredns: "1.14.2" };
const pair = { certificate: "CERTIFICATE", key: "KEY" };
const names = Object.keys(cluster.hosts).sort();

/** A certificate that is valid for a year from today. */
export const pem = execFileSync(
  "openssl",
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=test -days 365".split(" "),
  { stdio: ["ignore", "pipe", "ignore"] },
).toString();

function stagesOf(name: string): Stage[] {
  const { address = "", roles } = cluster.hosts[name] as (typeof cluster.hosts)[string];
  const host = { name, address };
  const endpoint = { address: "10.0.0.10", port: 8443 };
  const etcdHosts = names
    .filter((it) => it.startsWith("m"))
    .map((it) => ({ name: it, address: cluster.hosts[it]?.address ?? "" }));
  const prepare = prepareStage({
    host: { ...host, roles },
    owner,
    cluster,
    apiAddress: endpoint.address,
    artifactList:
      "binary 11 /x/kubelet /opt/ha-kubernetes/kubernetes-1.36.3 kubelet\narchive 22 /x/runc.tgz /opt/ha-kubernetes/runc-1.4.3 runc\nimages 33 /x/i.tar pause\n".replace(
        "11",
        "1".repeat(64),
      ),
    versions,
  });
  const preflight = preflightStage({
    host: { ...host, roles, architecture: "amd64" },
    owner,
    cluster,
    apiAddress: endpoint.address,
    sources: [],
  });
  const kubeletExtraArgs = {};
  if (roles.includes("worker")) {
    const args = {
      host: { ...host, pool: "general" },
      owner,
      cluster,
      endpoint,
      authority: { certificate: "CA", trusted: "CA" },
      join: { token: "t" },
      kubeletExtraArgs,
    };
    return [preflight, prepare, workerStage(args)];
  }
  const tls = { authority: "CA", ...pair };
  const pki = {
    kubernetes: { ...pair, trusted: pair.certificate },
    frontProxy: { ...pair, trusted: pair.certificate },
    serviceAccount: { publicKeys: ["P"], key: "K" },
    etcdAuthority: "CA",
    etcdClient: pair,
  };
  return [
    preflight,
    prepare,
    etcdStage({ host, owner, cluster, version: "3.6.14", tls, birth: { bootstrap: true, members: etcdHosts }, restores: [] }),
    balancerStage({
      host,
      owner,
      cluster,
      virtualIp: endpoint.address,
      controlPlanes: etcdHosts,
      balancerAddresses: etcdHosts.map((it) => it.address),
      authorityPem: "CA",
      statisticsPassword: "password",
    }),
    controlPlaneStage({
      host,
      owner,
      cluster,
      endpoint,
      etcdClientUrls: [],
      controlPlanes: [],
      pki,
      kubeletExtraArgs,
    }),
  ];
}

/** A host of the cluster and what all its stages want. */
export function wantedHost(name: string): WantedHost {
  const host: WantedHost = {
    name,
    lost: false,
    becoming: "root",
    owner,
    stages: [],
    versions: {},
    settings: {},
    files: [],
    inputs: {},
  };
  for (const stage of stagesOf(name)) {
    const { create, update, stdin } = renderStage(stage);
    const wanted = readStage(update ?? create, stdin);
    if (wanted === undefined) throw new Error(`${stage.name} is not read back`);
    host.stages.push(wanted.stage);
    Object.assign(host.versions, wanted.versions);
    Object.assign(host.settings, wanted.settings);
    Object.assign(host.inputs, wanted.inputs);
    host.files.push(...wanted.files);
  }
  return host;
}

/** The whole stack, well. */
export const stack: WantedStack = { hosts: names.map(wantedHost), certificates: [], lostCredentials: [], unfinished: false };

const unitText = (name: string, pid: number) =>
  [
    `MainPID=${pid}`,
    "Result=success",
    `Id=${name}`,
    "LoadState=loaded",
    `ActiveState=${/^etcd-(backup|defragment).*service$/.test(name) ? "inactive" : "active"}`,
    "UnitFileState=enabled",
    `ActiveEnterTimestamp=@${now - 600}`,
    "InactiveEnterTimestamp=",
    "NeedDaemonReload=no",
    "",
  ].join("\n");

const histogram = (name: string) =>
  [0.001, 0.002, 0.004, 0.008, 0.016, 0.032].map((bound, index) => `${name}_bucket{le="${bound}"} ${index < 2 ? 500 : 1000}`);

/** The part that hosts/tools/check/system.sh tells. */
function systemOf(host: WantedHost): Record<string, string> {
  const isPlane = host.stages.includes("control-plane");
  const sysctls = [...wantedSysctls(host)];
  const manifests = isPlane ? ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => `${name}.yaml`) : [];
  const authority = host.files.find(({ path }) => path === "/etc/kubernetes/pki/ca.crt")?.sha256;
  const server = (path: string) =>
    path.endsWith("admin.conf") || !isPlane
      ? `https://${host.settings.API_NAME}:8443`
      : `https://${host.settings.HOST_ADDRESS}:6443`;
  const sum = "5".repeat(64);
  return {
    arrays: "",
    swap: "",
    sysctls: sysctls.map(([path, value]) => `${path} ${value}`).join("\n"),
    "sysctl-file": sysctls.map(([path, value]) => `-${path} = ${value}`).join("\n"),
    "shutdown-delay": "t 60000000",
    inhibitors: "kubelet 0 root 846 kubelet shutdown Kubelet needs time to handle node shutdown delay",
    tables: "table inet ha_kubernetes\ntable ip kube-proxy\ntable ip flannel-ipv4",
    "port-table": "whole",
    "program-sums": `${"1".repeat(64)}  /opt/ha-kubernetes/kubernetes-1.36.3/kubelet\n${sum}  /opt/ha-kubernetes/runc-1.4.3/runc`,
    "installed-sums": `${sum} /opt/ha-kubernetes/runc-1.4.3/runc`,
    manifests: manifests.map((name) => `${sum}  /etc/kubernetes/manifests/${name}`).join("\n"),
    "manifests-written": manifests.map((name) => `${sum}  ${name}`).join("\n"),
    kubeconfigs: kubeconfigPaths(host)
      .map((path) => `${path} ${server(path)} ${authority}`)
      .join("\n"),
  };
}

/** What the script would print on a host that is well. */
function wellText(host: WantedHost): string {
  const is = (stage: string) => host.stages.includes(stage);
  const units = wantedUnits(host);
  const programs = {
    "etcd.service": `etcd-${host.versions.etcd}/etcd`,
    "containerd.service": "containerd-2.3.4/containerd",
    "kubelet.service": "kubernetes-1.36.3/kubelet",
  };
  const pid = (unit: string) => (unit in programs ? 1000 + Object.keys(programs).indexOf(unit) : 0);
  const listening = (host.settings.PORTS ?? "").split(" ").map((entry) => entry.split(":"));
  const certificate = (path: string) => `file ${path}\n${pem.trim()}`;
  const sections: Record<string, string> = {
    time: String(now + 0.01),
    virtualization: "none",
    owner: host.owner,
    addresses: ["127.0.0.1/8", `${host.settings.HOST_ADDRESS}/24`, host.name === "m2" ? "10.0.0.10/32" : ""].join("\n"),
    "pod-bridge": `10.244.${names.indexOf(host.name)}.1/24`,
    disks: "/ 100000000000 60000000000 1000000 900000",
    files: host.files.map(({ path, mode, owner }) => `${mode} ${owner} regular file\t${path}`).join("\n"),
    sums: host.files.map(({ path, sha256 }) => `${sha256}  ${path}`).join("\n"),
    units: [...units, "chrony.service"].map((unit) => unitText(unit, pid(unit))).join("\n"),
    programs: Object.entries(programs)
      .map(([unit, path]) => `${pid(unit)} /opt/ha-kubernetes/${path}`)
      .join("\n"),
    links:
      "/usr/local/bin/runc /opt/ha-kubernetes/runc-1.4.3/runc\n/opt/cni/bin/bridge /opt/ha-kubernetes/cni-plugins-1.9.1/bridge",
    failed: "",
    ...systemOf(host),
    ports: [
      ...listening
        .filter(([port]) => port !== "2383")
        .map(
          ([port, program], index) =>
            `tcp LISTEN 0 4096 0.0.0.0:${port} 0.0.0.0:* users:(("${program}",pid=${2000 + index},fd=3))`,
        ),
      'tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=10,fd=4))',
      'tcp LISTEN 0 128 127.0.0.1:2381 0.0.0.0:* users:(("etcd",pid=11,fd=4))',
      'tcp LISTEN 0 128 *:9100 *:* users:(("node_exporter",pid=12,fd=4))',
      "udp UNCONN 0 0 0.0.0.0:8472 0.0.0.0:*",
    ].join("\n"),
    "pod-processes": "12",
    certificates: is("etcd") ? certificate("/etc/etcd/pki/member.crt") : certificate("/etc/kubernetes/pki/ca.crt"),
    served: is("etcd") ? certificate("/etc/etcd/pki/member.crt") : "",
  };
  if (is("etcd")) {
    sections["etcd-metrics"] = [
      "etcd_server_has_leader 1",
      `etcd_server_is_leader ${host.name === "m1" ? 1 : 0}`,
      "etcd_server_is_learner 0",
      "etcd_server_quota_backend_bytes 2.147483648e+09",
      "etcd_mvcc_db_total_size_in_bytes 2.4576e+06",
      "etcd_mvcc_db_total_size_in_use_in_bytes 1.2e+06",
      ...histogram("etcd_disk_wal_fsync_duration_seconds"),
      ...histogram("etcd_disk_backend_commit_duration_seconds"),
    ].join("\n");
    sections["etcd-status"] = '"ClusterID" : 14841639068965178418';
    sections["etcd-members"] = ["m1", "m2", "m3"]
      .map((name) => `8e9e05c52164694d, started, ${name}, https://x:2380, https://x:2379, false`)
      .join("\n");
    sections["etcd-alarms"] = "-";
    sections.backups = `count=3\nahead=0\nnewest=/var/backups/x.db\ntaken=${now - 600}`;
    sections.balancer = "200";
    sections.keepalived = "BACKUP";
    sections.api = "ok";
    sections.nodes = names
      .map((name, index) => {
        const pool = name.startsWith("w") ? "general" : "";
        const conditions = "MemoryPressure=False DiskPressure=False PIDPressure=False Ready=True ";
        return `${name}\t\tv1.36.3\t${conditions}\t10.244.${index}.0/24\t${pool}\tkubelet is posting ready status`;
      })
      .join("\n");
    sections.pods = names
      .map((name) => `kube-apiserver-${name}\t${name}\tRunning\tTrue\tregistry.k8s.io/kube-apiserver:v1.36.3 \tkube-system\t`)
      .join("\n");
  }
  return `${Object.entries(sections)
    .map(([name, text]) => `\n@@ ${name}\n${text}\n`)
    .join("")}\n@@ end\n`;
}

/** Every host with how it is; `change` breaks what one of them would say. */
export const lookedAt = (change: (text: string, host: WantedHost) => string = (text) => text): Looked[] =>
  stack.hosts.map((host) => ({ host, seen: readObservation(change(wellText(host), host), now, now + 0.02) }));
