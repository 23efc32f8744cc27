import * as pulumi from "@pulumi/pulumi";
import { joinsAsWorker } from "../config/roles.ts";
import { instanceOwn, type PoolStages, poolStages } from "../hosts/pool-stages.ts";
import { type WorkerStageArgs, workerStage } from "../hosts/stages/worker/worker.ts";
import { mintCredential } from "../hosts/tools/join/credential.ts";
import type { Host, Infrastructure, ScaledPool } from "../providers/contract.ts";
import type { ApiLoadBalancer } from "./api-load-balancer.ts";
import { ClusterPart, hostsOf } from "./cluster-part.ts";
import type { ControlPlane } from "./control-plane.ts";
import { hostCommand, onceCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface WorkerPoolArgs {
  /** The pool's name, a key of `pools` in the config. Default: the component's name. */
  pool?: string;
  /** The cluster's hosts, of which the pool's workers are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: WorkerStageArgs["cluster"];
  /** Where clients find the API: the virtual IP, or the address of a balancer that you run. */
  endpoint: Pick<Infrastructure["endpoint"], "kind" | "address" | "port">;
  /** The authority that signs kubelets' certificates, and all that are trusted, PEM: the PKI's authority kubernetes. */
  authority: { certificate: pulumi.Input<string>; trusted: pulumi.Input<string> };
  /** More arguments for every kubelet. Default: none. */
  kubeletExtraArgs?: Readonly<Record<string, string>>;
  /** The prepared hosts: each worker waits for its own. */
  prepared: HostPreparation;
  /** What admits the workers. */
  controlPlane: ControlPlane;
  /** What the API's address needs. */
  balancer: ApiLoadBalancer;
  /** True once an `up` has recorded the cluster; see `readHistory`. */
  born: boolean;
  /** By host, why a worker's join credential is made again; see `readHistory`. Default: none is. */
  joins?: Readonly<Record<string, string | undefined>>;
  /** What makes the pool's instances, where the cloud scales the pool. Default: the pool's workers are among `hosts`. */
  scaled?: ScaledPool;
}

/** The workers of one pool. Each joins with a credential that a control plane makes for it once its host is prepared. */
export class WorkerPool extends ClusterPart {
  /** @throws pulumi.RunError where the config has no such pool, or where every control plane is lost */
  constructor(name: string, args: WorkerPoolArgs, options?: pulumi.ComponentResourceOptions) {
    const pool = args.pool ?? name;
    super("WorkerPool", name, pool, options);
    const { balancer, born, cluster, controlPlane, endpoint, joins = {}, kubeletExtraArgs = {}, scaled } = args;
    if (!Object.hasOwn(cluster.pools, pool))
      throw new pulumi.RunError(
        `WorkerPool ${name} is for pool ${pool}, which the config's pools don't have; set its arg \`pool\``,
      );
    const { certificate, trusted } = args.authority;
    const shared = pulumi.all([args.owner, endpoint.address, pulumi.output({ certificate, trusted })]);
    const stageOf = (host: Omit<WorkerStageArgs["host"], "pool">, join: WorkerStageArgs["join"]) =>
      shared.apply(([owner, address, authority]) =>
        workerStage({
          host: { ...host, pool },
          owner,
          cluster,
          endpoint: { address, port: endpoint.port },
          authority,
          join,
          kubeletExtraArgs,
        }),
      );
    // A pool that scales has no host here: its instances run the same stages by themselves.
    scaled?.create(scaledStages(args.prepared, pool, scaled, stageOf), { parent: this, dependsOn: [controlPlane, balancer] });
    // Any of them: a worker that has joined asks again only where its credential is of no more use.
    const [minter] = controlPlane.hosts;
    if (!minter) throw new pulumi.RunError("no control plane is left that could admit a worker: every one is marked as lost");
    // After every control plane: a kubelet must never be newer than an apiserver it may meet, and a worker that is undone asks the API,
    // which needs a quorum. Once the cluster is born, balancers of ours wait for all of them, so that no worker names them: what it
    // waits for stays the same, and with it every worker in the state.
    const balancers = Object.values(balancer.commands);
    // A node's own balancer is none of the others' business.
    const apiReady = born && balancers.length > 0 ? balancers : [balancer, controlPlane];
    const readyFor = (host: Host) => {
      const own = endpoint.kind === "node-local" ? balancer.commands[host.name] : undefined;
      return own === undefined ? apiReady : [own, controlPlane];
    };
    for (const host of hostsOf(args.hosts, "worker").filter((it) => it.pool === pool && joinsAsWorker(it.roles))) {
      const prepared = args.prepared.commands[host.name];
      const made = [controlPlane.commands[minter.name], prepared].filter((it) => it !== undefined);
      const joined = onceCommand(
        minter,
        `join-${host.name}`,
        mintCredential({ name: host.name, pool }),
        [host.incarnation ?? 1, ...[host.machineId, joins[host.name]].filter((it) => it !== undefined)],
        { parent: this, dependsOn: made },
      );
      const stage = pulumi
        .all([
          { address: host.address, secondAddress: host.secondAddress, providerId: host.providerId },
          pulumi.secret(joined.stdout),
        ])
        .apply(([own, credential]) => stageOf({ name: host.name, ...own }, { credential }));
      const dependsOn = [joined, ...readyFor(host), ...(prepared ? [prepared] : [])];
      this.commands[host.name] = hostCommand(host, "worker", stage, { parent: this, dependsOn });
    }
    this.register();
  }
}

/** What an instance of a pool that scales runs to become a worker. */
function scaledStages(
  preparation: HostPreparation,
  pool: string,
  { architecture, providerId }: ScaledPool,
  stageOf: (
    host: Omit<WorkerStageArgs["host"], "pool">,
    join: WorkerStageArgs["join"],
  ) => pulumi.Output<ReturnType<typeof workerStage>>,
): pulumi.Output<PoolStages> {
  const { token, name, address } = instanceOwn;
  const own = { name, address, providerId };
  const prepare = preparation.stageOf({ ...own, roles: ["worker"], architecture, pool });
  return pulumi.all([prepare, stageOf(own, { token })]).apply((stages) => poolStages(stages));
}
