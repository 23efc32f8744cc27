import type { AnyAuthMethod, AuthHandlerMiddleware } from "ssh2";
import { sshFingerprint } from "../keys/openssh.ts";
import { readPrivateKey } from "../keys/private.ts";
import { PermanentError, type SshEndpoint, where } from "./ssh-endpoint.ts";

/** What is offered to a server, and what the server said to it. */
export interface Login {
  handler: AuthHandlerMiddleware;
  /** Why the server let nobody in: who asked, with what, and what it takes. Holds no secret. */
  refusal: () => string;
}

/**
 * How an endpoint's user logs in: key, then password, then the keys of an agent.
 *
 * @throws PermanentError when the private key cannot be read
 */
export function loginOf(endpoint: SshEndpoint): Login {
  const { user: username, password } = endpoint;
  const methods: AnyAuthMethod[] = [{ type: "none", username }];
  const offered: string[] = [];
  if (endpoint.privateKey !== undefined) {
    const { text, name } = readKey(endpoint);
    methods.push({ type: "publickey", username, key: text, passphrase: endpoint.privateKeyPassword });
    offered.push(name);
  }
  if (password !== undefined) {
    const prompt = (_name: string, _text: string, _lang: string, prompts: unknown[], finish: (answers: string[]) => void) =>
      finish(prompts.map(() => password));
    methods.push({ type: "password", username, password }, { type: "keyboard-interactive", username, prompt });
    offered.push("a password");
  }
  const agent = endpoint.agentSocketPath ?? process.env.SSH_AUTH_SOCK;
  if (agent) {
    methods.push({ type: "agent", username, agent });
    offered.push("the keys of the agent at SSH_AUTH_SOCK");
  }
  let taken: string[] = [];
  const handler: AuthHandlerMiddleware = (left, _partial, next) => {
    // What is left once a method succeeded is the next factor; both are worth saying.
    if (Array.isArray(left)) taken = left.map(String);
    next((methods.shift() ?? false) as AnyAuthMethod);
  };
  const refusal = () => {
    const takes = taken.length > 0 ? `; it takes ${taken.join(", ")}` : "";
    return `refuses the login of user ${username} with ${offered.join(" and ") || "nothing to show"}${takes}`;
  };
  return { handler, refusal };
}

function readKey(endpoint: SshEndpoint): { text: string; name: string } {
  try {
    const { text, key } = readPrivateKey(endpoint.privateKey ?? "", endpoint.privateKeyPassword);
    return { text, name: `key ${sshFingerprint(key.getPublicSSH())} (${key.type})` };
  } catch (error) {
    // The parser's message is about the format; it holds nothing of the key.
    throw new PermanentError(`privateKey of ${where(endpoint)} cannot be used: ${(error as Error).message}`);
  }
}
