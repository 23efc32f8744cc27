import type { Cluster } from "./schema.ts";

/** Whether this program builds the API's balancer, on hosts of role balancer. A provider may have one of its own. */
export const buildsBalancer = ({ traits, balancer }: Pick<Cluster, "traits" | "balancer">): boolean =>
  !traits.ownsEndpoint && balancer.kind === "haproxy";
