import { z } from "zod";
import { refusals } from "./changes.ts";
import { type Known, type ProviderConfig, sectionRule } from "./provider.ts";
import { rules, warnings } from "./rules.ts";
import { allowedBy, unwrapped } from "./shape.ts";
import { keys } from "./stack-config.ts";

// What people and editors read about the config, from the schema itself.

/** JSON Schema of a stack's file, for the line `# yaml-language-server: $schema=` at its top. */
export function stackFileSchema(known: Known): object {
  const secure = {
    type: "object",
    properties: { secure: { type: "string" } },
    required: ["secure"],
    additionalProperties: false,
  };
  const about = (description: string) => `${description} Set it with config set --secret.`;
  const secret = (description: string) => ({ description: about(description), ...secure });
  const { $schema, ...cluster } = z.toJSONSchema(known.schema, {
    io: "input",
    target: "draft-7",
    // Editors show this in place of the pattern.
    override: ({ zodSchema, jsonSchema }) => {
      // A truth value in place of a mapping, which is the only thing that is rewritten.
      const { def } = (zodSchema as z.core.$ZodTypes)._zod;
      if (def.type === "pipe" && def.in._zod.def.type === "transform") {
        const { type, properties, additionalProperties, required, ...rest } = jsonSchema;
        const mapping = { type, properties, additionalProperties, ...(required && { required }) };
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        Object.assign(jsonSchema, { ...rest, anyOf: [{ type: "boolean" }, mapping] });
        return;
      }
      if (jsonSchema.pattern === undefined) return;
      // Validators in other languages know no \p, and none knows this format: the pattern says the same.
      const pattern = jsonSchema.pattern.replaceAll("\\p{Cc}", "\\u0000-\\u001f\\u007f-\\u009f");
      Object.assign(jsonSchema, { pattern, patternErrorMessage: allowedValue(zodSchema) });
      if (jsonSchema.format === "cidrv4") delete jsonSchema.format;
      if (pattern.startsWith("^[^\\u0000")) Object.assign(jsonSchema, { type: ["string", "integer"] });
    },
  });
  const { kubernetesVersion, versions } = cluster.properties as Record<string, { properties?: Record<string, object> }>;
  // Offered by editors, which don't know what a lock of the user's own adds.
  Object.assign(kubernetesVersion ?? {}, { examples: known.kubernetes });
  for (const [part, schema] of Object.entries(versions?.properties ?? {}))
    Object.assign(schema, { examples: known.parts[part as keyof typeof known.parts] });
  return {
    $schema,
    title: "A stack of ha-kubernetes",
    type: "object",
    required: ["config"],
    // Any other key is a mistake: the cluster belongs below config.
    patternProperties: { "^(cluster$|ha-kubernetes:)": false },
    properties: {
      config: {
        type: "object",
        required: ["ha-kubernetes:cluster"],
        patternProperties: { [`^ha-kubernetes:(?!(${keys.join("|")})$)`]: false },
        properties: {
          "ha-kubernetes:cluster": {
            description: "The cluster.",
            ...cluster,
            allOf: known.providers.filter(({ sections }) => sections?.cluster).map(onlyWith),
          },
          "ha-kubernetes:sshPrivateKey": secret("The private key to log in to hosts with."),
          "ha-kubernetes:sshKeyPassphrase": secret("The passphrase of sshPrivateKey."),
          "ha-kubernetes:sshPassword": secret("The password to log in to hosts with, tried after the key."),
          "ha-kubernetes:sudoPassword": secret("What sudo asks users who are not root for."),
          "ha-kubernetes:sshLogins": {
            description: about(
              "What logs in at single hosts and bastions, by name: privateKey, passphrase, password, sudoPassword. Of ssh.bastion the name is bastion.",
            ),
            anyOf: [secure, { type: "object", additionalProperties: { type: "object", additionalProperties: secure } }],
          },
          "ha-kubernetes:backupSshPrivateKey": secret("The private key to log in with where snapshots are copied to."),
          "ha-kubernetes:registryLogins": {
            description: about("Logins for registries and mirrors: user:password by host and port."),
            anyOf: [secure, { type: "object", additionalProperties: secure }],
          },
          "ha-kubernetes:files": {
            description: about("Contents of components' files that are secret, by the file's name."),
            anyOf: [secure, { type: "object", additionalProperties: secure }],
          },
          "ha-kubernetes:proxyLogin": secret("The login for the proxy, user:password."),
          "ha-kubernetes:routingPassword": secret("What FRR proves itself with to the routers of a routed address."),
          "ha-kubernetes:statisticsPassword": secret("The password of haproxy's statistics page. By default a random one."),
        },
      },
    },
  };
}

/** A provider's own section is there with it and with no other. */
const onlyWith = ({ name: provider }: { name: string }) => ({
  if: { properties: { provider: { const: provider } }, required: ["provider"] },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
  then: { required: [provider] },
  else: { properties: { [provider]: false } },
});

