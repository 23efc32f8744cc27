import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../config/schema.ts";
import type { Infrastructure } from "../../../providers/contract.ts";
import { createInfrastructure } from "../../../providers/index.ts";

/** A resource that a provider registered. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

let registered: Registered[] = [];
void pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    registered.push({ type, name, inputs });
    const keys = { privateKeyOpenssh: `private ${name}\n`, publicKeyOpenssh: `ssh-ed25519 ${name}\n` };
    return { id: name, state: { ...inputs, ...(type.startsWith("tls:") ? keys : { stdout: '{"kubelet":"00"}' }) } };
  },
  call: ({ inputs }) => inputs,
});

/** What the config's provider gives under Pulumi's mocks, and the resources it registers for that, by name. */
export async function provide(
  cluster: Cluster,
  secrets: Parameters<typeof createInfrastructure>[0]["secrets"] = {},
): Promise<{ infrastructure: Infrastructure; resources: Map<string, Registered> }> {
  registered = [];
  const infrastructure = await createInfrastructure({ cluster, secrets });
  await pulumi.runtime.disconnect();
  return { infrastructure, resources: new Map(registered.map((resource) => [resource.name, resource])) };
}

/** What an output holds. */
export const resolved = <T>(output: pulumi.Input<T>): Promise<T> =>
  new Promise((resolve) => pulumi.output(output).apply((value) => resolve(value as T)));
