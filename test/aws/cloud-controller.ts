import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import type { TestCluster } from "../harness/cluster.ts";
import type { Clients } from "./clients.ts";
import { Repeated } from "./repeated.ts";

const taint = "node.cloudprovider.kubernetes.io/uninitialized";

/**
 * Does for Nodes what cloud-provider-aws does, which can't run here because it needs the instance metadata service: takes the taint
 * `uninitialized` off a Node whose instance runs, and deletes the Node of a deleted instance.
 */
export class CloudControllerStandIn {
  readonly #clients: Clients;
  readonly #cluster: TestCluster;
  readonly #looks = new Repeated("the look at nodes and instances", 2000, () => this.#look());

  constructor(clients: Clients, cluster: TestCluster) {
    this.#clients = clients;
    this.#cluster = cluster;
  }

  start(): void {
    this.#looks.start();
  }

  stop(): void {
    this.#looks.stop();
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
    // A stopped instance keeps its Node.
    return Reservations.flatMap(({ Instances = [] }) => Instances).some(({ State }) => State?.Name !== "terminated");
  }
}
