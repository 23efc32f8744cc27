import type { Provider } from "./provider.ts";

/** The packages the engine has a provider for. Loaded when a program or a state first needs one. */
const packages: Record<string, () => Promise<{ provider: Provider }>> = {
  command: () => import("./command.ts"),
  random: () => import("./random.ts"),
  tls: () => import("./tls.ts"),
};

/** Finds the provider of a package such as `tls`; undefined where the engine has none. */
export type FindProvider = (packageName: string) => Promise<Provider | undefined>;

const loaded = new Map<string, Promise<{ provider: Provider }>>();

/** The providers that come with the engine. */
export const findProvider: FindProvider = async (packageName) => {
  if (!Object.hasOwn(packages, packageName)) return undefined;
  const known = loaded.get(packageName) ?? packages[packageName]?.();
  if (known !== undefined) loaded.set(packageName, known);
  return (await known)?.provider;
};

/** Teaches the engine one more package, before a run begins. For tests: the engine itself comes with those above and refuses every other. */
export function addProvider(packageName: string, load: () => Promise<{ provider: Provider }>): void {
  packages[packageName] = load;
}

/** Frees what the providers still hold, such as connections: to be called when a run is over. */
export async function closeProviders(): Promise<void> {
  for (const module of loaded.values()) await (await module).provider.close?.();
}
