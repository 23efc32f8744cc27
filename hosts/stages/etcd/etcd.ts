import { hostPort } from "../../../config/addresses.ts";
import { isMonitored } from "../../../config/monitoring.ts";
import { METRICS_PORT } from "../../../config/ports.ts";
import type { Cluster } from "../../../config/schema.ts";
import { clientUrl, lostHosts, peerUrl } from "../../cluster.ts";
import type { Stage } from "../../stage.ts";
import { type BackupBucket, backupFiles, backupSettings } from "../../tools/etcd/backup.ts";
import { defragmentFiles, defragmentSettings } from "../../tools/etcd/defragment.ts";
import { restoreSettings } from "./restore.ts";

export interface EtcdStageArgs {
  host: { name: string; address: string; dataDevice?: string };
  owner: string;
  cluster: Pick<Cluster, "addons" | "etcd" | "hosts" | "kubernetesVersion">;
  /** Version of etcd, already resolved. */
  version: string;
  tls: { authority: string; certificate: string; key: string };
  /** Private key of etcd.backup.copyToSsh; required with it. */
  backupSshKey?: string;
  /** The bucket that the provider made for snapshots; without one, that of etcd.backup.copyToS3. */
  backupBucket?: BackupBucket;
  /** What the member is born into. */
  birth: {
    /** True while the state knows of no etcd cluster: only then may members start one. */
    bootstrap: boolean;
    /** Every member of the config, this one included: the first members, or those to ask for admission. */
    members: readonly { name: string; address: string }[];
  };
  /** Ids of all restores of this stack, oldest first. */
  restores: readonly string[];
}

/** What a host of role etcd must hold: the member's unit, settings and certificates, and what takes its snapshots. */
export function etcdStage({
  host,
  owner,
  cluster,
  version,
  tls,
  backupSshKey,
  backupBucket,
  birth,
  restores,
}: EtcdStageArgs): Stage {
  const { etcd } = cluster;
  const backup = {
    host,
    owner,
    backup: etcd.backup,
    dataDirectory: etcd.dataDirectory,
    sshKey: backupSshKey,
    bucket: backupBucket,
  };
  return {
    name: "etcd",
    host: host.name,
    owner,
    versions: { etcd: version },
    settings: {
      ETCD_VERSION: version,
      // Another one is a reason for a snapshot, which comes before any control plane changes.
      KUBERNETES_VERSION: cluster.kubernetesVersion,
      DATA_DIRECTORY: etcd.dataDirectory,
      DATA_DEVICE: host.dataDevice ?? "",
      PEER_URL: peerUrl(host.address),
      QUOTA_BYTES: String(quotaBytes(etcd)),
      ...backupSettings(backup),
      ...defragmentSettings(etcd),
      ...restoreSettings(owner, etcd.restoreFrom, birth.members, restores),
    },
    birth: {
      BIRTH_BOOTSTRAP: birth.bootstrap ? "yes" : "no",
      BIRTH_CLUSTER: birth.members.map(({ name, address }) => `${name}=${peerUrl(address)}`).join(","),
      BIRTH_ENDPOINTS: birth.members.map(({ address }) => clientUrl(address)).join(","),
      BIRTH_LOST: lostHosts(cluster).join(" "),
    },
    files: [
      { path: "/etc/systemd/system/etcd.service", content: unit(version, etcd) },
      { path: "/etc/etcd/etcd.env", content: environment(host, owner, cluster) },
      { path: "/etc/etcd/pki/ca.crt", content: tls.authority, owner: "root:etcd" },
      { path: "/etc/etcd/pki/member.crt", content: tls.certificate, owner: "root:etcd" },
      { path: "/etc/etcd/pki/member.key", content: tls.key, owner: "etcd:etcd", mode: "0600" },
      ...backupFiles(backup),
      ...defragmentFiles(etcd),
    ],
  };
}

const quotaBytes = (etcd: Cluster["etcd"]) => etcd.quotaMebibytes * 1024 * 1024;

