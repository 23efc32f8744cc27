import type { Packages } from "./serve.ts";

/** The packages that stand in for Pulumi's plugins where those are not available. Each is loaded at its first call. */
export const builtIn = {
  command: () => import("./command.ts"),
  random: () => import("./random.ts"),
  tls: () => import("./tls.ts"),
} satisfies Packages;
