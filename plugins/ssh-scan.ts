import type { Duplex } from "node:stream";
import ssh2, { type ConnectConfig } from "ssh2";

/** Key types in the order in which one is asked for: those that both kinds of providers can verify first. */
const types = [
  ...["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ...["rsa-sha2-512", "rsa-sha2-256"],
] as const;

/**
 * Reads a server's host key without logging in.
 *
 * @param sock - A stream to the server; by default a TCP connection.
 * @returns The key as a line of authorized_keys.
 * @throws Error with the cause where no key comes within `seconds`
 */
export function scanHostKey(
  { host, port }: { host: string; port: number },
  { sock, seconds = 15 }: { sock?: Duplex; seconds?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const end = (settle: () => void) => {
      // What a refused key leaves behind says nothing new.
      client.removeAllListeners().on("error", () => {});
      client.destroy();
      sock?.destroy();
      settle();
    };
    client.once("error", (error) => end(() => reject(error)));
    client.once("close", () => end(() => reject(new Error("the server closed the connection"))));
    client.connect({
      host,
      port,
      username: "",
      sock: sock as ConnectConfig["sock"],
      readyTimeout: seconds * 1000,
      algorithms: { serverHostKey: [...types] as never },
      hostVerifier: (key: Buffer) => {
        const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
        end(() => resolve(`${type} ${key.toString("base64")}`));
        return false;
      },
    });
  });
}