/** What a value may be, in the words of its error message. */
function allowedValue(schema: z.core.$ZodType): string {
  const inner = unwrapped(schema);
  const { def } = inner._zod;
  if (def.type === "array")
    return `a list; each ${unwrapped(def.element)._zod.def.type === "object" ? "a mapping" : allowedValue(def.element)}`;
  if (def.type === "record")
    return `a mapping of ${allowedValue(def.keyType)} to ${isSection(def.valueType) ? "a mapping" : allowedValue(def.valueType)}`;
  const issue = z.safeParse(inner, null).error?.issues[0];
  if (issue === undefined) throw new Error("a schema that allows null has no words for what it allows");
  return allowedBy(issue);
}

const isSection = (schema: z.core.$ZodType) => unwrapped(schema)._zod.def.type === "object";

/** The default of a key: a text for the table. Empty where the key must be given, a dash where nothing is the default. */
function defaultOf(schema: z.core.$ZodType): string {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "optional") return "–";
  if (def.type === "prefault") return "see there";
  return def.type === "default" ? `\`${JSON.stringify(def.defaultValue)}\`` : "**required**";
}

interface Section {
  path: string;
  about: string;
  rows: string[];
}

/** A section for a mapping, and those for the mappings in it. */
function sections(path: string, schema: z.core.$ZodType): Section[] {
  const { def } = unwrapped(schema)._zod;
  if (def.type !== "object") throw new Error(`${path} is not a mapping with keys of its own`);
  const rows: string[] = [];
  const inner: Section[] = [];
  for (const [key, value] of Object.entries(def.shape)) {
    const below = innerSections(path === "" ? key : `${path}.${key}`, value);
    inner.push(...below);
    const [first] = below;
    const allowed = first === undefined ? allowedValue(value) : `see [${first.path}](#${anchor(first.path)})`;
    rows.push(`| \`${key}\` | ${allowed} | ${defaultOf(value)} | ${describe(value)} |`);
  }
  return [{ path, about: describe(schema), rows }, ...inner];
}

/** Sections for what a key holds: a mapping, mappings by name, or a list of mappings. */
function innerSections(path: string, schema: z.core.$ZodType): Section[] {
  const { def } = unwrapped(schema)._zod;
  if (def.type === "object") return sections(path, schema);
  if (def.type === "record" && isSection(def.valueType)) return sections(`${path}.NAME`, def.valueType);
  return def.type === "array" && isSection(def.element) ? sections(path, def.element) : [];
}

const describe = (schema: z.core.$ZodType) =>
  (schema as z.ZodType).description ?? (unwrapped(schema) as unknown as z.ZodType).description ?? "";
const anchor = (path: string) => path.toLowerCase().replace(/[^a-z0-9-]/g, "");

const sectionText = ({ path, about, rows }: Section) =>
  [
    `## ${path === "" ? "The cluster" : path}`,
    "",
    ...(about === "" ? [] : [about, ""]),
    "| key | allowed | default | meaning |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");

const list = (items: readonly string[]) => items.map((item) => `- ${item}`).join("\n");

/** docs/config.md. */
export function configDocs(known: Known): string {
  const own = <K extends "rules" | "warnings" | "refusals">(kind: K): readonly NonNullable<ProviderConfig[K]>[number][] =>
    known.providers.flatMap((provider): readonly NonNullable<ProviderConfig[K]>[number][] => provider[kind] ?? []);
  return `${[
    "# Config",
    `<!-- Made by \`npm run generate\` from config/; edits here are lost. -->
One mapping describes a cluster: the key \`ha-kubernetes:cluster\` of the stack's file, \`Pulumi.<stack>.yaml\`. Secrets are keys of their own beside it:
\`ha-kubernetes:sshPrivateKey\`, \`ha-kubernetes:sshKeyPassphrase\`, \`ha-kubernetes:sshPassword\`, \`ha-kubernetes:sudoPassword\`, \`ha-kubernetes:sshLogins\`
([logins](logins.md)), \`ha-kubernetes:backupSshPrivateKey\`, \`ha-kubernetes:registryLogins\` (user:password by registry), \`ha-kubernetes:proxyLogin\` (user:password),
\`ha-kubernetes:routingPassword\`, \`ha-kubernetes:statisticsPassword\` and \`ha-kubernetes:files\` (contents by file name), set with \`npm run config -- set --secret\`. examples/ has whole files.

Every mistake is reported with its key, the value found, the values allowed and, where that isn't enough, the cure: all mistakes of single keys at once, then all
that rules over several keys find. Nothing is touched before the config is right.
With \`# yaml-language-server: $schema=./config/schema.json\` at the top of a stack's file, an editor completes keys and shows mistakes as you type.`,
    ...sections("", known.schema).map(sectionText),
    "## Rules over several keys",
    list([sectionRule, ...[...rules, ...own("rules")].map(({ says }) => says)]),
    "## Warnings",
    `Allowed, but said at every run:\n\n${list([...warnings, ...own("warnings")].map(({ says }) => says))}`,
    "## Changes that are refused",
    `Compared with what the last \`up\` made, at preview already. Where a name is given, \`allow: [name]\` overrides the refusal.\n\n${list(
      [...refusals, ...own("refusals")].map(({ says, override }) =>
        override === undefined ? says : `${says} Override: \`${override}\`.`,
      ),
    )}`,
  ].join("\n\n")}\n`;
}
