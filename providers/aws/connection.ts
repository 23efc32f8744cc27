import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Connection } from "../contract.ts";
import type { AwsConfig } from "./config/schema.ts";
import { userData } from "./user-data.ts";

/** An SSH key pair that the program made. */
export interface SshKey {
  /** OpenSSH text; secret. */
  private: pulumi.Output<string>;
  /** One line. */
  public: pulumi.Output<string>;
}

/** An instance in between, through which logins go. */
export interface WayIn {
  address: pulumi.Input<string>;
  hostKey: SshKey;
}

/** A new ED25519 key pair. */
export function sshKey(name: string, options: pulumi.CustomResourceOptions): SshKey {
  const key = new tls.PrivateKey(name, { algorithm: "ED25519" }, options);
  return { private: key.privateKeyOpenssh, public: key.publicKeyOpenssh.apply((line) => line.trim()) };
}

/** User data that plants a host key and lets the program and the user's own keys in. Secret. */
export function plantedKeys(
  host: string,
  born: string,
  { ssh }: AwsConfig,
  login: SshKey,
  hostKey: SshKey,
): pulumi.Output<string> {
  return pulumi.secret(
    pulumi.all([login.public, hostKey.private, hostKey.public]).apply(([loginKey, privateKey, publicKey]) =>
      userData({
        host,
        user: ssh.user,
        authorizedKeys: [loginKey, ...ssh.authorizedKeys],
        hostKey: { private: privateKey, public: publicKey },
        born,
      }),
    ),
  );
}

/** SSH to an instance's own address, through the bastion where there is one; every host key is verified from the first connection on. */
export function instanceConnection(
  address: pulumi.Input<string>,
  { ssh }: AwsConfig,
  login: SshKey,
  hostKey: SshKey,
  bastion?: WayIn,
): Connection {
  const user = { port: 22, user: ssh.user, privateKey: login.private };
  return {
    kind: "ssh",
    host: address,
    ...user,
    hostKey: hostKey.public,
    ...(bastion && { bastion: { host: bastion.address, ...user, hostKey: bastion.hostKey.public } }),
  };
}
