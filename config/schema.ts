import { z } from "zod";

// ONE typed object describes a cluster, whatever gives the hosts. Everything that has a sensible default has one, and its
// description says what the default does. Rules that look at more than one key are in rules.ts.

const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, "a DNS label: 1 to 32 lower-case letters, digits and inner hyphens");
const ipv4 = z.ipv4("an IPv4 address such as 10.77.0.10");
const cidr = z.cidrv4("an IPv4 range such as 10.77.0.0/24");
const version = z.string().regex(/^\d+\.\d+\.\d+$/, "a version such as 1.36.3, without a leading v");
const absolutePath = z.string().regex(/^\/[A-Za-z0-9._/-]+$/, "an absolute path of letters, digits and . _ - /");
const labelMap = z.record(z.string(), z.string());

export const roleSchema = z.enum(["etcd", "balancer", "control-plane", "worker"]);

const sshSchema = z
  .strictObject({
    user: z.string().min(1).default("root").describe("Who to log in as. Anyone but root needs sudo without a password."),
    port: z.int().min(1).max(65535).default(22).describe("TCP port of sshd."),
    bastion: z
      .strictObject({
        host: z.string().min(1).describe("Name or address of the host to go through."),
        port: z.int().min(1).max(65535).default(22).describe("TCP port of its sshd."),
        user: z.string().min(1).default("root").describe("Who to log in as there."),
        hostKey: z
          .string()
          .optional()
          .describe("Its public host key, one line as in authorized_keys. Required unless acceptAnyHostKey."),
      })
      .optional()
      .describe("A host through which every other host is reached. By default hosts are reached directly."),
    acceptAnyHostKey: z
      .boolean()
      .default(false)
      .describe(
        "Connect to hosts whose hostKey is not given, unverified. Anyone between can then be that host: only for throw-away hosts.",
      ),
  })
  .prefault({})
  .describe("How hosts are reached. The secret itself is the stack's secret key sshPrivateKey or sshPassword, never in here.");

const hostSchema = z
  .strictObject({
    address: ipv4.describe("The address other hosts reach this one at; also in its certificates."),
    roles: z.array(roleSchema).min(1).describe("What the host is. One host may have several roles; a worker has no other."),
    pool: dnsLabel.optional().describe("The worker pool it belongs to. Workers only; required there."),
    architecture: z.enum(["amd64", "arm64"]).default("amd64").describe("Its processor architecture; checked on the host."),
    connection: z
      .enum(["ssh", "local"])
      .default("ssh")
      .describe("local: the machine that runs this program; commands run there without SSH."),
    sshAddress: z.string().min(1).optional().describe("Where SSH reaches it, where that is not `address`."),
    sshPort: z.int().min(1).max(65535).optional().describe("Where it differs from ssh.port."),
    sshUser: z.string().min(1).optional().describe("Where it differs from ssh.user."),
    hostKey: z
      .string()
      .regex(
        /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|rsa-sha2-(256|512)) [A-Za-z0-9+/=]+( .*)?$/,
        "a public key line such as ssh-ed25519 AAAA…",
      )
      .optional()
      .describe("Its public SSH host key, one line as in authorized_keys. The lab and AWS make it themselves."),
    dataDevice: absolutePath
      .optional()
      .describe("A block device for etcd's data, formatted only when blank. By default etcd.dataDirectory is on the root disk."),
    lost: z
      .boolean()
      .default(false)
      .describe(
        "true: the host is gone for good. Its member and Node are removed elsewhere and nothing runs on it; delete the entry in the next edit.",
      ),
    incarnation: z
      .int()
      .min(1)
      .default(1)
      .describe("Raise it when the host was reinstalled under the same name: everything on it is made anew."),
  })
  .describe("One host.");

const poolSchema = z.strictObject({
  labels: labelMap.default({}).describe("Node labels. By default none but the pool's own, ha-kubernetes/pool."),
  taints: z
    .array(
      z.strictObject({
        key: z.string().min(1).describe("Taint key."),
        value: z.string().default("").describe("Taint value."),
        effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("Taint effect."),
      }),
    )
    .default([])
    .describe("Node taints. By default none."),
  maxUnavailable: z
    .int()
    .min(1)
    .default(1)
    .describe("How many of its workers may be out of service at once while a change is rolled through the pool."),
});

const switchOn = (what: string) => z.boolean().default(true).describe(what);

