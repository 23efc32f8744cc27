import { z } from "zod";
import {
  absolutePath,
  argumentName,
  bucketName,
  bytes,
  certificateName,
  cidr,
  count,
  dnsLabel,
  domainName,
  hostKey,
  hostNameOrAddress,
  httpUrl,
  interfaceName,
  ipv4,
  keyPrefix,
  line,
  oneOf,
  onOff,
  port,
  processors,
  qualifiedName,
  registry,
  s3Region,
  sha256,
  snapshotPlace,
  sysctlName,
  timeZone,
  userName,
  whole,
} from "./values.ts";

// The settings of each part of a cluster. Every bound without a source beside it is only there to catch slips of the pen.

const switchOn = (what: string) => onOff.default(true).describe(what);

/** The one address of the API. */
export const apiSchema = z
  .strictObject({
    domainName: qualifiedName.describe("The API's name inside the cluster; every node gets it in /etc/hosts."),
    address: ipv4
      .optional()
      .describe(
        "The virtual IP of the balancers, or the address of the balancer you run yourself. Not where the provider has the balancer.",
      ),
    port: port
      .default(8443)
      .describe(
        "Port of the API at that address. On a control plane that is a balancer too it can't be 6443, the apiserver's own.",
      ),
    former: z
      .strictObject({
        domainName: qualifiedName.optional().describe("The name before. By default it has not changed."),
        address: ipv4.optional().describe("The address before. By default it has not changed."),
        port: port.optional().describe("The port before. By default it has not changed."),
        virtualRouterId: whole(1, 255).optional().describe("The VRRP id of `address`. By default derived from its last byte."),
      })
      .optional()
      .describe(
        "Where the API was before the edit that moves it: served beside the new place until an edit deletes this key. By default there is nothing former. Not where the provider has the balancer.",
      ),
    extraNames: z
      .array(certificateName)
      .default([])
      .describe("More names or addresses for the API's certificate. By default none."),
    extraArgs: z
      .record(argumentName, line)
      .default({})
      .describe("More arguments for kube-apiserver, without the leading --. By default none."),
  })
  .describe("The Kubernetes API's one address.");

/** What stands in front of the apiservers. */
export const balancerSchema = z
  .strictObject({
    kind: oneOf(["haproxy", "external"])
      .default("haproxy")
      .describe(
        "haproxy: built on the hosts of role balancer, with keepalived. external: a balancer you run at api.address, TCP to port 6443 of the control planes.",
      ),
    interface: interfaceName
      .optional()
      .describe("Network interface of the virtual IP. By default the one that holds the host's address."),
    virtualRouterId: whole(1, 255)
      .optional()
      .describe("VRRP id, different for each cluster on one network. By default derived from the virtual IP's last byte."),
    advertisementIntervalMilliseconds: whole(100, 10000)
      .multipleOf(10, { error: "a multiple of 10" })
      .default(200)
      .describe(
        "How often the holder of the virtual IP says so. A silent one is replaced after a little more than 3 times this.",
      ),
    checkIntervalMilliseconds: whole(100, 60000)
      .default(1000)
      .describe("How often haproxy asks each apiserver's /readyz; two failures in a row take it out."),
    statisticsPort: port
      .default(8404)
      .describe("Port of the statistics page and of the health answer that keepalived asks. Password in the outputs."),
    maximumConnections: whole(100, 1_000_000)
      .default(20000)
      .describe(
        "haproxy's limit of open connections: about 10 for each node. An address outside nodeCidrs gets a tenth of them at most.",
      ),
  })
  .prefault({})
  .describe("The balancer in front of the apiservers.");

