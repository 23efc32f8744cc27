// Values of arguments as Go programs read them.

/** A truth value as strconv.ParseBool reads it, by which every boolean flag of a Go program goes; undefined where it reads none. */
export function goBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}

/** A list parted by commas. */
export const goList = (text: string | undefined): string[] => (text ?? "").split(",").map((item) => item.trim());

/** `name=value` pairs parted by commas, as a flag of MapStringString reads them. */
export function goMap(text: string | undefined): [name: string, value: string][] {
  return goList(text)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [name.trim(), value.join("=").trim()];
    });
}

/**
 * A range of ports as k8s.io/apimachinery's PortRange reads it: `30000-32767`, `30000+2767` or one port. Undefined where it reads none.
 */
export function goPortRange(text: string): { first: number; last: number } | undefined {
  const [, from = "", sign, to = ""] = /^(\d{1,5})(?:([-+])(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (from === "") return undefined;
  const first = Number(from);
  const last = sign === undefined ? first : sign === "+" ? first + Number(to) : Number(to);
  return first <= last && last <= 65_535 ? { first, last } : undefined;
}

/** Whether time.ParseDuration reads a text. */
export const goDuration = (text: string): boolean => /^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text);

/** Whether strconv.ParseInt of base 0 reads a text, by which whole numbers of flags go; 0x, 0o, 0b and _ between digits are in it. */
export const goInteger = (text: string): boolean =>
  /^[-+]?(0|[1-9](_?\d)*|0(_?[0-7])+|0[xX](_?[\da-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+)$/.test(text);

/** Whether strconv.ParseFloat reads a text; its hexadecimal forms are left out. */
export const goFloat = (text: string): boolean => /^[-+]?((\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|inf(inity)?|nan)$/i.test(text);

const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration in milliseconds; undefined where time.ParseDuration reads none. */
export function goMilliseconds(text: string): number | undefined {
  if (!goDuration(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
  const sum = parts.reduce((all, [, number, unit]) => all + Number(number) * (milliseconds[unit as string] as number), 0);
  return text.startsWith("-") ? -sum : sum;
}
