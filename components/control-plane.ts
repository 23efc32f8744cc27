import * as pulumi from "@pulumi/pulumi";
import { passingArtifacts } from "../hosts/artifact-list.ts";
import { type ControlPlaneStageArgs, controlPlaneStage } from "../hosts/stages/control-plane/control-plane.ts";
import type { ArtifactSource, Host } from "../providers/contract.ts";
import { ClusterPart, hostsOf } from "./cluster-part.ts";
import type { Authority, ClusterPki, Leaf } from "./cluster-pki.ts";
import type { EtcdCluster } from "./etcd-cluster.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface ControlPlaneArgs {
  /** The cluster's hosts, of which those of role control-plane are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: ControlPlaneStageArgs["cluster"];
  /** Where clients find the API: the virtual IP, or the address of a balancer that you run. */
  endpoint: { address: pulumi.Input<string>; secondAddress?: string; port: number };
  /** The authorities, the service-account key, and what issues the apiservers' certificates for etcd. */
  pki: Pick<ClusterPki, "authority" | "leaf" | "serviceAccount">;
  /** The apiservers' store. */
  etcd: EtcdCluster;
  /** The prepared hosts. Every control plane waits for all of them that are control planes. */
  prepared: HostPreparation;
  /** Kubernetes versions on the way to the config's, through which control planes go first; see `readHistory`. Default: none. */
  path?: readonly string[];
  /** Where hosts take the artifacts of the versions of `path` from. */
  artifacts: ArtifactSource;
  /** More arguments for every kubelet. Default: none. */
  kubeletExtraArgs?: Readonly<Record<string, string>>;
  /** Contents of the components' files that the config calls secret, by the file's name. Required with such a file. */
  secretFiles?: pulumi.Input<Readonly<Record<string, string>>>;
}

/** The control planes. All are made at once and none is the first. Later they go through the versions of `path`, one after another. */
export class ControlPlane extends ClusterPart {
  /** The control planes that are not lost, ordered by name. */
  readonly hosts: readonly Host[];
  /** Ends of the certificates that kubeadm made, which are those of the etcd client leaf, by host. */
  readonly validUntil: Record<string, pulumi.Output<string>> = {};

  constructor(name: string, args: ControlPlaneArgs, options?: pulumi.ComponentResourceOptions) {
    super("ControlPlane", name, "control-plane", options);
    const { artifacts, cluster, endpoint, kubeletExtraArgs = {}, path = [], pki } = args;
    const shared = pulumi.output({
      kubernetes: pulumi.output(issuing(pki.authority("kubernetes"))),
      frontProxy: pulumi.output(issuing(pki.authority("front-proxy"))),
      serviceAccount: pulumi.output(pki.serviceAccount),
      etcdAuthority: pki.authority("etcd").trusted,
    });
    const secretFiles = args.secretFiles === undefined ? {} : pulumi.secret(args.secretFiles);
    const hosts = hostsOf(args.hosts, "control-plane");
    this.hosts = hosts.filter((host) => !host.lost);
    // Of all control planes: a teardown without etcd goes by the marks that they carry until prepare is undone.
    const prepared = hosts.flatMap(({ name }) => args.prepared.commands[name] ?? []);
    const clients = new Map(
      hosts.map((host) => [host, pki.leaf(`etcd-client-${host.name}`, "etcd", { commonName: host.name, uses: ["client_auth"] })]),
    );
    const make = (host: Host, client: Leaf, passing: string | undefined, after: pulumi.Resource[]) => {
      const stage = pulumi
        .all([
          args.owner,
          { address: host.address, providerId: host.providerId },
          endpoint.address,
          args.etcd.clientUrls,
          shared,
          pulumi.output(pair(client)),
          // Only used for a version on the way, and unknown in a preview of another version.
          passing === undefined ? undefined : artifacts.sha256,
          secretFiles,
        ])
        .apply(([owner, { address, providerId }, endpointAddress, etcdClientUrls, shared, etcdClient, sha256, secretFiles]) =>
          controlPlaneStage({
            host: { name: host.name, address, secondAddress: host.secondAddress, providerId },
            owner,
            cluster: passing === undefined ? cluster : { ...cluster, kubernetesVersion: passing },
            endpoint: { ...endpoint, address: endpointAddress },
            controlPlanes: this.hosts.map((it) => it.name),
            etcdClientUrls,
            pki: { ...shared, etcdClient },
            kubeletExtraArgs,
            secretFiles,
            passing: passing && passingArtifacts(passing, host.architecture, { ...artifacts, sha256 }),
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
    this.register({ validUntil: this.validUntil });
  }
}

const pair = ({ key, certificate }: Leaf) => ({ key, certificate });
const issuing = ({ key, certificate, trusted }: Authority) => ({ key, certificate, trusted });
