import type { LabHost } from "./lab.ts";

// Look-ups from a host, with what every host has: bash sends packets by UDP.

/** A query for the IPv4 addresses of a name, as RFC 1035 (section 4.1) has it. */
export function query(name: string, id = 0x4861): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  // Recursion is asked for; one question, of type A and class IN.
  const header = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

const escaped = (bytes: Buffer) => [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");

/**
 * The shell function `ask`: asks a server for a name and fails where no answer with an address comes. A lost packet is sent twice more, after
 * two seconds each, as resolvers do.
 */
export const ask = (server: string, name: string): string => `query=$(mktemp)
printf '${escaped(query(name))}' >$query
ask() {
  local answer
  for try in 1 2 3; do
    exec 3<>/dev/udp/${server}/53
    # In one piece: bash's own printf ends a packet at each byte that is a line's end, such as the length of a label of ten letters.
    cat $query >&3
    answer=$(timeout 2 dd bs=512 count=1 <&3 2>/dev/null | od -An -v -tx1 -N 8 | tr -d ' \\n' || true)
    # The id, an answer without an error, and at least one record.
    if [[ $answer =~ ^4861..[0-9a-f]00001.... ]] && [ "\${answer:12:4}" != 0000 ]; then return 0; fi
  done
  return 1
}`;

/** How many of so many look-ups, one after another, have no answer. */
export async function lost(host: LabHost, server: string, name: string, count: number): Promise<number> {
  return Number(
    await host.sh(`${ask(server, name)}
    lost=0; for ((i = 0; i < ${count}; i++)); do ask || lost=$((lost + 1)); done; echo $lost`),
  );
}
