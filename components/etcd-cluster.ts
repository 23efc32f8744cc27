import * as pulumi from "@pulumi/pulumi";
import { clientUrl } from "../hosts/cluster.ts";
import { type EtcdStageArgs, etcdStage } from "../hosts/stages/etcd/etcd.ts";
import type { Host, Infrastructure } from "../providers/contract.ts";
import { addressesOf, ClusterPart, hostsOf } from "./cluster-part.ts";
import type { ClusterPki } from "./cluster-pki.ts";
import { hostCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface EtcdClusterArgs {
  /** The cluster's hosts, of which those of role etcd are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: EtcdStageArgs["cluster"];
  /** Version of etcd, such as 3.6.4; see `resolveVersions`. */
  version: string;
  /** What issues the members' certificates, under its authority etcd. */
  pki: Pick<ClusterPki, "authority" | "leaf">;
  /** The prepared hosts: each member waits for its own. */
  prepared: HostPreparation;
  /** True once an `up` has recorded `born`; see `readHistory`. Only while it is false may members start a new cluster. */
  born: boolean;
  /** Names of hosts that were reinstalled since the last `up`: their members join again. Default: none. */
  reborn?: ReadonlySet<string>;
  /** Ids of all restores of this etcd, oldest first, that of this `up` included. Default: none. */
  restores?: readonly string[];
  /** Private SSH key for `etcd.backup.copyToSsh`, in OpenSSH's or PEM format. Required with that key of the config. */
  backupSshKey?: pulumi.Input<string>;
  /** The bucket for copies of snapshots. Default: that of `etcd.backup.copyToS3`. */
  backupBucket?: Infrastructure["backupBucket"];
}

/** etcd, outside Kubernetes. Members start without waiting for each other; whatever needs a quorum waits for it. */
export class EtcdCluster extends ClusterPart {
  /** URLs of the members for clients, such as https://10.0.0.11:2379. Clients need a certificate of the authority etcd. */
  readonly clientUrls: pulumi.Output<string[]>;
  /** True once every member was started. Export it, so that no later `up` starts a new cluster. */
  readonly born: pulumi.Output<boolean>;
  /** Ends of the members' certificates, by host. */
  readonly validUntil: Record<string, pulumi.Output<string>> = {};

  /** @throws pulumi.RunError where no host has the role etcd */
  constructor(name: string, args: EtcdClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super("EtcdCluster", name, "etcd", options);
    const { born, cluster, pki, reborn, restores = [], version } = args;
    const hosts = hostsOf(args.hosts, "etcd");
    if (hosts.length === 0) throw new pulumi.RunError(`EtcdCluster ${name} has no members: no host has the role etcd`);
    const members = addressesOf(hosts);
    const authority = pki.authority("etcd").trusted;
    const backup = pulumi.output({ backupSshKey: args.backupSshKey, backupBucket: args.backupBucket });
    for (const host of hosts) {
      const { key, certificate, validUntil } = pki.leaf(`etcd-${host.name}`, "etcd", {
        commonName: host.name,
        dnsNames: [host.name, "localhost"],
        ipAddresses: [host.address, "127.0.0.1"],
        uses: ["server_auth", "client_auth"],
      });
      this.validUntil[host.name] = validUntil;
      const stage = pulumi
        .all([args.owner, host.address, host.dataDevice, members, authority, certificate, key, backup])
        .apply(([owner, address, dataDevice, members, authority, certificate, key, backup]) =>
          etcdStage({
            host: { name: host.name, address, dataDevice },
            owner,
            cluster,
            version,
            tls: { authority, certificate, key },
            ...backup,
            birth: { bootstrap: !born, members },
            restores,
          }),
        );
      // A reinstalled member gets the current list of members. Every other member keeps the list of its birth.
      const options = { parent: this, dependsOn: args.prepared.commands[host.name] };
      this.commands[host.name] = hostCommand(host, "etcd", stage, options, { keepBirth: !reborn?.has(host.name) });
    }
    this.clientUrls = members.apply((list) => list.map(({ address }) => clientUrl(address)));
    this.born = pulumi.all(Object.values(this.commands).map(({ stdout }) => stdout)).apply(() => true);
    this.register({ clientUrls: this.clientUrls, born: this.born, validUntil: this.validUntil });
  }
}
