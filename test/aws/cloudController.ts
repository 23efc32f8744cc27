import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import type { TestCluster } from "../support/cluster.ts";
import type { Clients } from "./clients.ts";

const taint = "node.cloudprovider.kubernetes.io/uninitialized";

/**
 * Does what cloud-provider-aws does for Nodes, which can't run here: it asks the instance metadata service. Takes the taint
 * `uninitialized` off a Node whose instance runs, and deletes the Node of an instance that is gone.
 */
export class CloudControllerStandIn {
  readonly #clients: Clients;
  readonly #cluster: TestCluster;
  #timer: NodeJS.Timeout | undefined;
  /** What went wrong at the last look: most of the time that there is no API yet. */
  error: unknown;

  constructor(clients: Clients, cluster: TestCluster) {
    this.#clients = clients;
    this.#cluster = cluster;
  }

  start(): void {
    const look = async () => {
      try {
        await this.#look();
        this.error = undefined;
      } catch (error) {
        this.error = error;
      }
      if (this.#timer !== undefined) this.#timer = setTimeout(look, 2000);
    };
    this.#timer = setTimeout(look, 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    for (const { metadata, spec } of await this.#cluster.list("nodes")) {
      const id = String(spec.providerID).split("/").at(-1) ?? "";
      if (!(await this.#runs(id))) await this.#cluster.kubectl(`delete node ${metadata.name} --wait=false`);
      else if (spec.taints?.some(({ key }: { key: string }) => key === taint))
        await this.#cluster.kubectl(`taint node ${metadata.name} ${taint}-`);
    }
  }

  async #runs(id: string): Promise<boolean> {
    const { Reservations = [] } = await this.#clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    // One that is stopped is still the Node's.
    return Reservations.flatMap(({ Instances = [] }) => Instances).some(({ State }) => State?.Name !== "terminated");
  }
}
