import grpc from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Provider } from "./provider.ts";
import { EngineLog } from "./serve-log.ts";
import { type Calls, failureOf, type Message, propertiesOf, resourceCalls, structOf } from "./serve-resources.ts";

// Serves providers to a Pulumi engine: gRPC on loopback, one port for each package, in this process.

/** Providers by package name, such as `tls`. */
export type Packages = Readonly<Record<string, () => Promise<{ provider: Provider }>>>;

/** Largest message, in bytes: the engine's own limit (sdk/go/common/util/rpcutil). */
const messageLimit = 400 * 1024 * 1024;

/**
 * Serves providers until `close`.
 *
 * @returns `debugProviders`: the value of PULUMI_DEBUG_PROVIDERS with which an engine uses them instead of plugins.
 * `close` interrupts running operations and frees the providers' resources.
 */
export async function servePlugins(packages: Packages): Promise<{ debugProviders: string; close(): Promise<void> }> {
  const served = await Promise.all(Object.entries(packages).map(([name, load]) => servePackage(name, load)));
  return {
    debugProviders: served.map(({ name, port }) => `${name}:${port}`).join(","),
    close: async () => {
      await Promise.all(served.map(({ close }) => close()));
    },
  };
}

async function servePackage(name: string, load: Packages[string]) {
  let loading: Promise<Provider> | undefined;
  const find = () => {
    loading ??= load().then(({ provider }) => provider);
    return loading;
  };
  const log = new EngineLog();
  let stop = new AbortController();
  const interrupt = () => {
    stop.abort();
    // The next run of an engine may use the same server.
    stop = new AbortController();
  };
  const calls = { ...packageCalls(name, find, log, interrupt), ...resourceCalls(name, find, log, () => stop.signal) };
  const server = new grpc.Server({
    "grpc.max_receive_message_length": messageLimit,
    "grpc.max_send_message_length": messageLimit,
  });
  // The server itself answers UNIMPLEMENTED to every other call.
  server.addService(services.ResourceProviderService, Object.fromEntries(Object.entries(calls).map(unary)));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const close = async () => {
    interrupt();
    log.close();
    await (await loading)?.close?.();
    server.forceShutdown();
  };
  return { name, port, close };
}

/** Wraps a call for grpc-js. */
function unary([name, call]: [string, Calls[string]]): [string, grpc.handleUnaryCall<Message, Message>] {
  return [
    name,
    ({ request }, answer) => {
      Promise.resolve()
        .then(() => call(request))
        .then((response) => answer(null, response))
        .catch((error: unknown) => answer(failureOf(error)));
    },
  ];
}

/** The calls for a package as a whole. */
function packageCalls(name: string, find: () => Promise<Provider>, log: EngineLog, interrupt: () => void): Calls {
  return {
    handshake: () => new messages.ProviderHandshakeResponse(),
    attach: (request) => {
      log.attach(request.getAddress());
      return new empty.Empty();
    },
    getPluginInfo: async () => new pluginMessages.PluginInfo().setVersion((await find()).version),
    getSchema: async () => new messages.GetSchemaResponse().setSchema(JSON.stringify({ name, version: (await find()).version })),
    checkConfig: (request) => new messages.CheckResponse().setInputs(request.getNews()),
    diffConfig: () => new messages.DiffResponse().setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE),
    // The engine removes the marks of secrets from its requests, and adds them again to the responses.
    configure: () => new messages.ConfigureResponse().setSupportspreview(true),
    invoke: async (request) => {
      const token = request.getTok();
      const run = (await find()).functions?.[token];
      if (run === undefined) throw new Error(`there is no ${token} here, but there may be in Pulumi's own plugin "${name}"`);
      return new messages.InvokeResponse().setReturn(structOf(await run(propertiesOf(request.getArgs()))));
    },
    cancel: () => {
      interrupt();
      return new empty.Empty();
    },
  };
}
