import * as pulumi from "@pulumi/pulumi";
import { etcdStage } from "../hosts/stages/etcd/etcd.ts";
import { addressesOf, type ClusterContext, hostsOf } from "./context.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";

/**
 * etcd on the hosts of role etcd, outside Kubernetes. Members start without waiting for each other; who needs a quorum waits
 * for it.
 */
export class EtcdCluster extends pulumi.ComponentResource {
  readonly commands: HostCommand[] = [];
  /** True once every member was started: recorded, so that no later run may start another cluster. */
  readonly born: pulumi.Output<boolean>;
  /** Ends of the members' certificates, by host. */
  readonly validUntil: Record<string, pulumi.Output<string>> = {};

  constructor(
    name: string,
    context: ClusterContext,
    args: { prepared: Record<string, HostCommand>; backupSshKey?: pulumi.Output<string> },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("ha-kubernetes:index:EtcdCluster", name, {}, options);
    const { cluster, infrastructure, owner, pki, versions, born, reborn, restores } = context;
    const hosts = hostsOf(infrastructure, "etcd");
    const members = addressesOf(hosts);
    const authority = pki.authority("etcd").trusted;
    const backup = pulumi.output({ backupSshKey: args.backupSshKey, backupBucket: infrastructure.backupBucket });
    for (const host of hosts) {
      const { key, certificate, validUntil } = pki.leaf(`etcd-${host.name}`, "etcd", {
        commonName: host.name,
        dnsNames: [host.name, "localhost"],
        ipAddresses: [host.address, "127.0.0.1"],
        uses: ["server_auth", "client_auth"],
      });
      this.validUntil[host.name] = validUntil;
      const stage = pulumi
        .all([owner, host.address, host.dataDevice, members, authority, certificate, key, backup])
        .apply(([owner, address, dataDevice, members, authority, certificate, key, backup]) =>
          etcdStage({
            host: { name: host.name, address, dataDevice },
            owner,
            cluster,
            version: versions.etcd,
            tls: { authority, certificate, key },
            ...backup,
            birth: { bootstrap: !born, members },
            restores,
          }),
        );
      // A reinstalled member is told the members of today; every other one keeps what it was born with.
      this.commands.push(
        hostCommand(
          host,
          "etcd",
          stage,
          { parent: this, dependsOn: args.prepared[host.name] },
          { keepBirth: !reborn.has(host.name) },
        ),
      );
    }
    this.born = pulumi.all(this.commands.map((command) => command.stdout)).apply(() => true);
    this.registerOutputs({});
  }
}
