import type { AnyAuthMethod, AuthHandlerMiddleware } from "ssh2";
import { sshFingerprint } from "../keys/openssh.ts";
import { readPrivateKey } from "../keys/private.ts";
import { PermanentError, type SshEndpoint, where } from "./ssh-endpoint.ts";

/** One login: the methods to offer, and the server's answer. */
export interface Login {
  handler: AuthHandlerMiddleware;
  /** Why the server refused: the user, the credentials that were offered, and the methods that it accepts. Holds no secret. */
  refusal: () => string;
}

/**
 * How an endpoint's user logs in: key, then password, then the keys of an agent. The password is tried once: as such where the server
 * takes it so, else as the answer to what it asks.
 *
 * @throws PermanentError if the private key cannot be read
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
  let last: string | undefined;
  let spent = false;
  const handler: AuthHandlerMiddleware = (left, partial, next) => {
    // After a method succeeded, the list names the next factor; the message shows either.
    if (Array.isArray(left)) taken = left.map(String);
    // Where the server refused the password, the same text as an answer would be a second try, and accounts get locked by tries.
    spent ||= last === "password" && partial !== true;
    const place = methods.findIndex(({ type }) => !asksForPassword(type) || (taken.includes(type) && !spent));
    const [method] = place < 0 ? [] : methods.splice(place, 1);
    last = method?.type;
    next((method ?? false) as AnyAuthMethod);
  };
  const refusal = () => {
    const takes = taken.length > 0 ? `; it takes ${taken.join(", ")}` : "";
    return `refuses the login of user ${username} with ${offered.join(" and ") || "nothing to show"}${takes}`;
  };
  return { handler, refusal };
}

const asksForPassword = (type: string) => type === "password" || type === "keyboard-interactive";

function readKey(endpoint: SshEndpoint): { text: string; name: string } {
  try {
    const { text, key } = readPrivateKey(endpoint.privateKey ?? "", endpoint.privateKeyPassword);
    return { text, name: `key ${sshFingerprint(key.getPublicSSH())} (${key.type})` };
  } catch (error) {
    // The parser's message is about the format and holds nothing of the key.
    throw new PermanentError(`privateKey of ${where(endpoint)} cannot be used: ${(error as Error).message}`);
  }
}
