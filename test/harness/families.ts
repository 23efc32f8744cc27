import assert from "node:assert/strict";
import type { KubernetesObject } from "./cluster.ts";
import { ApiClient } from "./probe.ts";

// Address families, as groups of IPv6 look at them.

/** A Node's own addresses, the primary one first. */
export const internalAddresses = ({ status }: KubernetesObject): string[] =>
  status.addresses
    .filter(({ type }: { type: string }) => type === "InternalIP")
    .map(({ address }: { address: string }) => address);

/** Asserts that the API answers at a place, `address:port`, with a certificate for it. */
export async function answersAt(kubeconfig: string, server: string): Promise<void> {
  const api = new ApiClient(kubeconfig.replace(/server: \S+/, `server: https://${server}`));
  assert.equal((await api.send("GET", "/api/v1/namespaces/default")).status, 200, server);
}
