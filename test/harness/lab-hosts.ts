import { generateKeyPairSync } from "node:crypto";
import { type OpensshKey, opensshKey } from "../../keys/openssh.ts";
import { mustRunScript, type Result, runScript } from "./lab-scripts.ts";

// Plain hosts without a Pulumi program, for tests of the bare-metal provider. They are made by the same
// scripts as the lab provider's. Several labs, each with a name and a subnet of its own, may exist at the same time.

/** A lab's hosts and their login. */
export interface Lab {
  /** The lab's name: a DNS label, no other lab's on this machine. */
  name: string;
  /** Address by host name. */
  hosts: Readonly<Record<string, string>>;
  /** OpenSSH private key that logs in as `root` and as `ops`, who has sudo without a password. */
  privateKey: string;
  /** Public SSH host key of every host, one line as in authorized_keys. */
  hostKey: string;
  /** What every new host gets: who may log in, then its private SSH host key. */
  planted: string;
  /** The hosts that are virtual machines, by name. The others are containers. */
  machines: Readonly<Record<string, Machine>>;
}

/** A host with a kernel of its own, by software emulation: about ten times slower than a container. */
export interface Machine {
  /** Debian's release. */
  release: "bookworm" | "trixie";
  memoryMebibytes: number;
  /** Sizes of blank disks, such as 1G. They are /dev/disk/by-id/virtio-data1 and so on. Default: none. */
  disks?: readonly string[];
}

/**
 * Makes hosts, all at the same time, and waits until each answers SSH. `subnet` such as 10.88.0.0/24 must not be used by
 * anything on this machine; its first address is the machine's own. Throws when a host can't be made; `removeHosts` cleans up then too.
 */
export async function makeHosts(
  name: string,
  subnet: string,
  hosts: Readonly<Record<string, string>>,
  machines: Lab["machines"] = {},
): Promise<Lab> {
  const login = newKeyPair();
  const host = newKeyPair();
  await mustRunScript("network.sh", ["create", name, subnet]);
  const planted = `${login.publicKey}\n${host.privateKey}`;
  const lab: Lab = { name, hosts, privateKey: login.privateKey, hostKey: host.publicKey, planted, machines };
  const made = await Promise.allSettled(Object.keys(hosts).map((one) => makeHost(lab, one)));
  const failed = made.filter((result) => result.status === "rejected");
  if (failed.length > 0) throw new AggregateError(failed.map((result) => result.reason));
  return lab;
}

async function makeHost({ name, hosts, planted, machines }: Lab, host: string): Promise<void> {
  const words = ["create", name, host, hosts[host] as string];
  const machine = machines[host];
  if (machine === undefined) return void (await mustRunScript("host.sh", words, planted));
  const { release, memoryMebibytes, disks = [] } = machine;
  await mustRunScript("vm/host.sh", [...words, release, String(memoryMebibytes), ...disks], planted);
}

/** Replaces one of the lab's hosts by an empty one with the same name, address and keys, as a reinstallation does. */
export async function reinstallHost(lab: Lab, host: string): Promise<void> {
  await mustRunScript("host.sh", ["delete", lab.name, host]);
  await makeHost(lab, host);
}

const newKeyPair = () => opensshKey(generateKeyPairSync("ed25519").privateKey) as OpensshKey;

/** Removes a lab with all its hosts; with the last lab, also the preparations of this machine. An absent lab is not an error. */
export async function removeHosts(name: string): Promise<void> {
  await mustRunScript("network.sh", ["delete", name]);
}

/** Runs a bash script in a host as root, without its network and sshd, so this works where SSH does not. A failing script is not an error. */
export function runInHost(lab: string, host: string, script: string, input: string | Buffer = ""): Promise<Result> {
  return runScript("host.sh", ["exec", lab, host, "bash", "-c", script], input);
}
