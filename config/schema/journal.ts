import { z } from "zod";
import { matching, oneOf, onOff, whole } from "../values.ts";

// journald's limits, in its own units (journald.conf(5)).

const size = matching(/^[1-9]\d{0,6}[KMGT]$/, "an amount of bytes such as 200M or 10G, with K, M, G or T");
const time = matching(/^[1-9]\d{0,6}(s|min|h|day|week|month|year)$/, "a time such as 30s, 12h or 2week");

/** What the journal keeps, beyond one line. */
export const journalSchema = z
  .strictObject({
    maxUse: size.default("1G").describe("The most that it takes on disk."),
    maxFileSize: size.optional().describe("The most of one of its files. By default an eighth of maxUse."),
    retention: time.optional().describe("How long it keeps anything. By default as long as there is room."),
    storage: oneOf(["persistent", "auto"])
      .default("auto")
      .describe("persistent: on disk, also where /var/log/journal does not exist yet. auto: as the host has it."),
    compress: onOff.default(true).describe("Compress large entries."),
    rateLimitInterval: time
      .optional()
      .describe("The time in which rateLimitBurst messages of one service are kept. By default 30s."),
    rateLimitBurst: whole(0, 1_000_000)
      .optional()
      .describe("How many messages of one service are kept in that time; 0 for all. By default 10000."),
    forwardToSyslog: onOff.optional().describe("Hand messages on to a syslog service. By default as the distribution does it."),
  })
  .prefault({})
  .describe("What the journal keeps, with journalLimit.");
