import type * as pulumi from "@pulumi/pulumi";
import type { Addon } from "../addons/addon.ts";
import type { LoginSecrets } from "../config/host-logins.ts";
import type { ProviderConfig } from "../config/provider.ts";
import type { Cluster, Role } from "../config/schema.ts";
import type { PoolStages } from "../hosts/pool-stages.ts";
import type { HostFile } from "../hosts/stage.ts";
import type { BackupBucket } from "../hosts/tools/etcd/backup.ts";

/** A login to a machine by SSH. */
export interface SshLogin {
  host: pulumi.Input<string>;
  port: number;
  /** root, or a user who may use sudo; of a bastion, any user. */
  user: string;
  privateKey?: pulumi.Input<string>;
  /** The passphrase of `privateKey`. */
  privateKeyPassword?: pulumi.Input<string>;
  password?: pulumi.Input<string>;
  /** One line as in authorized_keys; verified on every connection. */
  hostKey?: pulumi.Input<string>;
}

/** A login to a host to go through; `bastion` is the one before it on the way. */
export interface BastionLogin extends SshLogin {
  bastion?: BastionLogin;
}

/** How a user who is not root becomes root: by sudo without a password, or with this one. */
export interface Sudo {
  sudoPassword?: pulumi.Input<string>;
}

/** How commands reach a host; `bastion` is the host to go through. */
export type Connection =
  | ({ kind: "ssh" } & BastionLogin & Sudo)
  /** The machine that runs this program; commands run there as root, by sudo where `sudo` says so. */
  | ({ kind: "local"; sudo?: boolean } & Sudo);

/** A machine that answers, wherever it came from. Components see nothing else of a provider. */
export interface Host {
  /** DNS name of at most 63 characters; the Node's name; part of every resource's name. */
  name: string;
  /** The address other hosts reach it at. */
  address: pulumi.Input<string>;
  /** Its address of the other family, with dual stack. Absent elsewhere. */
  secondAddress?: string;
  connection: Connection;
  roles: readonly Role[];
  architecture: "amd64" | "arm64";
  /** Worker pool; workers only. */
  pool?: string;
  /** Block device for etcd's data; by default the root disk. */
  dataDevice?: pulumi.Input<string>;
  /** Raised by the user when a host was reinstalled; part of all its inputs. Default: 1. */
  incarnation?: number;
  /** Gone for good: its resources are kept untouched while others forget it. Default: false. */
  lost?: boolean;
  /** The config's word that makes every stage run again; the same on all hosts, set for every provider by `createInfrastructure`. */
  repair?: string;
  /** What made the host: its commands wait for it. Absent where the host outlives the stack. */
  machine?: pulumi.Resource;
  /**
   * The machine's own id, where a machine can be replaced under the same address: with another one every stage runs again on the
   * blank machine, and a worker leaves before its old one goes. Part of every stage's visible text.
   */
  machineId?: pulumi.Input<string>;
  /** What the kubelet tells the cloud's controllers of its machine, such as a zone and an id. */
  providerId?: pulumi.Input<string>;
  /** What holds all hosts, such as the whole lab: when it goes, nothing on them is undone. Absent where hosts outlive the stack. */
  site?: pulumi.Resource;
}

/** Where hosts take binaries and images from, and the SHA-256 of each file there. */
export interface ArtifactSource {
  kind: "official" | "mirror" | "bundle";
  /** URL of the mirror, or folder on every host. Empty for official. */
  location: string;
  /** SHA-256 by file name where the files are a bundle's own builds; absent where they are the official ones of artifacts/lock.json. */
  sha256?: pulumi.Input<Record<string, string>>;
  /** The config's own repository of images, where hosts pull them. Absent where each comes from its project's registry. */
  imageRepository?: string;
}

/** What a provider gives. */
export interface Infrastructure {
  hosts: readonly Host[];
  /**
   * haproxy: components build the balancer on hosts of role balancer, at this virtual IP. node-local: they build one on every node, which
   * that node finds at this loopback address. given: something else answers there.
   */
  endpoint: {
    kind: "haproxy" | "node-local" | "given";
    address: pulumi.Input<string>;
    /** The address of the other family, with dual stack: served, and in the apiservers' certificates. Absent elsewhere. */
    secondAddress?: string;
    port: number;
    /** Where those outside the nodes find the API, if that is elsewhere. */
    outside?: { address: pulumi.Input<string>; port: number };
    /** True where name servers answer for `api.domainName`; elsewhere every host gets a line in /etc/hosts. */
    inDns?: boolean;
    /** Lets a control plane in behind a given endpoint, once its apiserver answers; deleted, it is let out before that stops. */
    admit?: (host: Host, options: pulumi.CustomResourceOptions) => pulumi.Resource;
  };
  artifacts: ArtifactSource;
  /** More arguments for every kubelet, such as cloud-provider: external. */
  kubeletExtraArgs: Readonly<Record<string, string>>;
  /** Add-ons that the provider brings, applied after those of addons/registry.ts. */
  addons: readonly Addon[];
  /** A bucket that the provider made for copies of etcd's snapshots; absent where it made none, and where the config names one. */
  backupBucket?: pulumi.Input<BackupBucket>;
  /** Pools whose workers the provider's cloud makes and takes away by itself, by name; absent where there are none. */
  scaledPools?: Readonly<Record<string, ScaledPool>>;
  /** What gives those their join tokens: files of control planes, with a timer that keeps a token where instances look for it. */
  joinTokens?: readonly HostFile[];
}

/** A pool without hosts: its instances come and go, and each makes itself a worker. */
export interface ScaledPool {
  architecture: "amd64" | "arm64";
  /** What kubelets tell the cloud's controllers, with placeholders that the instances fill in. */
  providerId: string;
  /** Makes the pool of instances that run these stages when they start. */
  create: (stages: pulumi.Output<PoolStages>, options: pulumi.CustomResourceOptions) => void;
}

export interface ProviderArgs<C extends Cluster = Cluster> {
  cluster: C;
  /** Kubernetes versions that hosts need on the way to the config's. */
  path?: readonly string[];
  /** What logs in to hosts that exist already. Default: none. */
  secrets: LoginSecrets<pulumi.Input<string>>;
  /**
   * Hosts that an earlier `up` finished, and that were not reinstalled since. Where it is given, every other host that exists already is
   * logged in to first. Default: none is.
   */
  knownHosts?: ReadonlySet<string>;
  parent?: pulumi.Resource;
}

/** One provider: its half of the config, and what makes its hosts. A folder of `providers/` exports one, and `registry.ts` names it. */
export interface ProviderModule<C extends Cluster = Cluster> extends ProviderConfig<C> {
  /** Makes what the config asks of the provider. What that needs is imported in here, so that a provider that is not used is never loaded. */
  create(args: ProviderArgs<C>): Promise<Infrastructure>;
}
