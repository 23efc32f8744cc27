import { generateKeyPairSync } from "node:crypto";
import { opensshPrivateKey, opensshPublicKey } from "../engine/providers/openssh.ts";
import { mustRunScript, type Result, runScript } from "./run.ts";

// Plain hosts without a Pulumi program around them, for tests that give hosts to the bare-metal provider. Made by the same
// scripts as the lab provider's. Several labs, each with a name and a subnet of its own, may stand side by side.

/** A lab's hosts and the way into them. */
export interface Lab {
  /** The lab's name: a DNS label, no other lab's on this machine. */
  name: string;
  /** Address by host name. */
  hosts: Readonly<Record<string, string>>;
  /** OpenSSH private key that logs in as `root` and as `ops`, who has sudo without a password. */
  privateKey: string;
  /** Public SSH host key of every host, one line as in authorized_keys. */
  hostKey: string;
}

/**
 * Makes hosts, all at the same time, and waits until each answers SSH. `subnet` such as 10.88.0.0/24 must not be used by
 * anything on this machine; its first address is the machine's own. Throws when a host can't be made; `removeHosts` cleans up then too.
 */
export async function makeHosts(name: string, subnet: string, hosts: Readonly<Record<string, string>>): Promise<Lab> {
  const login = newKeyPair();
  const host = newKeyPair();
  await mustRunScript("network.sh", ["create", name, subnet]);
  await addHosts({ name, hosts, privateKey: login.private, hostKey: host.public }, login.public, host.private);
  return { name, hosts, privateKey: login.private, hostKey: host.public };
}

function newKeyPair(): { private: string; public: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { private: opensshPrivateKey(privateKey) as string, public: opensshPublicKey(privateKey)?.line.trim() as string };
}

async function addHosts(lab: Lab, authorized: string, hostKey: string): Promise<void> {
  const keys = `${authorized.trim()}\n${hostKey}`;
  const made = Object.entries(lab.hosts).map(([host, address]) =>
    mustRunScript("host.sh", ["create", lab.name, host, address], keys),
  );
  const failed = (await Promise.allSettled(made)).filter((result) => result.status === "rejected");
  if (failed.length > 0) throw new AggregateError(failed.map((result) => result.reason));
}

/** Removes a lab with all its hosts, and what was prepared on this machine with the last lab. A lab that is gone is no error. */
export async function removeHosts(name: string): Promise<void> {
  await mustRunScript("network.sh", ["delete", name]);
}

/** Runs a bash script in a host as root, past its network and sshd: works where SSH does not. A failing script is no error. */
export function runInHost(lab: string, host: string, script: string, input: string | Buffer = ""): Promise<Result> {
  return runScript("host.sh", ["exec", lab, host, "bash", "-c", script], input);
}
