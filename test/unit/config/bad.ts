import { badAddresses } from "./bad-addresses.ts";
import { badApi } from "./bad-api.ts";
import { badArguments } from "./bad-arguments.ts";
import { badAws } from "./bad-aws.ts";
import { badBalancers } from "./bad-balancers.ts";
import { badComponentFiles } from "./bad-component-files.ts";
import { badComponents } from "./bad-components.ts";
import { badControllers } from "./bad-controllers.ts";
import { badCustomAddons } from "./bad-custom-addons.ts";
import { badFamilies } from "./bad-families.ts";
import { badHosts } from "./bad-hosts.ts";
import { badIngress } from "./bad-ingress.ts";
import { badKeys } from "./bad-keys.ts";
import { badLabels } from "./bad-labels.ts";
import { badLimits } from "./bad-limits.ts";
import { badMaintenance } from "./bad-maintenance.ts";
import { badMonitoring } from "./bad-monitoring.ts";
import { badNames } from "./bad-names.ts";
import { badNetworks } from "./bad-networks.ts";
import { badNodes } from "./bad-nodes.ts";
import { badPaths } from "./bad-paths.ts";
import { badPodNetworks } from "./bad-pod-network.ts";
import { badPreparation } from "./bad-preparation.ts";
import type { Bad } from "./bad-sample.ts";
import { badSettings } from "./bad-settings.ts";
import { badSources } from "./bad-sources.ts";
import { badStorage } from "./bad-storage.ts";
import { badWords } from "./bad-words.ts";

/** Every config that must be refused. */
export const badConfigs: readonly Bad[] = [
  ...badKeys,
  ...badHosts,
  ...badBalancers,
  ...badNetworks,
  ...badFamilies,
  ...badPodNetworks,
  ...badAddresses,
  ...badPaths,
  ...badNames,
  ...badLabels,
  ...badLimits,
  ...badWords,
  ...badNodes,
  ...badPreparation,
  ...badMaintenance,
  ...badMonitoring,
  ...badArguments,
  ...badComponents,
  ...badControllers,
  ...badComponentFiles,
  ...badCustomAddons,
  ...badStorage,
  ...badIngress,
  ...badSettings,
  ...badSources,
  ...badAws,
  ...badApi,
];
