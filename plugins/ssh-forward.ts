import type { Duplex } from "node:stream";
import type { Client as SshClient } from "ssh2";
import { NoForwarding, type SshEndpoint } from "./ssh-endpoint.ts";

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254: sshd's AllowTcpForwarding, PermitOpen or DisableForwarding, or the key's line there. */
const PROHIBITED = 1;

/**
 * A stream to a place that a bastion reaches. `ended`: why the connection to the bastion is gone, once it is.
 *
 * @param name - The bastion, `user@host:port`, for messages.
 * @throws NoForwarding where the bastion lets no connection through; Error where it does not reach the place
 */
export function forward(
  bastion: { client: SshClient; ended?: Error },
  { host, port }: Pick<SshEndpoint, "host" | "port">,
  name: string,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    bastion.client.once("close", () => reject(bastion.ended ?? new Error("the connection to the bastion was closed")));
    bastion.client.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
      if (!error) return resolve(stream);
      if ("reason" in error && error.reason === PROHIBITED)
        return reject(
          new NoForwarding(`bastion ${name} lets no connection through (AllowTcpForwarding, PermitOpen in its sshd_config)`),
        );
      const why = error.message.replace(/^.*Channel open failure: /, "");
      reject(new Error(`bastion ${name} does not reach ${host}:${port}: ${why}`));
    });
  });
}
