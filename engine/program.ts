import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";

// The language host: runs the program in this process whenever the CLI asks for it. A CLI that was built from its Go module has no
// other; one with its own language host gives the same result with this one. It is the server of the SDK's Automation API.

// biome-ignore lint/suspicious/noExplicitAny: the SDK keeps the types of this class to itself
type Any = any;
const require = createRequire(import.meta.url);
const { LanguageServer } = require("@pulumi/pulumi/automation/server.js");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js");
const { RunResponse } = require("@pulumi/pulumi/proto/language_pb.js");

/** Bytes that one message may have: the SDK's own limit. */
const messageLimit = 400 * 1024 * 1024;

/** A running language host. */
export interface ProgramServer {
  /** For the CLI's `--client`. */
  address: string;
  close(): void;
}

/** Serves the program `main` of a project's folder. */
export async function serveProgram(folder: string, main: string): Promise<ProgramServer> {
  let runs = 0;
  // Whether the program has reported the error to the engine itself, in one line: then nothing is added.
  let told = false;
  const program = async () => {
    // A new module each time the CLI asks: on a terminal, once for the preview and once for the update.
    const url = `${pathToFileURL(join(folder, main))}?run=${++runs}`;
    try {
      return { ...(await import(url)) };
    } catch (error) {
      // The SDK reports such an error by its message alone, without a stack trace.
      told = pulumi.RunError.isInstance(error);
      throw error;
    }
  };
  const host: Any = new LanguageServer(program);
  const run = host.run.bind(host);
  host.run = (call: Any, callback: (error: unknown, response?: Any) => void) => {
    told = false;
    // `config/load.ts` reads the names of encrypted keys here, as under any other language host.
    process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(call.request.getConfigsecretkeysList());
    let answered = false;
    run(call, (error: unknown, response: Any) => {
      // After an error, the SDK's server answers a second time.
      if (answered) return;
      answered = true;
      const bail = new RunResponse();
      bail.setBail(true);
      if (told) callback(null, bail);
      else callback(error, response);
    });
  };
  const server = new grpc.Server({ "grpc.max_receive_message_length": messageLimit });
  server.addService(LanguageRuntimeService, host);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
