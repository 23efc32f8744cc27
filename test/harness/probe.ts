import assert from "node:assert/strict";
import { Agent, type RequestOptions, request } from "node:https";
import { parse } from "yaml";

// Sends requests to the API as a client does, while the cluster changes. A request has failed when it was
// refused or reset, was answered with 5xx, or was not answered in 10 s.

const answerLimit = 10_000;

/** A client of the API, from a kubeconfig with certificates in it. */
export class ApiClient {
  readonly #options: RequestOptions;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(kubeconfig);
    const { hostname, port } = new URL(clusters[0].cluster.server);
    const text = (base64: string) => Buffer.from(base64, "base64").toString();
    this.#options = {
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      ca: text(clusters[0].cluster["certificate-authority-data"]),
      cert: text(users[0].user["client-certificate-data"]),
      key: text(users[0].user["client-key-data"]),
    };
  }

  /** Sends one request, on a new connection unless an agent is given. Throws if it fails; 4xx is an answer. */
  send(
    method: string,
    path: string,
    body?: unknown,
    { agent, limit = answerLimit }: { agent?: Agent; limit?: number } = {},
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const sent = request({ ...this.#options, method, path, headers, agent: agent ?? false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject).on("end", () => {
          const status = response.statusCode ?? 0;
          if (status >= 500) reject(new Error(`answered ${status}`));
          else resolve({ status, body: text });
        });
      });
      const timer = setTimeout(() => sent.destroy(new Error(`no answer in ${limit / 1000} s`)), limit);
      sent.on("error", reject).on("close", () => clearTimeout(timer));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** A watch that runs until `signal`; reports each event's object name, and each reconnection. */
  watch(path: string, onEvent: (name: string) => void, onBreak: (why: string) => void, signal: AbortSignal): void {
    const headers = { accept: "application/json" };
    let why = "closed";
    let rest = "";
    const sent = request({ ...this.#options, path, headers, agent: false, signal }, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onEvent(JSON.parse(line).object?.metadata?.name ?? "");
      });
      // The request reports it, too.
      response.on("error", () => {});
    });
    sent.on("error", (error) => {
      why = error.message;
    });
    sent.on("close", () => {
      if (signal.aborted) return;
      onBreak(why);
      setTimeout(() => this.watch(path, onEvent, onBreak, signal), 100);
    });
    sent.end();
  }
}

/** Requests on new connections, `parallel` at all times, from now until `stop`: something is on its way at every moment. */
export class Load {
  answered = 0;
  #slowest = 0;
  #stopped = false;
  readonly #failed: string[] = [];
  readonly #loops: Promise<void>[];

  constructor(kubeconfig: string, parallel: number) {
    const api = new ApiClient(kubeconfig);
    this.#loops = Array.from({ length: parallel }, () => this.#loop(api));
  }

  async #loop(api: ApiClient): Promise<void> {
    while (!this.#stopped) {
      const begun = performance.now();
      await api.send("GET", readPath).then(
        () => {
          this.answered++;
        },
        (error: Error) => this.#failed.push(error.message),
      );
      this.#slowest = Math.max(this.#slowest, performance.now() - begun);
    }
  }

  /** Ends when the last request has. `slowest` in milliseconds. */
  async stop(): Promise<{ answered: number; failed: readonly string[]; slowest: number }> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return { answered: this.answered, failed: this.#failed, slowest: this.#slowest };
  }
}

/** What a probe saw of one kind of request. */
export interface Seen {
  sent: number;
  failed: { at: number; why: string }[];
  /** Longest time between two answers, in milliseconds. */
  longestGap: number;
}

export interface Report {
  /** GET of a Namespace, each on a new connection, 10 a second. Not /readyz: during graceful shutdown the apiserver keeps serving while /readyz fails. */
  fresh: Seen;
  /** The same on one connection that is kept, 10 a second. */
  reused: Seen;
  /** ConfigMaps made, 5 a second, each on a new connection. */
  writes: Seen;
  /** Writes that were acknowledged. */
  acknowledged: number;
  /** Acknowledged writes that are not in the cluster afterwards. */
  lost: string[];
  /** Events that the watch delivered, and why it reconnected each time. */
  events: number;
  breaks: string[];
}

const readPath = "/api/v1/namespaces/default";
const namespacePath = "/api/v1/namespaces/default/configmaps";
let probes = 0;

/** Requests of every kind, from now until `stop`. */
export class Probe {
  readonly #api: ApiClient;
  readonly #name: string;
  readonly #abort = new AbortController();
  readonly #kept = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #fresh = new Track();
  readonly #reused = new Track();
  readonly #writes = new Track();
  readonly #acknowledged: string[] = [];
  readonly #events = new Set<string>();
  readonly #breaks: string[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #written = 0;

