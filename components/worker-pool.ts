import * as pulumi from "@pulumi/pulumi";
import { instanceOwn, type PoolStages, poolStages } from "../hosts/pool/pool.ts";
import type { Stage } from "../hosts/stage.ts";
import { workerStage } from "../hosts/stages/worker/worker.ts";
import { mintCredential } from "../hosts/tools/join/credential.ts";
import type { ApiLoadBalancer } from "./api-load-balancer.ts";
import type { ClusterPki } from "./cluster-pki.ts";
import { type ClusterContext, hostsOf } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type HostCommand, hostCommand, onceCommand } from "./host-command.ts";
import { preparation } from "./host-preparation.ts";

interface WorkerPoolArgs {
  prepared: Record<string, HostCommand>;
  controlPlane: ControlPlane;
  /** What the API's address needs. */
  balancer: ApiLoadBalancer;
}

/** The workers of one pool. Each joins with a credential that a control plane makes for it once its host is prepared. */
export class WorkerPool extends pulumi.ComponentResource {
  readonly commands: HostCommand[] = [];

  constructor(name: string, context: ClusterContext, args: WorkerPoolArgs, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:WorkerPool", name, {}, options);
    const { born, cluster, infrastructure, joins, owner, pki } = context;
    const { endpoint, kubeletExtraArgs } = infrastructure;
    // A pool that scales has no host here: its instances run the same stages by themselves.
    const scaled = infrastructure.scaledPools?.[name];
    scaled?.create(scaledStages(name, context, scaled.architecture), {
      parent: this,
      dependsOn: [args.controlPlane, args.balancer],
    });
    const authority = authorityOf(pki);
    // Whichever it is: a worker that has joined asks again only where its credential is of no more use.
    const minter = hostsOf(infrastructure, "control-plane").find((host) => !host.lost);
    if (!minter) throw new pulumi.RunError("no control plane is left that could admit a worker: every one is marked as lost");
    // After every control plane: a kubelet must never be newer than an apiserver it may meet, and a worker that is undone asks the API,
    // which needs a quorum. Once the cluster is born, balancers of ours wait for all of them, so that no worker names them: what it
    // waits for stays the same, and with it every worker in the state.
    const { commands: balancers } = args.balancer;
    const apiReady = born && balancers.length > 0 ? balancers : [args.balancer, args.controlPlane];
    for (const host of hostsOf(infrastructure, "worker").filter((it) => it.pool === name)) {
      const prepared = args.prepared[host.name];
      const made = [args.controlPlane.commands[minter.name], prepared].filter((it) => it !== undefined);
      const joined = onceCommand(
        minter,
        `join-${host.name}`,
        mintCredential({ name: host.name, pool: name }),
        [host.incarnation, ...[host.machineId, joins[host.name]].filter((it) => it !== undefined)],
        { parent: this, dependsOn: made },
      );
      const stage = pulumi
        .all([
          owner,
          { address: host.address, providerId: host.providerId },
          endpoint.address,
          authority,
          pulumi.secret(joined.stdout),
        ])
        .apply(([owner, { address, providerId }, endpointAddress, authority, credential]) =>
          workerStage({
            host: { name: host.name, address, pool: name, providerId },
            owner,
            cluster,
            endpoint: { address: endpointAddress, port: endpoint.port },
            authority,
            join: { credential },
            kubeletExtraArgs,
          }),
        );
      const dependsOn = [joined, ...apiReady, ...(prepared ? [prepared] : [])];
      this.commands.push(hostCommand(host, "worker", stage, { parent: this, dependsOn }));
    }
    this.registerOutputs({});
  }
}

function authorityOf(pki: ClusterPki) {
  const { certificate, trusted } = pki.authority("kubernetes");
  return pulumi.output({ certificate, trusted });
}

/** What a worker's instance runs that makes itself one. */
function scaledStages(pool: string, context: ClusterContext, architecture: "amd64" | "arm64"): pulumi.Output<PoolStages> {
  const { cluster, infrastructure, owner, pki } = context;
  const { endpoint, kubeletExtraArgs } = infrastructure;
  const { name, address, providerId, token } = instanceOwn;
  const prepared = preparation(context, { name, address, roles: ["worker"], architecture, pool });
  return pulumi.all([prepared, owner, endpoint.address, authorityOf(pki)]).apply(([prepare, owner, endpointAddress, authority]) =>
    poolStages([
      prepare as Stage,
      workerStage({
        host: { name, address, pool, providerId },
        owner,
        cluster,
        endpoint: { address: endpointAddress, port: endpoint.port },
        authority,
        join: { token },
        kubeletExtraArgs,
      }),
    ]),
  );
}
