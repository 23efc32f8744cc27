import { posix } from "node:path";
import { parseAllDocuments } from "yaml";
import { type Component, componentNames, folderOf } from "../component-files.ts";
import { oneProblem } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { secretFileCure } from "../secret-files.ts";
import { isMapping } from "../shape.ts";
import { at, type Rule } from "./rule.ts";

// Secrets in files of the control plane's components, whose place is not a file in clear.

/** A file's documents as the component reads them: YAML, of which JSON is a part. Texts that are neither stay texts. */
export function documentsOf(content: unknown): unknown[] {
  if (typeof content !== "string") return [content];
  const documents = parseAllDocuments(content, { logLevel: "silent" });
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return [content];
  try {
    return documents.map((document) => document.toJS());
  } catch {
    return [content];
  }
}

/** Every field of a document, however deep. */
function fieldsIn(value: unknown): [name: string, value: unknown][] {
  if (Array.isArray(value)) return value.flatMap(fieldsIn);
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[name, inner] as [string, unknown], ...fieldsIn(inner)]);
}

const says = (value: unknown) => (typeof value === "string" && value.trim() !== "") || typeof value === "number";

/** Fields of kubeconfigs that are a credential by themselves (client-go's clientcmd/api/v1). */
const credentials = ["client-key-data", "password", "token"];
/** The same and keys of encryption in a text that no parser of YAML reads as a mapping, such as a cloud-config. */
const inText = /^[\s{[,-]*["']?([\w-]*(password|secret|token)|client-key-data)["']?\s*[:=]\s*\S/im;

/** The arguments of a component that name a file of this name. */
const argumentsWith = (cluster: Cluster, component: Component, name: string) =>
  Object.entries(cluster[component].extraArgs)
    .filter(([, value]) => posix.normalize(value) === `${folderOf(component)}/${name}`)
    .map(([argument]) => argument);

function secretIn(content: unknown, named: readonly string[]): string | undefined {
  // Each line begins with a token.
  if (named.includes("token-auth-file")) return "tokens";
  for (const document of documentsOf(content)) {
    if (typeof document === "string" && inText.test(document)) return "a secret";
    const fields = fieldsIn(document);
    const encrypts =
      named.includes("encryption-provider-config") ||
      fields.some(([name, value]) => name === "kind" && value === "EncryptionConfiguration");
    if (encrypts && fields.some(([name, value]) => name === "secret" && says(value))) return "keys for encryption";
    if (fields.some(([name, value]) => credentials.includes(name) && says(value))) return "a credential";
  }
  return undefined;
}

/** Keys for encryption at rest, tokens and the credentials of kubeconfigs. */
export const secretsInClear: Rule = {
  says: "A component's file with keys for encryption at rest, tokens or a kubeconfig's credential is `secret`.",
  check: (cluster) =>
    componentNames.flatMap((component) =>
      Object.entries(cluster[component].files).flatMap(([name, { content, secret }]) => {
        if (secret || content === undefined) return [];
        const held = secretIn(content, argumentsWith(cluster, component, name));
        if (held === undefined) return [];
        return oneProblem(
          at(component, "files", name),
          `holds ${held} in clear (not shown)`,
          "secret: true, without a content",
          `make new ones if the stack's file was ever shared, and ${secretFileCure(name)}`,
        );
      }),
    ),
};
