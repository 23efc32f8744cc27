import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The engine's own record of a run, which the CLI writes with secrets masked: the step of each resource, and all messages.

/** The part of an event that this program reads. */
interface EngineEvent {
  resOutputsEvent?: { metadata: Step };
  resOpFailedEvent?: { metadata: Step };
  diagnosticEvent?: { message: string; severity: string; urn?: string };
}

/** What a run did to one resource. */
export interface Step {
  op: string;
  urn: string;
  type: string;
  new?: { outputs?: Record<string, unknown> };
}

/** What a run did. */
export interface Events {
  done: Step[];
  failed: Step[];
  /** Messages of the engine, the program and the providers, without colors. */
  messages: string[];
}

/** The CLI writes its events into this private file, which `close` removes. */
export class EventLog {
  readonly #folder = mkdtempSync(join(tmpdir(), "ha-kubernetes-events-"));
  readonly file = join(this.#folder, "events");

  /** Reads the events so far. An incomplete last line does not count. */
  read(): Events {
    const events: Events = { done: [], failed: [], messages: [] };
    try {
      for (const line of readFileSync(this.file, "utf8").split("\n").slice(0, -1)) add(events, JSON.parse(line));
    } catch (error) {
      // A CLI that refuses its arguments writes no events.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    return events;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function add(events: Events, { resOutputsEvent, resOpFailedEvent, diagnosticEvent }: EngineEvent): void {
  if (resOutputsEvent) events.done.push(resOutputsEvent.metadata);
  if (resOpFailedEvent) events.failed.push(resOpFailedEvent.metadata);
  if (diagnosticEvent) events.messages.push(diagnosticEvent.message.replaceAll(/<\{%[^%]*%\}>/g, ""));
}
