// Reads our shell scripts far enough to know which functions and variables one uses, and where they are defined.

/** A function of a script, or (`name` empty) what runs when the script is read. */
export interface Part {
  name: string;
  /** Words that are not quoted, those inside $(...) of double quotes included: commands, and names of functions handed to others. */
  words: Set<string>;
  /** Names of variables that are read. */
  variables: Set<string>;
}

/** A script's functions and top level, and the variables that its top level sets. */
export interface Script {
  parts: Part[];
  sets: Set<string>;
}

/** Reads a script that is written as ours are: functions begin at the start of a line and end with a brace there, or on the same line. */
export function readScript(text: string): Script {
  const parts: Part[] = [];
  const rest: string[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const name = /^([a-z_0-9]+)\(\) [{(]/.exec(line)?.[1];
    if (name === undefined) {
      rest.push(line);
      continue;
    }
    const start = at;
    if (!/[})]$/.test(line)) while (!/^[})]$/.test(lines[at] ?? "}")) at++;
    parts.push(
      part(
        name,
        lines
          .slice(start, at + 1)
          .join("\n")
          .slice(line.indexOf(" ")),
      ),
    );
  }
  const top = rest.join("\n");
  const sets = new Set([...top.matchAll(/(?:^|\s)([A-Z][A-Z0-9_]*)\+?=/g)].map(([, variable]) => variable ?? ""));
  return { parts: [...parts, part("", top)], sets };
}

function part(name: string, text: string): Part {
  const words = new Set(unquoted(text).match(/(?<![\w$./=-])[a-z_][a-z_0-9]*(?![\w=/.-])/g) ?? []);
  const variables = new Set([...text.matchAll(/\$\{?#?([A-Z][A-Z0-9_]*)/g)].map(([, variable]) => variable ?? ""));
  return { name, words, variables };
}

/** A text without comments, quoted text and here documents; commands inside double quotes stay. */
function unquoted(text: string): string {
  const withoutDocuments = text.replace(/<<'?([A-Z]+)'?(.*)\n[\s\S]*?\n\1$/gm, "$2");
  let out = "";
  // What we are inside of: a command, or double quotes.
  const inside: string[] = ["command"];
  for (let at = 0; at < withoutDocuments.length; at++) {
    const [char = "", next] = [withoutDocuments[at], withoutDocuments[at + 1]];
    const quoted = inside.at(-1) === "quotes";
    if (char === "\\") at++;
    else if (char === "$" && next === "(" && withoutDocuments[at + 2] !== "(") {
      inside.push("command");
      out += " ( ";
      at++;
    } else if (char === '"') {
      if (quoted) inside.pop();
      else inside.push("quotes");
      out += '"';
    } else if (quoted) continue;
    else if (char === "'") at = withoutDocuments.indexOf("'", at + 1);
    else if (char === "#" && /(^|\s)$/.test(withoutDocuments.slice(Math.max(0, at - 1), at))) {
      const end = withoutDocuments.indexOf("\n", at);
      at = end < 0 ? withoutDocuments.length : end - 1;
    } else if (char === "(") {
      inside.push("command");
      out += char;
    } else if (char === ")") {
      if (inside.length > 1) inside.pop();
      out += char;
    } else out += char;
  }
  return out;
}
