import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/resource_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import type { Deployment } from "./deployment.ts";
import type { Registered } from "./goal.ts";
import type { Watcher } from "./progress.ts";
import { goalOf } from "./request.ts";
import { Stopped } from "./slots.ts";
import { decodeProperties, encodeForProgram, type TrackedProperties } from "./values.ts";

// Pulumi's protocol as the program speaks it: the services ResourceMonitor and Engine on one loopback port.

// biome-ignore lint/suspicious/noExplicitAny: grpc-js has no types for messages of generated services
type Message = any;
type Handler = (request: Message) => Message | Promise<Message>;

/** What the engine can do, of what the SDK may ask for. */
const features = [
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_SECRETS,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
];

/** A running server. */
export interface Monitor {
  /** host:port, for the program. */
  address: string;
  close(): void;
}

/** Serves a deployment to its program. */
export async function serveMonitor(deployment: Deployment, watcher: Watcher): Promise<Monitor> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  add(server, resourceServices.ResourceMonitorService, resourceMonitor(deployment), deployment);
  add(server, engineServices.EngineService, engine(watcher), deployment);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

/** Adds a service. A call that has no handler is refused: the engine never guesses. */
function add(server: grpc.Server, service: Message, handlers: Record<string, Handler>, deployment: Deployment): void {
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const name of Object.keys(service)) {
    implementation[name] = (call: { request: Message }, answer: grpc.sendUnaryData<Message>) => {
      const handler =
        handlers[name] ??
        (() => deployment.refuse(`the program calls ${name}, which this engine does not serve; use the Pulumi CLI`));
      Promise.resolve()
        .then(() => handler(call.request))
        // Whoever was stopped gets no answer: the program ends without an error of its own.
        .then((message) => answer(null, message))
        .catch((error: unknown) => {
          if (!(error instanceof Stopped)) answer({ code: grpc.status.INTERNAL, details: String(error) });
        });
    };
  }
  server.addService(service, implementation);
}

function resourceMonitor(deployment: Deployment): Record<string, Handler> {
  return {
    getDeploymentInfo: () => {
      const info = new messages.DeploymentInfo();
      info.setSupportedfeaturesList(features);
      return info;
    },
    registerResource: async (request) => {
      const { urn, id, outputs } = await deployment.guard(request.getName(), () => deployment.register(goalOf(request)));
      const response = new messages.RegisterResourceResponse();
      response.setUrn(urn);
      response.setId(id ?? "");
      response.setObject(structOf(outputs));
      return response;
    },
    readResource: async (request) => {
      const read = await deployment.guard(request.getName(), () => readResource(deployment, request));
      const response = new messages.ReadResourceResponse();
      response.setUrn(read.urn);
      response.setProperties(structOf(read.outputs));
      return response;
    },
    invoke: async (request) => {
      const token = request.getTok();
      const inputs = decodeProperties(request.getArgs()?.toJavaScript());
      const result = await deployment.guard(token, async () => {
        if (request.getProvider() !== "") throw new Error("is asked of a provider that the program makes; use the Pulumi CLI");
        return deployment.invoke(token, inputs);
      });
      const response = new messages.ResourceInvokeResponse();
      response.setReturn(structOf(result));
      return response;
    },
    registerResourceOutputs: async (request) => {
      const outputs = () => decodeProperties(request.getOutputs()?.toJavaScript());
      await deployment.guard(request.getUrn(), async () => deployment.registerOutputs(request.getUrn(), outputs()));
      return new empty.Empty();
    },
    signalAndWaitForShutdown: () => new empty.Empty(),
  };
}

async function readResource(deployment: Deployment, request: Message): Promise<Registered> {
  const type = request.getType();
  if (type !== "pulumi:pulumi:StackReference") {
    throw new Error(`reading a resource of type ${type} is not supported by this engine; use the Pulumi CLI`);
  }
  return deployment.readStack(request.getId(), request.getParent() || undefined);
}

function engine(watcher: Watcher): Record<string, Handler> {
  const severities: Record<number, "info" | "warning" | "error"> = { 1: "info", 2: "warning", 3: "error" };
  let root = "";
  return {
    log: (request) => {
      const severity = severities[request.getSeverity()];
      if (severity !== undefined && request.getMessage() !== "")
        watcher.log(request.getMessage(), severity, request.getUrn() || undefined);
      return new empty.Empty();
    },
    getRootResource: () => {
      const response = new engineMessages.GetRootResourceResponse();
      response.setUrn(root);
      return response;
    },
    setRootResource: (request) => {
      root = request.getUrn();
      return new engineMessages.SetRootResourceResponse();
    },
  };
}

const structOf = (properties: TrackedProperties) =>
  struct.Struct.fromJavaScript(encodeForProgram(properties) as Record<string, never>);