  constructor(kubeconfig: string) {
    this.#api = new ApiClient(kubeconfig);
    this.#name = `probe-${process.pid}-${++probes}`;
    const selector = encodeURIComponent(`probe=${this.#name}`);
    this.#api.watch(
      `${namespacePath}?watch=1&labelSelector=${selector}`,
      (name) => this.#events.add(name),
      (why) => this.#breaks.push(why),
      this.#abort.signal,
    );
    this.#every(100, () => this.#fresh.of(this.#api.send("GET", readPath)));
    this.#every(100, () => this.#reused.of(this.#api.send("GET", readPath, undefined, { agent: this.#kept })));
    this.#every(200, () => this.#write());
  }

  #every(milliseconds: number, action: () => void): void {
    this.#timers.push(setInterval(action, milliseconds));
  }

  #write(): void {
    const name = `${this.#name}-${this.#written++}`;
    const metadata = { name, labels: { probe: this.#name } };
    const answer = this.#api.send("POST", namespacePath, { apiVersion: "v1", kind: "ConfigMap", metadata });
    this.#writes.of(answer);
    answer.then(
      // 409: an earlier try of the connection got through.
      ({ status }) => status === 201 && this.#acknowledged.push(name),
      // Counted by its track.
      () => {},
    );
  }

  /** How many requests on new connections were answered so far. */
  get answers(): number {
    return this.#fresh.answers;
  }

  /** Ends the probe, reads every acknowledged write again and removes them. */
  async stop(): Promise<Report> {
    for (const timer of this.#timers) clearInterval(timer);
    const seen = await Promise.all([this.#fresh.end(), this.#reused.end(), this.#writes.end()]);
    const [fresh, reused, writes] = seen as [Seen, Seen, Seen];
    const query = `?labelSelector=${encodeURIComponent(`probe=${this.#name}`)}`;
    let stored: Set<string>;
    try {
      const { status, body } = await this.#api.send("GET", `${namespacePath}${query}`);
      assert.equal(status, 200, body);
      stored = new Set(JSON.parse(body).items.map(({ metadata }: { metadata: { name: string } }) => metadata.name));
    } finally {
      this.#abort.abort();
      this.#kept.destroy();
    }
    // One after another, and there may be a thousand.
    await this.#api.send("DELETE", `${namespacePath}${query}`, undefined, { limit: 120_000 });
    return {
      fresh,
      reused,
      writes,
      acknowledged: this.#acknowledged.length,
      lost: this.#acknowledged.filter((name) => !stored.has(name)),
      events: this.#events.size,
      breaks: this.#breaks,
    };
  }
}

/** Adds up one kind of request. */
class Track {
  readonly #seen: Seen = { sent: 0, failed: [], longestGap: 0 };
  readonly #open = new Set<Promise<void>>();
  #last = Date.now();
  answers = 0;

  of(answer: Promise<unknown>): void {
    this.#seen.sent++;
    const done = answer
      .then(
        () => {
          this.answers++;
          this.#seen.longestGap = Math.max(this.#seen.longestGap, Date.now() - this.#last);
          this.#last = Date.now();
        },
        (error: Error) => {
          this.#seen.failed.push({ at: Date.now(), why: error.message });
        },
      )
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
  }

  async end(): Promise<Seen> {
    await Promise.all(this.#open);
    return this.#seen;
  }
}

/** How often each reason was given, with the seconds from the first to the last failure. */
function why(failed: Seen["failed"]): string {
  if (failed.length === 0) return "";
  const counts = new Map<string, number>();
  for (const { why } of failed) counts.set(why, (counts.get(why) ?? 0) + 1);
  const reasons = [...counts].map(([reason, count]) => `${count} × ${reason}`).join("; ");
  const over = ((failed.at(-1)?.at ?? 0) - (failed[0]?.at ?? 0)) / 1000;
  return ` (${reasons}; over ${over.toFixed(1)} s)`;
}

/** One line a person can read. */
export function summary(report: Report): string {
  const of = ({ sent, failed, longestGap }: Seen) =>
    `${sent} sent, ${failed.length} failed${why(failed)}, longest gap ${(longestGap / 1000).toFixed(1)} s`;
  return [
    `new connections: ${of(report.fresh)}`,
    `reused connection: ${of(report.reused)}`,
    `writes: ${of(report.writes)}; ${report.acknowledged} acknowledged, ${report.lost.length} lost`,
    `watch: ${report.events} events, reconnected ${report.breaks.length} times`,
  ].join("\n");
}
