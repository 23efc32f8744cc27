import { request } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Clients } from "./clients.ts";
import { Repeated } from "./repeated.ts";

/** Where a connection may go. */
interface Target {
  host: string;
  port: number;
}

/**
 * The balancers of the API as one TCP relay at an address of this machine. It reads listeners and targets again
 * every second. A target is healthy while HTTPS /readyz answers 200; without a healthy target all get connections, as behind a Network Load Balancer.
 */
export class LabBalancer {
  readonly #clients: Clients;
  readonly #address: string;
  readonly #servers = new Map<number, Server>();
  readonly #open = new Set<Socket>();
  readonly #looks = new Repeated("the look at balancers and targets", 1000, () => this.#look());
  #targets = new Map<number, Target[]>();
  #next = 0;

  constructor(clients: Clients, address: string) {
    this.#clients = clients;
    this.#address = address;
  }

  start(): void {
    this.#looks.start();
  }

  stop(): void {
    this.#looks.stop();
    for (const server of this.#servers.values()) server.close();
    for (const socket of this.#open) socket.destroy();
  }

  async #look(): Promise<void> {
    const { elb } = this.#clients;
    const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand());
    const found = new Map<number, Target[]>();
    for (const { LoadBalancerArn } of LoadBalancers) {
      const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
      for (const { Port = 0, DefaultActions = [] } of Listeners) {
        found.set(Port, await this.#ready(await this.#registered(DefaultActions[0]?.TargetGroupArn)));
      }
    }
    this.#targets = found;
    for (const port of found.keys()) if (!this.#servers.has(port)) await this.#listen(port);
  }

  async #registered(TargetGroupArn: string | undefined): Promise<Target[]> {
    const { TargetHealthDescriptions = [] } = await this.#clients.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    const targets = TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State !== "draining");
    if (targets.length === 0) return [];
    const ids = targets.map(({ Target }) => Target?.Id ?? "");
    const { Reservations = [] } = await this.#clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
    const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
    return targets.flatMap(({ Target }) => {
      const instance = instances.find(({ InstanceId }) => InstanceId === Target?.Id);
      return instance?.State?.Name === "running" ? [{ host: instance.PrivateIpAddress ?? "", port: Target?.Port ?? 0 }] : [];
    });
  }

  async #ready(targets: Target[]): Promise<Target[]> {
    const answers = await Promise.all(targets.map(isReady));
    const ready = targets.filter((_, index) => answers[index]);
    return ready.length > 0 ? ready : targets;
  }

  #listen(port: number): Promise<void> {
    const server = createServer((client) => this.#relay(client, port));
    this.#servers.set(port, server);
    return new Promise((resolve, reject) => server.once("error", reject).listen(port, this.#address, resolve));
  }

  #relay(client: Socket, port: number): void {
    const targets = this.#targets.get(port) ?? [];
    const target = targets[this.#next++ % Math.max(targets.length, 1)];
    // As a closed port does.
    if (target === undefined) return void client.resetAndDestroy();
    const upstream = connect(target);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

function isReady({ host, port }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = request(
      { host, port, path: "/readyz", rejectUnauthorized: false, timeout: 4000, agent: false },
      ({ statusCode }) => {
        resolve(statusCode === 200);
        ask.destroy();
      },
    );
    ask.on("timeout", () => ask.destroy(new Error("no answer")));
    ask.on("error", () => resolve(false));
    ask.end();
  });
}
