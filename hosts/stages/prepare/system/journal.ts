import type { HostPreparation } from "../../../../config/schema/host-preparation.ts";

/** journald's drop-in: what the config sets, and nothing that it leaves to journald. */
export function journalText({ journal }: HostPreparation): string {
  const yes = (is: boolean) => (is ? "yes" : "no");
  const lines: [name: string, value: string | number | undefined][] = [
    ["SystemMaxUse", journal.maxUse],
    ["SystemMaxFileSize", journal.maxFileSize],
    ["MaxRetentionSec", journal.retention],
    ["Storage", journal.storage === "auto" ? undefined : journal.storage],
    ["Compress", journal.compress ? undefined : yes(false)],
    ["RateLimitIntervalSec", journal.rateLimitInterval],
    ["RateLimitBurst", journal.rateLimitBurst],
    ["ForwardToSyslog", journal.forwardToSyslog === undefined ? undefined : yes(journal.forwardToSyslog)],
  ];
  return `[Journal]\n${lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}\n`])).join("")}`;
}
