import type { Cluster } from "./schema.ts";

/** Whether this program builds the API's balancer, on hosts of role balancer. On aws a Network Load Balancer stands there. */
export const buildsBalancer = ({ provider, balancer }: Pick<Cluster, "provider" | "balancer">): boolean =>
  provider !== "aws" && balancer.kind === "haproxy";
