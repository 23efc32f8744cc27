import { ApiClient } from "./probe.ts";

/** The results of a client that keeps a watch open and polls on new connections, without needing etcd. */
export interface Watched {
  /** Requests on new connections: how many were answered, and why the others were not. */
  answered: number;
  failed: string[];
  /** Why the watch had to connect again, each time. */
  breaks: string[];
}

/** Polls the API's version, which an apiserver knows by itself, while `action` runs. */
export async function watching(kubeconfig: string, action: () => Promise<void>): Promise<Watched> {
  const api = new ApiClient(kubeconfig);
  const seen: Watched = { answered: 0, failed: [], breaks: [] };
  const abort = new AbortController();
  const watch = "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=600";
  api.watch(
    watch,
    () => {},
    (why) => seen.breaks.push(why),
    abort.signal,
  );
  const asked: Promise<void>[] = [];
  const started = Date.now();
  const timer = setInterval(() => {
    const at = ((Date.now() - started) / 1000).toFixed(1);
    asked.push(
      api.send("GET", "/version").then(
        () => {
          seen.answered++;
        },
        (error: Error) => {
          seen.failed.push(`${at} s: ${error.message}`);
        },
      ),
    );
  }, 100);
  try {
    await action();
  } finally {
    clearInterval(timer);
    await Promise.all(asked);
    abort.abort();
  }
  return seen;
}
