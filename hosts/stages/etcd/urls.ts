// Where members of etcd are reached. Clients and other members use TLS; metrics are plain HTTP.

/** Where a member tells its metrics, on loopback always; see etcd.metrics. */
export const METRICS_PORT = 2381;

/** Where clients reach a member. */
export const clientUrl = (address: string): string => `https://${address}:2379`;

/** Where other members reach it. */
export const peerUrl = (address: string): string => `https://${address}:2380`;
