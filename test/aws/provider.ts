import type { Provider } from "../../plugins/provider.ts";
import { type Clients, makeClients } from "./clients.ts";
import { functions } from "./functions.ts";
import { type Kinds, resourceType } from "./kind.ts";
import type { Site } from "./site.ts";
import { balancerKinds } from "./types/balancer.ts";
import { firewallKinds } from "./types/firewall.ts";
import { iamKinds } from "./types/iam.ts";
import { machineKinds } from "./types/machines.ts";
import { nameKinds } from "./types/names.ts";
import { networkKinds } from "./types/network.ts";
import { poolKinds } from "./types/pools.ts";
import { bucketKinds } from "./types/storage.ts";

/**
 * The provider `aws` for tests: exactly the resource types that the program makes, through AWS's own SDK, at the endpoint, in the region
 * and with the credentials of the environment. It creates, reads and deletes, replaces what the real provider replaces, changes
 * in place the few things that a test needs, and refuses every other change and every input that it does not know.
 */
export function awsProvider(site: Site): Provider {
  let made: Clients | undefined;
  const clients = () => {
    made ??= makeClients();
    return made;
  };
  const kinds: Kinds = {
    ...networkKinds,
    ...firewallKinds,
    ...machineKinds(site),
    ...balancerKinds,
    ...iamKinds,
    ...nameKinds,
    ...bucketKinds,
    ...poolKinds,
  };
  return {
    version: "7.48.0",
    types: Object.fromEntries(Object.entries(kinds).map(([type, kind]) => [type, resourceType(type, kind, clients)])),
    functions: functions(clients),
  };
}
