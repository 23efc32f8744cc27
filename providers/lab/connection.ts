import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Connection } from "../contract.ts";

/** The lab's two keys: the one that logs in everywhere, and the one by which every host proves that it is of this lab. */
export class LabKeys {
  /** OpenSSH private key that logs in; secret. */
  readonly login: pulumi.Output<string>;
  /** Public SSH host key, one line. */
  readonly host: pulumi.Output<string>;
  /** What `lab/host.sh create` reads from stdin: who may log in, then the host's private key; secret. */
  readonly planted: pulumi.Output<string>;

  constructor(parent: pulumi.Resource) {
    const login = new tls.PrivateKey("lab-login-key", { algorithm: "ED25519" }, { parent });
    const host = new tls.PrivateKey("lab-host-key", { algorithm: "ED25519" }, { parent });
    this.login = login.privateKeyOpenssh;
    this.host = host.publicKeyOpenssh.apply((line) => line.trim());
    this.planted = pulumi.secret(
      pulumi
        .all([login.publicKeyOpenssh, host.privateKeyOpenssh])
        .apply(([authorized, privateKey]) => `${authorized.trim()}\n${privateKey}`),
    );
  }
}

/** SSH with the lab's own keys; the host key is verified on every connection. */
export function labConnection(address: string, user: "root" | "ops", keys: LabKeys): Connection {
  return { kind: "ssh", host: address, port: 22, user, privateKey: keys.login, hostKey: keys.host };
}
