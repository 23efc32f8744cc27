import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/engine_pb.js";

const severities = {
  info: messages.LogSeverity.INFO,
  warning: messages.LogSeverity.WARNING,
  error: messages.LogSeverity.ERROR,
};

/** Sends a provider's log lines to the engine that attached last. */
export class EngineLog {
  #engine: services.EngineClient | undefined;

  /** Connects to an engine at host:port. */
  attach(address: string): void {
    this.close();
    this.#engine = new services.EngineClient(address, grpc.credentials.createInsecure());
  }

  /** Disconnects. Later lines are lost. */
  close(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }

  /** A log for one resource. Lines arrive in order; `sent` waits until all have arrived. */
  of(urn: string): { log(line: string, severity?: keyof typeof severities): void; sent(): Promise<void> } {
    let last = Promise.resolve();
    return {
      log: (line, severity = "info") => {
        const request = new messages.LogRequest().setUrn(urn).setMessage(line).setSeverity(severities[severity]);
        // Shown beside the resource while it runs, as with the real plugin, and not in the summary.
        request.setEphemeral(severity === "info");
        last = last.then(() => this.#send(request));
      },
      sent: () => last,
    };
  }

  /** Ignores an engine that is gone. */
  #send(request: messages.LogRequest): Promise<void> {
    return new Promise((resolve) => {
      if (this.#engine === undefined) return resolve();
      this.#engine.log(request, () => resolve());
    });
  }
}
