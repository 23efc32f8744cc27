import type { Provider } from "./provider.ts";

/** The packages the engine has a provider for. Loaded when a program or a state first needs one. */
const packages: Readonly<Record<string, () => Promise<{ provider: Provider }>>> = {
  command: () => import("./command.ts"),
  random: () => import("./random.ts"),
  tls: () => import("./tls.ts"),
};

/** Finds the provider of a package such as `tls`; undefined where the engine has none. */
export type FindProvider = (packageName: string) => Promise<Provider | undefined>;

/** The providers that come with the engine. */
export const findProvider: FindProvider = async (packageName) => {
  if (!Object.hasOwn(packages, packageName)) return undefined;
  return (await packages[packageName]?.())?.provider;
};
