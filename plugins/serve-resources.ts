import grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { type Context, PartialError, type Provider, type Resource, type ResourceType } from "./provider.ts";
import type { EngineLog } from "./serve-log.ts";
import { changedNames, markSecrets, type Properties, unknown } from "./value.ts";

// The calls that check, compare, make, read, change and delete one resource.

const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;

/** Reads properties from a message; an absent message means none. */
export const propertiesOf = (message?: struct.Struct): Properties => (message?.toJavaScript() ?? {}) as Properties;

/** Converts properties for a message. */
export const structOf = (properties: Properties): struct.Struct =>
  struct.Struct.fromJavaScript(properties as Parameters<typeof struct.Struct.fromJavaScript>[0]);

// biome-ignore lint/suspicious/noExplicitAny: each call has its own messages
export type Message = any;

/** Calls of the service by name. */
export type Calls = Readonly<Record<string, (request: Message) => Message | Promise<Message>>>;

/** Common to the requests of all calls: a resource's name and type, and the URN for its log lines. */
interface Request {
  getUrn(): string;
  getName(): string;
  getType(): string;
}

/** The resource as the last run left it, from the request of an update or a diff. */
const oldOf = (request: messages.UpdateRequest | messages.DiffRequest): Resource => ({
  id: request.getId(),
  inputs: propertiesOf(request.getOldInputs()),
  outputs: propertiesOf(request.getOlds()),
});

/** The calls for the resources of a package. */
export function resourceCalls(
  packageName: string,
  find: () => Promise<Provider>,
  log: EngineLog,
  signal: () => AbortSignal,
): Calls {
  /** Runs an operation; its log lines arrive before it ends. */
  const run = async <T>(request: Request, operate: (type: ResourceType, context: Context) => T | Promise<T>): Promise<T> => {
    const type = (await find()).types[request.getType()];
    if (type === undefined) {
      throw new Error(`there is no ${request.getType()} here, but there may be in Pulumi's own plugin "${packageName}"`);
    }
    const { log: say, sent } = log.of(request.getUrn());
    try {
      return await operate(type, { name: request.getName(), log: say, signal: signal() });
    } finally {
      await sent();
    }
  };
  const outputs = (type: ResourceType, properties: Properties) => structOf(markSecrets(properties, type.secrets ?? []));
  return {
    check: (request: messages.CheckRequest) =>
      run(request, async (type, context) => {
        const given = propertiesOf(request.getNews());
        const checked = (await type.check?.(given, propertiesOf(request.getOlds()), context)) ?? { inputs: given };
        const failures = (checked.failures ?? []).map(({ property, reason }) =>
          new messages.CheckFailure().setProperty(property).setReason(reason),
        );
        return new messages.CheckResponse().setInputs(outputs(type, checked.inputs)).setFailuresList(failures);
      }),
    diff: (request: messages.DiffRequest) =>
      run(request, async (type, context) => {
        const compare =
          type.diff ?? ((old: Resource, now: Properties) => ({ update: changedNames(old.inputs, now), replace: [] }));
        const difference = await compare(oldOf(request), propertiesOf(request.getNews()), context);
        const ignored = new Set(request.getIgnorechangesList());
        const counts = (name: string) => !ignored.has(name);
        const changed = [...difference.update, ...difference.replace].filter(counts);
        return new messages.DiffResponse()
          .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
          .setDiffsList(changed)
          .setReplacesList(difference.replace.filter(counts));
      }),
    create: (request: messages.CreateRequest) =>
      run(request, async (type, context) => {
        const inputs = propertiesOf(request.getProperties());
        if (request.getPreview()) {
          const expected = (await type.preview?.(inputs, undefined, context)) ?? inputs;
          return new messages.CreateResponse().setProperties(outputs(type, expected));
        }
        const made = await type.create(inputs, context);
        return new messages.CreateResponse().setId(made.id).setProperties(outputs(type, made.outputs));
      }),
    // Reads only the state and leaves it unchanged, like the real plugins.
    read: (request: messages.ReadRequest) =>
      run(request, (type) => {
        const [state, inputs] = [propertiesOf(request.getProperties()), propertiesOf(request.getInputs())];
        if (Object.keys(state).length === 0) throw new Error("an import needs Pulumi's own plugin");
        return new messages.ReadResponse()
          .setId(request.getId())
          .setProperties(outputs(type, state))
          .setInputs(outputs(type, inputs));
      }),
    update: (request: messages.UpdateRequest) =>
      run(request, async (type, context) => {
        const [old, inputs] = [oldOf(request), propertiesOf(request.getNews())];
        const response = new messages.UpdateResponse();
        if (request.getPreview()) {
          const expected = (await type.preview?.(inputs, old, context)) ?? expectedOfUpdate(old, inputs);
          return response.setProperties(outputs(type, expected));
        }
        if (type.update === undefined) throw new Error(`a ${request.getType()} can't be updated in place`);
        return response.setProperties(outputs(type, (await type.update(old, inputs, context)).outputs));
      }),
    delete: (request: messages.DeleteRequest) =>
      run(request, async (type, context) => {
        const [outputs, inputs] = [propertiesOf(request.getProperties()), propertiesOf(request.getOldInputs())];
        await type.delete?.({ id: request.getId(), inputs, outputs }, context);
        return new empty.Empty();
      }),
  };
}

function expectedOfUpdate({ inputs, outputs }: Resource, now: Properties): Properties {
  const others = Object.keys(outputs).filter((name) => !(name in inputs));
  return { ...Object.fromEntries(others.map((name) => [name, unknown])), ...now };
}

/** Longest error message, in characters. It travels percent-encoded in a header; above 64 KiB Node would close the connection. */
const longestMessage = 6000;

/** Converts an error for gRPC, together with the resource that was made partially. */
export function failureOf(error: unknown): Partial<grpc.ServiceError> {
  const whole = error instanceof Error ? error.message : String(error);
  const half = longestMessage / 2;
  const details = whole.length <= longestMessage ? whole : `${whole.slice(0, half)} … ${whole.slice(-half)}`;
  const failure = { code: grpc.status.UNKNOWN, details, message: details };
  if (!(error instanceof PartialError)) return failure;
  const made = new messages.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(structOf(error.outputs))
    .setReasonsList([details]);
  const detail = new any.Any();
  detail.pack(made.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const body = new status.Status().setCode(grpc.status.UNKNOWN).setMessage(details);
  body.addDetails(detail);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(body.serializeBinary()));
  return { ...failure, metadata };
}