// Plain HTTP and nothing but metrics and health: the client port would show them only to who has a certificate.
function metricsUrls(host: { address: string }, cluster: Pick<Cluster, "addons" | "etcd">): string {
  const forNodes = isMonitored(cluster) || cluster.etcd.metrics === "nodes";
  const addresses = ["127.0.0.1", ...(forNodes ? [host.address] : [])];
  return addresses.map((address) => `http://${hostPort(address, METRICS_PORT)}`).join();
}

// The token keeps members of two clusters apart even where they were born with the same addresses.
function environment(host: { name: string; address: string }, owner: string, cluster: Pick<Cluster, "addons" | "etcd">): string {
  const { etcd } = cluster;
  const values = {
    NAME: host.name,
    DATA_DIR: etcd.dataDirectory,
    LISTEN_PEER_URLS: peerUrl(host.address),
    LISTEN_CLIENT_URLS: `${clientUrl(host.address)},${clientUrl("127.0.0.1")}`,
    ADVERTISE_CLIENT_URLS: clientUrl(host.address),
    INITIAL_ADVERTISE_PEER_URLS: peerUrl(host.address),
    INITIAL_CLUSTER_TOKEN: owner,
    LISTEN_METRICS_URLS: metricsUrls(host, cluster),
    CLIENT_CERT_AUTH: "true",
    TRUSTED_CA_FILE: "/etc/etcd/pki/ca.crt",
    CERT_FILE: "/etc/etcd/pki/member.crt",
    KEY_FILE: "/etc/etcd/pki/member.key",
    PEER_CLIENT_CERT_AUTH: "true",
    PEER_TRUSTED_CA_FILE: "/etc/etcd/pki/ca.crt",
    PEER_CERT_FILE: "/etc/etcd/pki/member.crt",
    PEER_KEY_FILE: "/etc/etcd/pki/member.key",
    QUOTA_BACKEND_BYTES: String(quotaBytes(etcd)),
    HEARTBEAT_INTERVAL: String(etcd.heartbeatMilliseconds),
    ELECTION_TIMEOUT: String(etcd.electionMilliseconds),
  };
  return Object.entries(values)
    .map(([name, value]) => `ETCD_${name}=${value}\n`)
    .join("");
}

/**
 * A text as one word of a unit's ExecStart, where systemd reads %, $, quotes and backslashes in its own way (systemd.service(5)). A text
 * of plain characters stays as it is.
 */
function unitWord(text: string): string {
  const escaped = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./:=,@%+$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, "\\$&")}"`;
}

// Without data etcd would bring up an empty cluster of its own: it starts only where it has some, or was just told what it is born into.
// notify: etcd is up once it has a quorum, which may be long after the start. birth.env exists only until the member's data does.
// It never gives up: after a power cut its address or its disk may come later than it does.
const unit = (version: string, { dataDirectory, extraArgs }: Cluster["etcd"]) => `[Unit]
Description=etcd, the store of the Kubernetes cluster
Documentation=https://etcd.io
After=network-online.target time-sync.target
Wants=network-online.target
RequiresMountsFor=${dataDirectory}
AssertPathExists=|${dataDirectory}/member/wal
AssertPathExists=|/etc/etcd/birth.env
StartLimitIntervalSec=0

[Service]
Type=notify
User=etcd
EnvironmentFile=/etc/etcd/etcd.env
EnvironmentFile=-/etc/etcd/birth.env
ExecStart=/opt/ha-kubernetes/etcd-${version}/etcd${Object.entries(extraArgs)
  .map(([name, value]) => ` \\\n  ${unitWord(`--${name}=${value}`)}`)
  .join("")}
Restart=always
RestartSec=2
TimeoutStartSec=infinity
LimitNOFILE=65536:524288
OOMScoreAdjust=-500
Nice=-5
IOSchedulingClass=best-effort
IOSchedulingPriority=2

[Install]
WantedBy=multi-user.target
`;
