import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { getServers } from "node:dns";
import { DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { ListHostedZonesCommand, ListResourceRecordSetsCommand } from "@aws-sdk/client-route-53";
import type { Clients } from "./clients.ts";

/** Every name of a balancer: the balancers' own, and the aliases in Route 53. */
async function balancerNames({ elb, route53 }: Clients): Promise<Set<string>> {
  const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand());
  const names = LoadBalancers.map(({ DNSName = "" }) => DNSName);
  const { HostedZones = [] } = await route53.send(new ListHostedZonesCommand({}));
  for (const { Id } of HostedZones) {
    const { ResourceRecordSets = [] } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: Id }));
    for (const { Name = "", AliasTarget } of ResourceRecordSets) if (AliasTarget) names.push(Name.replace(/\.$/, ""));
  }
  return new Set(names.map((name) => name.toLowerCase()));
}

/** The name server of a VPC: names of a balancer have its address, every other query goes to this machine's own server. */
export class LabNames {
  readonly #clients: Clients;
  readonly #address: string;
  readonly #server: Socket = createSocket("udp4");
  readonly #asking = new Set<Socket>();

  /** It answers at `address`, of this machine, where the balancer is, too. */
  constructor(clients: Clients, address: string) {
    this.#clients = clients;
    this.#address = address;
  }

  async start(): Promise<void> {
    this.#server.on("message", (question, from) => {
      // A client repeats a query without an answer.
      this.#answer(question, from).catch(() => undefined);
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).bind(53, this.#address, resolve);
    });
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#asking) socket.close();
  }

  async #answer(question: Buffer, from: RemoteInfo): Promise<void> {
    const { name, type, end } = readQuestion(question);
    const answer = (await balancerNames(this.#clients)).has(name)
      ? ownAnswer(question, end, type === 1 ? this.#address : undefined)
      : await this.#forward(question);
    this.#server.send(answer, from.port, from.address);
  }

  #forward(question: Buffer): Promise<Buffer> {
    const [server] = getServers().filter((one) => /^[\d.]+$/.test(one));
    if (server === undefined) throw new Error("this machine has no name server");
    const socket = createSocket("udp4");
    this.#asking.add(socket);
    return new Promise<Buffer>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("no answer")), 4000);
      socket.once("error", reject);
      socket.once("message", (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
      socket.send(question, 53, server);
    }).finally(() => {
      this.#asking.delete(socket);
      socket.close();
    });
  }
}

/** The first question of a message (RFC 1035, 4.1.2), and where it ends. */
function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** An answer with one address, or with none if the name exists without a record of that type. */
function ownAnswer(question: Buffer, end: number, address: string | undefined): Buffer {
  const head = Buffer.from(question.subarray(0, 12));
  // An authoritative answer; recursion is available, and desired if the query says so.
  head.writeUInt16BE(0x8480 | (question.readUInt16BE(2) & 0x0100), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...(address ?? "").split(".").map(Number)];
  return Buffer.concat([head, question.subarray(12, end), ...(address === undefined ? [] : [Buffer.from(record)])]);
}
