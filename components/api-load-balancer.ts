import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { hostPort } from "../config/addresses.ts";
import { apiNames, hasStatisticsPage, statisticsPagePort } from "../config/api.ts";
import { isNode } from "../hosts/cluster.ts";
import { type BalancerStageArgs, balancerStage } from "../hosts/stages/balancer/balancer.ts";
import type { Host, Infrastructure } from "../providers/contract.ts";
import { addressesOf, ClusterPart, hostsOf } from "./cluster-part.ts";
import type { ClusterPki, Leaf } from "./cluster-pki.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface ApiLoadBalancerArgs {
  /** The cluster's hosts: those of role balancer, or all nodes where each has its own, get a balancer. Control planes are the backends. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: BalancerStageArgs["cluster"];
  /** The API's endpoint; see `Infrastructure`. */
  endpoint: Infrastructure["endpoint"];
  /** Certificates of the authority that signs for apiservers, PEM: `trusted` of the PKI's authority kubernetes. */
  authority: pulumi.Input<string>;
  /** What FRR proves itself with to routers, with a routed address. Secret. Default: nothing. */
  routingPassword?: pulumi.Input<string>;
  /** The statistics page's password. Default: a random one. */
  statisticsPassword?: pulumi.Input<string>;
  /** Makes the certificates of statistics pages with TLS. */
  pki: Pick<ClusterPki, "leaf" | "separateAuthority">;
  /** The prepared hosts: each balancer waits for its own. */
  prepared: HostPreparation;
  /** The backends. Each must answer before a running balancer learns of it. */
  controlPlane: ControlPlane;
  /** True once an `up` has recorded the cluster; see `readHistory`. Before, balancers start beside the control planes. */
  born: boolean;
  /** Names of balancers that the last `up` recorded: they run already. Default: none. */
  balancers?: ReadonlySet<string>;
}

/**
 * haproxy in front of the apiservers, with keepalived on hosts of role balancer, or alone on every node. Where something else answers at the API's address, such as a cloud's
 * balancer, this registers each control plane there instead.
 */
export class ApiLoadBalancer extends ClusterPart {
  /** The statistics page and its login. Absent where the balancer is not ours. */
  statistics?: {
    url: pulumi.Output<string>;
    user: string;
    password: pulumi.Output<string>;
    /** With TLS, whose certificates pages have, PEM. */
    authority?: pulumi.Output<string>;
  };

  constructor(name: string, args: ApiLoadBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super("ApiLoadBalancer", name, "api", options);
    const { balancers: recorded = new Set(), born, cluster, controlPlane, endpoint } = args;
    if (endpoint.kind === "given") {
      for (const host of hostsOf(args.hosts, "control-plane").filter(({ lost }) => !lost)) {
        endpoint.admit?.(host, { parent: this, dependsOn: controlPlane.commands[host.name] });
      }
      this.register();
      return;
    }
    const local = endpoint.kind === "node-local";
    const page = hasStatisticsPage(cluster);
    // The key is on hosts that hold nothing of the cluster's authorities, and names the API: no client of the API may trust it.
    const pages = page && cluster.balancer.statistics.tls ? args.pki.separateAuthority("statistics-authority") : undefined;
    const password = page ? this.createStatistics(args, endpoint.address, pages?.certificate) : "";
    const hosts = local ? args.hosts.filter(({ roles }) => isNode(roles)).sort(byName) : hostsOf(args.hosts, "balancer");
    const controlPlanes = addressesOf(hostsOf(args.hosts, "control-plane"));
    // Nodes' own balancers know nothing of each other.
    const balancers = local ? [] : addressesOf(hosts).apply((list) => list.map(({ address }) => address));
    const running = local ? [] : hosts.filter(({ name }) => recorded.has(name));
    const told: HostCommand[] = [];
    let previous: HostCommand | undefined;
    for (const host of [...running, ...hosts.filter((it) => !running.includes(it))]) {
      const stage = pulumi
        .all([
          args.owner,
          host.address,
          endpoint.address,
          controlPlanes,
          balancers,
          args.authority,
          pulumi.all([password, pages && pageCertificate(args, pages, host, endpoint)]),
          args.routingPassword,
        ])
        .apply(
          ([
            owner,
            address,
            virtualIp,
            controlPlanes,
            balancerAddresses,
            authorityPem,
            [statisticsPassword, pagePem],
            routingPassword,
          ]) =>
            balancerStage({
              host: { name: host.name, address },
              owner,
              cluster,
              virtualIp,
              secondVirtualIp: endpoint.secondAddress,
              controlPlanes,
              balancerAddresses,
              authorityPem,
              statisticsPassword,
              chosenPassword: args.statisticsPassword !== undefined,
              pagePem,
              routingPassword,
            }),
        );
      // After the control planes: haproxy counts a backend as up until its first check, so a new backend must answer first. At birth
      // there are no clients and no running balancer that could be cut off: balancers start beside the control planes.
      const chained = !local && needsChain(host);
      const others = born ? [controlPlane, chained ? previous : undefined] : [];
      const after = [args.prepared.commands[host.name], ...others].filter((it) => it !== undefined);
      // A new balancer starts once the running ones know it. Earlier, it would not hear who holds the address, and would take it, too.
      const isRunning = running.includes(host);
      const command = hostCommand(host, "balancer", stage, { parent: this, dependsOn: isRunning ? after : [...after, ...told] });
      if (isRunning) told.push(command);
      this.commands[host.name] = command;
      if (chained) previous = command;
    }
    this.register(!page ? {} : { statistics: this.statistics });
  }

  private createStatistics(
    args: ApiLoadBalancerArgs,
    address: pulumi.Input<string>,
    authority?: pulumi.Output<string>,
  ): pulumi.Output<string> {
    const { cluster, statisticsPassword } = args;
    const { tls, user } = cluster.balancer.statistics;
    const random24 = { length: 24, special: false };
    const password =
      statisticsPassword === undefined
        ? new random.RandomPassword(this.childName("statistics"), random24, { parent: this }).result
        : pulumi.secret(statisticsPassword);
    const port = statisticsPagePort(cluster);
    const url = pulumi.output(address).apply((host) => `${tls ? "https" : "http"}://${hostPort(host, port)}/`);
    this.statistics = { url, user, password, ...(authority && { authority }) };
    return password;
  }
}

/** Certificate and key of a balancer's page, PEM: it is found at the API's address and at the host's own. */
function pageCertificate(
  { cluster, pki }: ApiLoadBalancerArgs,
  authority: Leaf,
  host: Host,
  endpoint: { address: pulumi.Input<string>; secondAddress?: string },
): pulumi.Output<string> {
  const second = [endpoint.secondAddress, host.secondAddress].filter((it) => it !== undefined);
  const { key, certificate } = pki.leaf(`statistics-${host.name}`, authority, {
    commonName: `statistics-${host.name}`,
    dnsNames: [...apiNames(cluster), host.name],
    ipAddresses: [endpoint.address, host.address, ...second],
    uses: ["server_auth"],
  });
  return pulumi.interpolate`${certificate}${key}`;
}

const byName = (a: Host, b: Host) => (a.name < b.name ? -1 : 1);

// A host without a credential for etcd can't take the cluster-wide turn, so the program chains such hosts.
const needsChain = (host: Host) => !host.roles.includes("etcd") && !host.roles.includes("control-plane");
