import type { Role } from "./schema.ts";

// What a host's roles make of it.

/** Whether a host with these roles is a Node, which runs pods. */
export const isNode = (roles: readonly Role[]): boolean => roles.includes("control-plane") || roles.includes("worker");

/**
 * Whether a host joins as a worker does. A control plane with the role worker does not: it is a Node already, made by the control
 * plane's stage, and the role only opens it to pods.
 */
export const joinsAsWorker = (roles: readonly Role[]): boolean => roles.includes("worker") && !roles.includes("control-plane");
