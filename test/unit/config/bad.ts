import { badAddresses } from "./bad-addresses.ts";
import { badApi } from "./bad-api.ts";
import { badArguments } from "./bad-arguments.ts";
import { badAws } from "./bad-aws.ts";
import { badFamilies } from "./bad-families.ts";
import { badHosts } from "./bad-hosts.ts";
import { badKeys } from "./bad-keys.ts";
import { badLimits } from "./bad-limits.ts";
import { badNames } from "./bad-names.ts";
import { badNetworks } from "./bad-networks.ts";
import { badNodes } from "./bad-nodes.ts";
import { badPaths } from "./bad-paths.ts";
import { badPodNetworks } from "./bad-pod-network.ts";
import type { Bad } from "./bad-sample.ts";
import { badSettings } from "./bad-settings.ts";
import { badSources } from "./bad-sources.ts";
import { badWords } from "./bad-words.ts";

/** Every config that must be refused. */
export const badConfigs: readonly Bad[] = [
  ...badKeys,
  ...badHosts,
  ...badNetworks,
  ...badFamilies,
  ...badPodNetworks,
  ...badAddresses,
  ...badPaths,
  ...badNames,
  ...badLimits,
  ...badWords,
  ...badNodes,
  ...badArguments,
  ...badSettings,
  ...badSources,
  ...badAws,
  ...badApi,
];
