import * as pulumi from "@pulumi/pulumi";
import { controlPlaneStage } from "../hosts/control-plane/control-plane.ts";
import { clientUrl } from "../hosts/etcd/urls.ts";
import type { Authority, Leaf } from "./clusterPki.ts";
import { addressesOf, type ClusterContext, hostsOf } from "./context.ts";
import { type HostCommand, hostCommand } from "./host.ts";

interface ControlPlaneArgs {
  prepared: Record<string, HostCommand>;
  /** The apiservers' store. */
  etcd: pulumi.Resource;
}

/** The control planes: all made at once, none of them the first. */
export class ControlPlane extends pulumi.ComponentResource {
  /** The control plane's command, by host. */
  readonly commands: Record<string, HostCommand> = {};
  /** Ends of the certificates that kubeadm made, which are those of the etcd client leaf, by host. */
  readonly validUntil: Record<string, pulumi.Output<string>> = {};

  constructor(name: string, context: ClusterContext, args: ControlPlaneArgs, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:ControlPlane", name, {}, options);
    const { cluster, infrastructure, owner, pki } = context;
    const { endpoint } = infrastructure;
    const members = addressesOf(hostsOf(infrastructure, "etcd"));
    const shared = pulumi.output({
      kubernetes: pulumi.output(issuing(pki.authority("kubernetes"))),
      frontProxy: pulumi.output(issuing(pki.authority("front-proxy"))),
      serviceAccount: pulumi.output(pki.serviceAccount),
      etcdAuthority: pki.authority("etcd").trusted,
    });
    const hosts = hostsOf(infrastructure, "control-plane");
    // Of all control planes: a teardown without etcd goes by the marks that they carry until prepare is undone.
    const prepared = hosts.flatMap(({ name }) => args.prepared[name] ?? []);
    for (const host of hosts) {
      const client = pki.leaf(`etcd-client-${host.name}`, "etcd", { commonName: host.name, uses: ["client_auth"] });
      this.validUntil[host.name] = client.validUntil;
      const stage = pulumi
        .all([
          owner,
          { address: host.address, providerId: host.providerId },
          endpoint.address,
          members,
          shared,
          pulumi.output(pair(client)),
        ])
        .apply(([owner, { address, providerId }, endpointAddress, members, shared, etcdClient]) =>
          controlPlaneStage({
            host: { name: host.name, address, providerId },
            owner,
            cluster,
            endpoint: { address: endpointAddress, port: endpoint.port },
            controlPlanes: hosts.filter((it) => !it.lost).map((it) => it.name),
            etcdClientUrls: members.map((member) => clientUrl(member.address)),
            pki: { ...shared, etcdClient },
            kubeletExtraArgs: infrastructure.kubeletExtraArgs,
          }),
        );
      this.commands[host.name] = hostCommand(host, "control-plane", stage, { parent: this, dependsOn: [args.etcd, ...prepared] });
    }
    this.registerOutputs({});
  }
}

const pair = ({ key, certificate }: Leaf) => ({ key, certificate });
const issuing = ({ key, certificate, trusted }: Authority) => ({ key, certificate, trusted });
