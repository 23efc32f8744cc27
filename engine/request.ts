import type { Goal } from "./goal.ts";
import type { Alias } from "./urn.ts";
import { decodeProperties } from "./values.ts";

// biome-ignore lint/suspicious/noExplicitAny: the generated message classes are known by their getters only
type Message = any;

/** Reads a registration. @throws Error for an option that this engine does not know. */
export function goalOf(request: Message): Goal {
  refuseUnknownOptions(request);
  const optional = <T>(key: string, value: T | undefined) => (value === undefined || value === "" ? {} : { [key]: value });
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    ...optional("parent", request.getParent()),
    inputs: decodeProperties(request.getObject()?.toJavaScript()),
    dependencies: [...request.getDependenciesList()].sort(),
    propertyDependencies: Object.fromEntries(
      request
        .getPropertydependenciesMap()
        .toArray()
        .map(([key, value]: [string, string[][] | Message]) => [
          key,
          [...(Array.isArray(value) ? (value[0] ?? []) : value.getUrnsList())].sort(),
        ]),
    ),
    ...optional("version", request.getVersion()),
    ...(request.hasProtect() && { protect: request.getProtect() }),
    ...(request.hasRetainondelete() && { retainOnDelete: request.getRetainondelete() }),
    ...optional("deletedWith", request.getDeletedwith()),
    ...(request.getDeletebeforereplacedefined() && { deleteBeforeReplace: request.getDeletebeforereplace() }),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: [...request.getAliasurnsList().map((urn: string) => ({ urn })), ...request.getAliasesList().map(aliasOf)],
    customTimeouts: timeoutsOf(request.getCustomtimeouts()),
  } as Goal;
}

function refuseUnknownOptions(request: Message): void {
  const hooks = request.getHooks();
  const used: Record<string, boolean> = {
    import: request.getImportid() !== "",
    "remote components": request.getRemote(),
    "provider or providers": request.getProvider() !== "" || request.getProvidersMap().getLength() > 0,
    transforms: request.getTransformsList().length > 0,
    hooks: hooks !== undefined && Object.values(hooks.toObject() as Record<string, string[]>).some((names) => names.length > 0),
    replaceWith: request.getReplaceWithList().length > 0,
    replacementTrigger: request.hasReplacementTrigger(),
    stateMigrations: request.getStateMigrationsList().length > 0,
    "packages with parameters": request.getPackageref() !== "",
    envVarMappings: request.getEnvvarmappingsMap().getLength() > 0,
  };
  const names = Object.keys(used).filter((name) => used[name]);
  if (names.length === 0) return;
  throw new Error(
    `${request.getType()} ${request.getName()} uses ${names.join(", ")}, which this engine does not know; use the Pulumi CLI`,
  );
}

function aliasOf(alias: Message): Alias {
  if (!alias.hasSpec()) return { urn: alias.getUrn() };
  const spec = alias.getSpec();
  const own = { name: spec.getName(), type: spec.getType(), stack: spec.getStack(), project: spec.getProject() };
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== ""));
  if (spec.getNoparent()) return { ...given, parent: null };
  return { ...given, ...(spec.getParenturn() && { parent: spec.getParenturn() }) };
}

function timeoutsOf(timeouts: Message | undefined): Record<string, number> {
  if (timeouts === undefined) return {};
  const own: Record<string, string> = {
    create: timeouts.getCreate(),
    update: timeouts.getUpdate(),
    delete: timeouts.getDelete(),
  };
  const given = Object.entries(own).filter(([, text]) => text !== "");
  return Object.fromEntries(given.map(([key, text]) => [key, seconds(text)]));
}

/** Seconds of a duration such as `1h30m` or `90s`. */
function seconds(text: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new Error(`customTimeouts: ${text} is no duration such as 5m or 1h30m`);
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
}
