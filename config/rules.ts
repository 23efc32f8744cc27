import type { Problem } from "./problems.ts";
import { accessRules } from "./rules/access.ts";
import { addressRules } from "./rules/addresses.ts";
import { apiRules } from "./rules/api.ts";
import { apiserverRules } from "./rules/apiserver.ts";
import { auditPolicy } from "./rules/audit.ts";
import { authenticationConfig } from "./rules/authentication.ts";
import { balancerRules } from "./rules/balancer.ts";
import { componentFileRules } from "./rules/component-files.ts";
import { componentRules } from "./rules/components.ts";
import { containerRuntimeRules } from "./rules/container-runtime.ts";
import { corednsRules } from "./rules/coredns.ts";
import { customAddonRules } from "./rules/custom-addons.ts";
import { etcdArgumentRules } from "./rules/etcd-arguments.ts";
import { familyRules } from "./rules/families.ts";
import { firewallRules } from "./rules/firewall.ts";
import { ingressRules } from "./rules/ingress.ts";
import { interfaceRules } from "./rules/interfaces.ts";
import { labelRules } from "./rules/labels.ts";
import { maintenanceRules } from "./rules/maintenance.ts";
import { metallbRules } from "./rules/metallb.ts";
import { monitoringRules } from "./rules/monitoring.ts";
import { nameRules } from "./rules/names.ts";
import { networkRules } from "./rules/networks.ts";
import { nodeSettingRules } from "./rules/node-settings.ts";
import { nodeRules } from "./rules/nodes.ts";
import { pathRules } from "./rules/paths.ts";
import { podNetworkRules } from "./rules/pod-network.ts";
import { podRangeRules } from "./rules/pod-ranges.ts";
import { portRules } from "./rules/ports.ts";
import { preparationRules } from "./rules/preparation.ts";
import { roleRules } from "./rules/roles.ts";
import type { Rule } from "./rules/rule.ts";
import { serviceRules } from "./rules/services.ts";
import { settingRules } from "./rules/settings.ts";
import { sourceRules } from "./rules/sources.ts";
import { storageRules } from "./rules/storage.ts";
import { nobodysAddress, sameMachine } from "./rules/unused.ts";
import { versionRules } from "./rules/versions.ts";
import { warningRules } from "./rules/warnings.ts";
import type { Cluster } from "./schema.ts";
import type { KnownVersions } from "./versions.ts";

/** Every rule over several keys that all providers share, in the order in which docs and messages have them. */
export const rules: readonly Rule[] = [
  ...roleRules,
  ...familyRules,
  ...balancerRules,
  ...networkRules,
  ...podRangeRules,
  ...apiRules,
  ...addressRules,
  ...podNetworkRules,
  ...portRules,
  ...pathRules,
  ...nodeRules,
  ...firewallRules,
  ...preparationRules,
  ...serviceRules,
  ...maintenanceRules,
  ...accessRules,
  sameMachine,
  nobodysAddress,
  ...nameRules,
  ...labelRules,
  ...interfaceRules,
  ...settingRules,
  ...sourceRules,
  ...apiserverRules,
  ...componentRules,
  ...componentFileRules,
  auditPolicy,
  authenticationConfig,
  ...containerRuntimeRules,
  ...etcdArgumentRules,
  ...nodeSettingRules,
  ...corednsRules,
  ...metallbRules,
  ...ingressRules,
  ...customAddonRules,
  ...storageRules,
  ...monitoringRules,
  ...versionRules,
];

/** Rules about settings that are allowed but reported at every run. */
export const warnings: readonly Rule[] = warningRules;

/** Every breach of the rules, in their order. */
export function findings(all: readonly Rule[], cluster: Cluster, known: KnownVersions): Problem[] {
  return all.flatMap((rule) => rule.check(cluster, known));
}
