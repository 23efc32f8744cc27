import { plainHostKey } from "../../config/keys.ts";
import type { Cluster, HostConfig } from "../../config/schema.ts";
import type { Connection, ProviderArgs } from "../contract.ts";

/** How one host is reached: its own settings where it has them, those of `ssh` elsewhere. The bastion takes the same secret. */
export function hostConnection(
  host: HostConfig & { address: string },
  ssh: Cluster["ssh"],
  secrets: ProviderArgs["secrets"],
): Connection {
  if (host.connection === "local") return { kind: "local" };
  const { sshPrivateKey: privateKey, sshPassword: password } = secrets;
  const secret = { ...(privateKey && { privateKey }), ...(password && { password }) };
  return {
    kind: "ssh",
    host: host.sshAddress ?? host.address,
    port: host.sshPort ?? ssh.port,
    user: host.sshUser ?? ssh.user,
    ...secret,
    ...(host.hostKey && { hostKey: plainHostKey(host.hostKey) }),
    ...(ssh.bastion && { bastion: { ...plainBastion(ssh.bastion), ...secret } }),
  };
}

const plainBastion = (bastion: NonNullable<Cluster["ssh"]["bastion"]>) => ({
  ...bastion,
  ...(bastion.hostKey && { hostKey: plainHostKey(bastion.hostKey) }),
});