/** Snapshots of etcd. 30 minutes is what KubeOne's add-on and KubeKey's timer take; kops takes 15, RKE2 12 hours. */
const backupSchema = z
  .strictObject({
    enabled: switchOn("Take snapshots on a timer."),
    intervalMinutes: whole(1, 10080)
      .default(30)
      .describe("How often each etcd host takes a snapshot of its member; what a restore may lose at most."),
    keep: whole(1, 10_000)
      .default(48)
      .describe("How many snapshots each place keeps of each host, the newest ones. 48 is a day at every 30 minutes."),
    maximumMebibytes: whole(64, 10_000_000)
      .default(10_240)
      .describe(
        "How large the snapshots that each place keeps of each host may be together; the oldest go first. The newest stays.",
      ),
    directory: absolutePath
      .default("/var/backups/ha-kubernetes")
      .describe(
        "Where each etcd host keeps its snapshots: a directory of its own, empty or not there before the first up, on a disk with room for `maximumMebibytes`.",
      ),
    drill: switchOn("Once a day, restore the newest snapshot into a scratch etcd on the host and compare."),
    copyToDirectory: absolutePath
      .optional()
      .describe(
        "A directory on another filesystem, such as an NFS mount, to copy each snapshot to; the user etcd must be able to write there. By default none.",
      ),
    copyToSsh: z
      .strictObject({
        host: hostNameOrAddress.describe("Name or address of the host to copy to."),
        port: port.default(22).describe("TCP port of its sshd."),
        user: userName.describe("Who to log in as; SFTP is enough. The key is the stack's secret backupSshPrivateKey."),
        directory: absolutePath.describe("An existing directory there."),
        hostKey: hostKey.describe("Its public host key, one line as in authorized_keys; no other one is spoken to."),
      })
      .optional()
      .describe("A host to copy each snapshot to, by SFTP. By default none."),
    copyToS3: z
      .strictObject({
        bucket: bucketName.describe("An existing bucket."),
        region: s3Region.describe("Its region, which signatures name."),
        prefix: keyPrefix.default("etcd").describe("What objects' keys begin with, before a slash and the file's name."),
        endpoint: httpUrl
          .optional()
          .describe("Where another store speaks S3, the bucket's name in the path. By default S3's own of the region."),
      })
      .optional()
      .describe(
        "A bucket to copy each snapshot to, with the credential of the host's own instance role. What is kept there is for the bucket's lifecycle to say: hosts delete nothing. By default the bucket that the provider makes, if it makes one.",
      ),
  })
  .prefault({})
  .describe("Snapshots of etcd on every etcd host. They hold every Secret of the cluster.");

/** A restore of all of etcd. */
const restoreSchema = z
  .strictObject({
    id: dnsLabel.describe("A word of your own for this restore, such as its date. Each host restores once for each word."),
    snapshot: snapshotPlace.describe(
      "The snapshot: a path that every etcd host has, or a file's name, looked for in etcd.backup's directories, on its SSH target and in its bucket.",
    ),
    sha256: sha256.describe("SHA-256 of the snapshot, as the file beside it ending in .facts has it. Each host checks it."),
    replaceHealthyCluster: onOff
      .default(false)
      .describe(
        "true: restore although etcd is healthy. What was written since the snapshot is lost. By default that is refused.",
      ),
  })
  .optional()
  .describe("Restore all of etcd from one snapshot, with the members of today. Take it out after the `up`. By default none.");

