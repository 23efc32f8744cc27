type Said = readonly (readonly [host: string, text: string])[];

/** Hosts that are one machine, or copies of one, a sentence with the cure for each. `said`: by host, a text with its `machine MARK`. */
export const sameMachines = (said: Said): string[] =>
  withOneMark(said, /\bmachine ([0-9a-f]{16})\b/).map(
    (all) =>
      `${all} have the same /etc/machine-id: they are one machine under two addresses, or copies of one disk; on all copies but one, run: rm -f /etc/machine-id /var/lib/dbus/machine-id && systemd-machine-id-setup, and restart it`,
  );

/** Hosts that are one iSCSI initiator to every target, a sentence with the cure for each. `said`: by host, a text with its `initiator MARK`. */
export const sameInitiators = (said: Said): string[] =>
  withOneMark(said, /\binitiator ([0-9a-f]{16})\b/).map(
    (all) =>
      `${all} have the same name in /etc/iscsi/initiatorname.iscsi, so an iSCSI target takes them for one host, and both would write to one disk; on all but one, run: echo "InitiatorName=$(iscsi-iname)" >/etc/iscsi/initiatorname.iscsi && systemctl try-restart iscsid, and let the target know the new name`,
  );

/** The hosts that said one mark, as a text, for each mark that several said. */
function withOneMark(said: Said, pattern: RegExp): string[] {
  const marks = said.flatMap(([host, text]): { host: string; mark: string }[] => {
    const mark = pattern.exec(text)?.[1];
    return mark === undefined ? [] : [{ host, mark }];
  });
  return [...Map.groupBy(marks, ({ mark }) => mark).values()]
    .filter((hosts) => hosts.length > 1)
    .map((hosts) => {
      const names = hosts.map(({ host }) => host).sort();
      return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
    });
}

/** Why no host may be changed yet, with all reasons of all hosts; undefined where all have passed. `said`: what each host's first look said. */
export function refusal(said: Said): string | undefined {
  const refused = said.map(([, text]) => text).filter((text) => text.includes("reason(s) not to start"));
  const reasons = [
    ...refused.map((text) => text.replace(/^machine .*\n?/m, "").trimEnd()),
    ...sameMachines(said),
    ...sameInitiators(said),
  ];
  if (reasons.length === 0) return undefined;
  return `No host was changed: preflight refuses this up, for the reasons of all hosts below. npm run preflight shows them, too, without an up\n${reasons.join("\n")}`;
}