export const clusterSchema = z.strictObject({
  name: dnsLabel.describe("The cluster's name. Part of the owner mark on every host, so it can't change."),
  provider: z
    .enum(["lab", "baremetal", "aws"])
    .describe(
      "Where hosts come from: lab makes throw-away hosts on this machine, baremetal takes hosts that exist, aws makes instances.",
    ),
  kubernetesVersion: version.describe("Kubernetes version; one that artifacts/lock.json has."),
  versions: z
    .strictObject({
      etcd: version.optional(),
      containerd: version.optional(),
      runc: version.optional(),
      cniPlugins: version.optional(),
      flannel: version.optional(),
      coredns: version.optional(),
    })
    .prefault({})
    .describe("Versions of the other parts. By default those that artifacts/lock.json recommends for the Kubernetes version."),
  nodeCidrs: z
    .array(cidr)
    .min(1)
    .describe(
      "Every network that hosts of this cluster are or will be in. Firewalls allow these, so a new host changes nothing on others.",
    ),
  hosts: z
    .record(dnsLabel, hostSchema)
    .default({})
    .describe("The hosts by name (lab and baremetal). The name is the Node's name and the host name."),
  pools: z.record(dnsLabel, poolSchema).default({}).describe("Worker pools by name."),
  api: z
    .strictObject({
      domainName: z
        .string()
        .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/, "a domain name such as api.dev.internal")
        .describe("The API's name inside the cluster; every node gets it in /etc/hosts."),
      address: ipv4
        .optional()
        .describe("The virtual IP of the balancers, or the address of the balancer you run yourself. Not on aws."),
      port: z
        .int()
        .min(1)
        .max(65535)
        .default(8443)
        .describe(
          "Port of the API at that address. On a control plane that is a balancer too it can't be 6443, the apiserver's own.",
        ),
      extraNames: z
        .array(z.string().min(1))
        .default([])
        .describe("More names or addresses for the API's certificate. By default none."),
      extraArgs: labelMap.default({}).describe("More arguments for kube-apiserver, without the leading --. By default none."),
    })
    .describe("The Kubernetes API's one address."),
  balancer: z
    .strictObject({
      kind: z
        .enum(["haproxy", "external"])
        .default("haproxy")
        .describe(
          "haproxy: built on the hosts of role balancer, with keepalived. external: a balancer you run at api.address, TCP to port 6443 of the control planes.",
        ),
      interface: z
        .string()
        .min(1)
        .optional()
        .describe("Network interface of the virtual IP. By default the one that holds the host's address."),
      virtualRouterId: z
        .int()
        .min(1)
        .max(255)
        .optional()
        .describe("VRRP id, different for each cluster on one network. By default derived from the virtual IP's last byte."),
      advertisementIntervalMilliseconds: z
        .int()
        .min(100)
        .max(10000)
        .multipleOf(10)
        .default(200)
        .describe(
          "How often the holder of the virtual IP says so. A silent one is replaced after a little more than 3 times this.",
        ),
      checkIntervalMilliseconds: z
        .int()
        .min(100)
        .max(60000)
        .default(1000)
        .describe("How often haproxy asks each apiserver's /readyz; two failures in a row take it out."),
      statisticsPort: z
        .int()
        .min(1)
        .max(65535)
        .default(8404)
        .describe("Port of the statistics page and of the health answer that keepalived asks. Password in the outputs."),
      maximumConnections: z
        .int()
        .min(100)
        .default(20000)
        .describe("haproxy's limit of open connections: about 10 for each node."),
    })
    .prefault({})
    .describe("The balancer in front of the apiservers."),
  etcd: z
    .strictObject({
      dataDirectory: absolutePath.default("/var/lib/etcd").describe("Where the members keep their data."),
      quotaMebibytes: z
        .int()
        .min(512)
        .max(8192)
        .default(2048)
        .describe("etcd's space quota. 2048 is etcd's default, 8192 its advised maximum."),
      heartbeatMilliseconds: z
        .int()
        .min(10)
        .max(5000)
        .default(100)
        .describe("Heartbeat interval; about the round trip between members. etcd's default."),
      electionMilliseconds: z
        .int()
        .min(50)
        .max(50000)
        .default(1000)
        .describe("Election timeout; at least 5 times the heartbeat. etcd's default."),
      throwAway: z
        .boolean()
        .default(false)
        .describe("true: allow a single member, which loses the cluster with its host. Only for stacks that may be lost."),
    })
    .prefault({})
    .describe("The etcd cluster: 3 or 5 hosts of role etcd."),
  network: z
    .strictObject({
      podCidr: cidr.default("10.244.0.0/16").describe("Addresses of pods; a /24 of it goes to each node."),
      serviceCidr: cidr.default("10.96.0.0/16").describe("Addresses of Services. The 10th is the cluster's DNS."),
      dnsDomain: z.string().min(1).default("cluster.local").describe("Domain of Services and pods."),
      kubeProxyMode: z
        .enum(["nftables", "iptables", "ipvs"])
        .default("nftables")
        .describe("How Services are made. ipvs is deprecated since Kubernetes 1.35."),
      flannelInterface: z
        .string()
        .min(1)
        .optional()
        .describe("Interface for pod traffic, on hosts with several. By default the one that holds the host's address."),
      nameServers: z
        .array(ipv4)
        .default([])
        .describe("Name servers that pods' outside look-ups go to. By default the host's own, loopback addresses left out."),
    })
    .prefault({})
    .describe("Addresses and Service traffic inside the cluster."),
  certificates: z
    .strictObject({
      authorityValidityHours: z
        .int()
        .min(1)
        .default(87600)
        .describe("Validity of the authorities. 87600 is 10 years, kubeadm's default."),
      leafValidityHours: z
        .int()
        .min(1)
        .default(8760)
        .describe("Validity of all other certificates. 8760 is one year, kubeadm's default."),
      renewBeforeHours: z
        .int()
        .min(0)
        .default(2160)
        .describe("An `up` this long before the end renews a certificate. 2160 is 90 days."),
    })
    .prefault({})
    .describe("How long certificates last. Only an `up` renews them."),
  kubelet: z
    .strictObject({
      maxPods: z.int().min(1).max(500).default(110).describe("Pods on one node. Kubernetes' default."),
      systemReserved: labelMap
        .default({})
        .describe("Resources kept from pods for the system, such as cpu: 100m. By default none."),
      containerLogMaxMebibytes: z.int().min(1).default(10).describe("A container's log is rotated at this size."),
      containerLogMaxFiles: z.int().min(2).default(5).describe("Rotated logs kept for each container."),
    })
    .prefault({})
    .describe("Settings of every kubelet."),
  containerRuntime: z
    .strictObject({
      registryMirrors: z
        .record(z.string(), z.array(z.url()))
        .default({})
        .describe("Mirrors by registry, such as docker.io: [https://mirror.example.com]. By default none."),
      insecureRegistries: z
        .array(z.string())
        .default([])
        .describe("Registries reached without TLS verification. By default none."),
    })
    .prefault({})
    .describe("Settings of containerd."),
  hostPreparation: z
    .strictObject({
      hostName: switchOn("Set the host name to the host's name in this config."),
      packages: switchOn("Install the distribution's packages that the roles need."),
      swap: switchOn("Turn swap off, now and at boot."),
      modules: switchOn("Load the kernel modules that the roles need, now and at boot."),
      sysctl: switchOn("Set the sysctls that the roles need."),
      firewall: switchOn("Open exactly the port table to nodeCidrs in an nftables table of its own."),
      timeSync: switchOn("Run chrony and wait until the clock is in step."),
      journalLimit: switchOn("Limit the journal to 1 GiB."),
      timeZone: z.string().optional().describe("Time zone to set, such as UTC. By default left as it is."),
      extraSysctl: labelMap.default({}).describe("More sysctls. By default none."),
    })
    .prefault({})
    .describe("What is prepared on each host; each can be turned off. Undone when the host is removed."),
  drain: z
    .strictObject({
      timeoutSeconds: z
        .int()
        .min(1)
        .default(300)
        .describe("How long a drain may wait for PodDisruptionBudgets and terminating pods before the step refuses."),
    })
    .prefault({})
    .describe("How pods leave a node that is removed or changed."),
  addons: z
    .strictObject({
      flannel: switchOn("Pod network. Turn it off to bring a network of your own."),
      coredns: z
        .strictObject({
          enabled: switchOn("Cluster DNS."),
          replicas: z.int().min(1).default(2).describe("Pods of CoreDNS."),
          cacheSeconds: z.int().min(0).default(30).describe("How long answers are kept."),
          maxConcurrent: z.int().min(1).default(1000).describe("Look-ups forwarded at once."),
          memoryLimitMebibytes: z.int().min(32).default(170).describe("Memory limit of each pod."),
        })
        .prefault({})
        .describe("CoreDNS."),
    })
    .prefault({})
    .describe("What is installed in the cluster once its API answers."),
  artifacts: z
    .strictObject({
      source: z
        .enum(["official", "mirror", "bundle"])
        .default("official")
        .describe(
          "official: the projects' own URLs. mirror: the same file names below one URL. bundle: a folder on each host, made by `npm run bundle`. The lab always uses a bundle.",
        ),
      location: z
        .string()
        .min(1)
        .optional()
        .describe("The mirror's URL, or the folder on the hosts (default /var/cache/ha-kubernetes/bundle)."),
      manifest: z
        .string()
        .min(1)
        .optional()
        .describe(
          "Path, on the machine that runs this program, of the bundle's manifest.json. Required for bundle and for a mirror of one.",
        ),
    })
    .prefault({})
    .describe("Where hosts take binaries and images from. Each file's SHA-256 is checked on the host."),
  ssh: sshSchema,
  lab: z
    .strictObject({
      subnet: cidr.describe(
        "The bridge's network; hosts and the virtual IP are in it. Not used by anything else on this machine.",
      ),
      sshUser: z.enum(["root", "ops"]).default("root").describe("Who the program logs in as: root, or ops, a user with sudo."),
    })
    .optional()
    .describe("The lab provider's settings."),
});

/** A validated cluster: every default filled in. */
export type Cluster = z.output<typeof clusterSchema>;
export type Role = z.output<typeof roleSchema>;
export type HostConfig = Cluster["hosts"][string];