/** The etcd cluster. */
export const etcdSchema = z
  .strictObject({
    dataDirectory: absolutePath
      .default("/var/lib/etcd")
      .describe("Where the members keep their data: a directory of its own, empty or not there before the first up."),
    quotaMebibytes: whole(512, 8192)
      .default(2048)
      .describe("etcd's space quota. 2048 is etcd's default, 8192 its advised maximum."),
    defragmentation: z
      .strictObject({
        enabled: switchOn(
          "Look every hour whether a member's database file is worth defragmenting, and do so, one member at a time.",
        ),
        unusedPercent: whole(10, 90)
          .default(45)
          .describe(
            "From this part of the file on that is unused. 45 is what OpenShift's operator takes. From three quarters of the quota on, 10 is enough; below 100 MiB nothing is done.",
          ),
      })
      .prefault({})
      .describe("Giving back what the database file no longer uses: by itself the file only grows."),
    metrics: oneOf(["loopback", "nodes"])
      .default("loopback")
      .describe(
        "Who may read etcd's metrics, http://<address>:2381/metrics: the host alone, or nodeCidrs and pods, too. They are plain HTTP and hold no keys or values.",
      ),
    heartbeatMilliseconds: whole(10, 5000)
      .default(100)
      .describe("Heartbeat interval; about the round trip between members. etcd's default."),
    electionMilliseconds: whole(50, 50000)
      .default(1000)
      .describe("Election timeout; at least 5 times the heartbeat. etcd's default."),
    throwAway: onOff
      .default(false)
      .describe(
        "true: allow a single etcd member, control plane or balancer, with which the cluster is lost or unreachable. Only for stacks that may be lost.",
      ),
    backup: backupSchema,
    restoreFrom: restoreSchema,
  })
  .prefault({})
  .describe("The etcd cluster: 3 or 5 hosts of role etcd.");

/** Addresses and Service traffic. */
export const networkSchema = z
  .strictObject({
    podCidr: cidr.default("10.244.0.0/16").describe("Addresses of pods; a /24 of it goes to each node."),
    serviceCidr: cidr.default("10.96.0.0/16").describe("Addresses of Services. The 10th is the cluster's DNS."),
    dnsDomain: domainName.default("cluster.local").describe("Domain of Services and pods."),
    kubeProxyMode: oneOf(["nftables", "iptables", "ipvs"])
      .default("nftables")
      .describe("How Services are made. ipvs is deprecated since Kubernetes 1.35."),
    flannelInterface: interfaceName
      .optional()
      .describe("Interface for pod traffic, on hosts with several. By default the one that holds the host's address."),
    nameServers: z
      .array(ipv4)
      .default([])
      .describe("Name servers that pods' outside look-ups go to. By default the host's own, loopback addresses left out."),
  })
  .prefault({})
  .describe("Addresses and Service traffic inside the cluster.");

const generation = whole(1, 10_000);

/** One authority, or the service-account key. */
const authoritySchema = (what: string) =>
  z
    .strictObject({
      trust: z
        .array(generation)
        .min(1, { error: "one generation, or two in a row during a rotation" })
        .max(2, { error: "one generation, or two in a row during a rotation" })
        .default([1])
        .describe("The generations that are trusted: one, or two in a row during a rotation."),
      issue: generation.default(1).describe("The generation that signs; one of `trust`."),
    })
    .prefault({})
    .describe(what);

/** What signs. */
const authoritiesSchema = z
  .strictObject({
    kubernetes: authoritySchema("The authority of the API, its clients and the kubelets."),
    etcd: authoritySchema("The authority of etcd's members and its clients."),
    frontProxy: authoritySchema("The authority of the apiservers towards aggregated API servers."),
    serviceAccount: authoritySchema("The key that signs service accounts' tokens."),
  })
  .prefault({})
  .describe(
    "What signs, and its generation. From { trust: [1], issue: 1 } to the next one are three edits with an `up` each: trust: [1, 2]; issue: 2; trust: [2]. See operations.md.",
  );

/** How long certificates last. */
export const certificatesSchema = z
  .strictObject({
    authorityValidityHours: whole(1, 876_000)
      .default(87600)
      .describe("Validity of the authorities. 87600 is 10 years, kubeadm's default."),
    leafValidityHours: whole(1, 876_000)
      .default(8760)
      .describe("Validity of all other certificates. 8760 is one year, kubeadm's default."),
    renewBeforeHours: whole(0, 876_000)
      .default(2160)
      .describe("An `up` this long before the end renews a certificate. 2160 is 90 days."),
    authorities: authoritiesSchema,
    destroyedHosts: z
      .array(dnsLabel)
      .default([])
      .describe(
        "Lost hosts whose disks nobody can read any more, so that `check` does not ask to replace what they had. By default none.",
      ),
  })
  .prefault({})
  .describe("How long certificates last, and what signs them. Only an `up` renews them.");

