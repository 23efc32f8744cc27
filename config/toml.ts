import { parse, TomlError } from "smol-toml";

/** A text in TOML, read; or where it is none, and why, in one line. */
export type Toml = { table: Readonly<Record<string, unknown>> } | { fault: string };

/** Reads TOML 1.0, as containerd's configuration is written in. Numbers that JavaScript can't hold are read as such. */
export function readToml(text: string): Toml {
  try {
    return { table: parse(text, { integersAsBigInt: "asNeeded" }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = ""] = error.message.split("\n");
    return { fault: `line ${error.line}, column ${error.column}: ${reason.replace(/^Invalid TOML document: /, "")}` };
  }
}
