import * as pulumi from "@pulumi/pulumi";
import { passingArtifacts } from "../hosts/artifacts.ts";
import { clientUrl } from "../hosts/cluster.ts";
import { controlPlaneStage } from "../hosts/stages/control-plane/control-plane.ts";
import type { Host } from "../providers/contract.ts";
import type { Authority, Leaf } from "./cluster-pki.ts";
import { addressesOf, type ClusterContext, hostsOf } from "./context.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";

interface ControlPlaneArgs {
  prepared: Record<string, HostCommand>;
  /** The apiservers' store. */
  etcd: pulumi.Resource;
}

/** The control planes: all made at once, none of them the first. Later they go through the versions of `path`, one after another. */
export class ControlPlane extends pulumi.ComponentResource {
  /** The control plane's command, by host. */
  readonly commands: Record<string, HostCommand> = {};
  /** Ends of the certificates that kubeadm made, which are those of the etcd client leaf, by host. */
  readonly validUntil: Record<string, pulumi.Output<string>> = {};

  constructor(name: string, context: ClusterContext, args: ControlPlaneArgs, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:ControlPlane", name, {}, options);
    const { cluster, infrastructure, owner, path, pki } = context;
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
    const clients = new Map(
      hosts.map((host) => [host, pki.leaf(`etcd-client-${host.name}`, "etcd", { commonName: host.name, uses: ["client_auth"] })]),
    );
    const make = (host: Host, client: Leaf, passing: string | undefined, after: pulumi.Resource[]) => {
      const stage = pulumi
        .all([
          owner,
          { address: host.address, providerId: host.providerId },
          endpoint.address,
          members,
          shared,
          pulumi.output(pair(client)),
          // Of no use otherwise, and unknown in a preview of another version.
          passing === undefined ? undefined : infrastructure.artifacts.sha256,
        ])
        .apply(([owner, { address, providerId }, endpointAddress, members, shared, etcdClient, sha256]) =>
          controlPlaneStage({
            host: { name: host.name, address, providerId },
            owner,
            cluster: passing === undefined ? cluster : { ...cluster, kubernetesVersion: passing },
            endpoint: { address: endpointAddress, port: endpoint.port },
            controlPlanes: hosts.filter((it) => !it.lost).map((it) => it.name),
            etcdClientUrls: members.map((member) => clientUrl(member.address)),
            pki: { ...shared, etcdClient },
            kubeletExtraArgs: infrastructure.kubeletExtraArgs,
            passing: passing && passingArtifacts(passing, host.architecture, { ...infrastructure.artifacts, sha256 }),
          }),
        );
      return hostCommand(host, "control-plane", stage, { parent: this, dependsOn: after }, { passing });
    };
    for (const [host, client] of clients) this.validUntil[host.name] = client.validUntil;
    // All at one version before any goes to the next: two apiservers may be one minor version apart, not more.
    let step: pulumi.Resource[] = [args.etcd, ...prepared];
    for (const version of [...path, undefined]) {
      const commands: HostCommand[] = [];
      for (const [host, client] of clients) {
        if (version !== undefined && host.lost) continue;
        const command = make(host, client, version, step);
        commands.push(command);
        if (version === undefined) this.commands[host.name] = command;
      }
      step = [args.etcd, ...prepared, ...commands];
    }
    this.registerOutputs({});
  }
}

const pair = ({ key, certificate }: Leaf) => ({ key, certificate });
const issuing = ({ key, certificate, trusted }: Authority) => ({ key, certificate, trusted });
