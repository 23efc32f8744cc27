import assert from "node:assert/strict";
import { after } from "node:test";
import { provider } from "../../../plugins/command.ts";
import type { Context, ResourceType } from "../../../plugins/provider.ts";
import type { Properties } from "../../../plugins/value.ts";
import { startServer, type TestServer, targetOf } from "./ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;

/** An SSH server for the tests of a file; it and the provider close after them. */
export const server: TestServer = await startServer({ acceptEnv: ["PULUMI_COMMAND_STDOUT", "PULUMI_COMMAND_STDERR"] });
after(async () => {
  await provider.close?.();
  await server.close();
});

/** What a provider gets beside the inputs; shown lines go to `lines`. */
export const context = (lines: string[] = [], signal = new AbortController().signal): Context => ({
  name: "thing",
  log: (line) => lines.push(line),
  signal,
});

/** A resource type of the provider `command`. */
export const typeOf = (token: string): ResourceType => {
  const type = provider.types[token];
  assert.ok(type);
  return type;
};

/** The way to the server, as the inputs of a remote command have it. */
export const connection = () => targetOf(server) as unknown as Properties;

/** The message of a promise that must fail. */
export const rejection = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => assert.fail("did not fail"),
    (reason: Error) => reason,
  );
  return error.message;
};