/** Settings of every kubelet. */
export const kubeletSchema = z
  .strictObject({
    maxPods: whole(1, 500).default(110).describe("Pods on one node. Kubernetes' default. A node's /24 of flannel's holds 253."),
    systemReserved: z
      .strictObject({
        cpu: processors.optional().describe("Processors."),
        memory: bytes.optional().describe("Memory."),
        "ephemeral-storage": bytes.optional().describe("Room on the disk of /var/lib/kubelet."),
        pid: count.optional().describe("Process ids."),
      })
      .prefault({})
      .describe("Resources kept from pods for the system, such as cpu: 100m. By default none."),
    containerLogMaxMebibytes: whole(1, 10_000).default(10).describe("A container's log is rotated at this size."),
    containerLogMaxFiles: whole(2, 1000).default(5).describe("Rotated logs kept for each container."),
  })
  .prefault({})
  .describe("Settings of every kubelet.");

/** Settings of containerd. */
export const containerRuntimeSchema = z
  .strictObject({
    registryMirrors: z
      .record(registry, z.array(httpUrl))
      .default({})
      .describe("Mirrors by registry, such as docker.io: [https://mirror.example.com]. By default none."),
    insecureRegistries: z.array(registry).default([]).describe("Registries reached without TLS verification. By default none."),
  })
  .prefault({})
  .describe("Settings of containerd.");

/** What is prepared on each host. */
export const hostPreparationSchema = z
  .strictObject({
    hostName: switchOn("Set the host name to the host's name in this config."),
    packages: switchOn("Install the distribution's packages that the roles need."),
    swap: switchOn("Turn swap off, now and at boot."),
    modules: switchOn("Load the kernel modules that the roles need, now and at boot."),
    sysctl: switchOn("Set the sysctls that the roles need."),
    firewall: switchOn("Open exactly the port table to nodeCidrs in an nftables table of its own."),
    timeSync: switchOn("Run chrony and wait until the clock is in step."),
    journalLimit: switchOn("Limit the journal to 1 GiB."),
    timeZone: timeZone.optional().describe("Time zone to set, such as UTC. By default left as it is."),
    extraSysctl: z.record(sysctlName, line).default({}).describe("More sysctls. By default none."),
  })
  .prefault({})
  .describe("What is prepared on each host; each can be turned off. Undone when the host is removed.");

/** How pods leave a node. */
export const drainSchema = z
  .strictObject({
    timeoutSeconds: whole(1, 86400)
      .default(300)
      .describe("How long a drain may wait for PodDisruptionBudgets and terminating pods before the step refuses."),
  })
  .prefault({})
  .describe("How pods leave a node that is removed or changed.");

/** What is installed in the cluster. */
export const addonsSchema = z
  .strictObject({
    flannel: switchOn("Pod network. Turn it off to bring a network of your own."),
    coredns: z
      .strictObject({
        enabled: switchOn("Cluster DNS."),
        replicas: whole(1, 100).default(2).describe("Pods of CoreDNS."),
        cacheSeconds: whole(0, 86400).default(30).describe("How long answers are kept."),
        maxConcurrent: whole(1, 1_000_000).default(1000).describe("Look-ups forwarded at once."),
        memoryLimitMebibytes: whole(32, 65536).default(170).describe("Memory limit of each pod."),
      })
      .prefault({})
      .describe("CoreDNS."),
    ebsCsi: switchOn(
      "Volumes of EBS for PersistentVolumeClaims, with a default class of encrypted gp3, where the provider has them; elsewhere it means nothing.",
    ),
  })
  .prefault({})
  .describe("What is installed in the cluster once its API answers.");
