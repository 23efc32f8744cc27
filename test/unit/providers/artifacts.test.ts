import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lock } from "../../../artifacts/lock.ts";
import { parseCluster } from "../../../config/parse.ts";
import { problemText } from "../../../config/problems.ts";
import { artifactProblems, refuseMissingArtifacts } from "../../../providers/artifacts.ts";
import { known } from "../../../providers/index.ts";
import { aws, lab, metal, type Written } from "../../harness/samples.ts";
import { scratch } from "../../harness/scratch.ts";

const folder = scratch();

function problems(config: Written, path?: string[]): string[] {
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return artifactProblems(parsed.cluster, path).map((it) => problemText(it).replaceAll("\n    ", " | "));
}

const bundle = (manifest: string) => ({ ...metal(), artifacts: { source: "bundle", manifest: join(folder, manifest) } });

test("official files whose hash nobody knows are refused before anything runs; the lab builds its own", () => {
  const [first = "", ...more] = problems(metal());
  assert.match(
    first,
    /^cluster\.artifacts can't be used: the official SHA-256 of flannel-cni .* is unknown.* \| cure: npm run bundle makes every file/,
  );
  assert.deepEqual(more, [], "each cause once, however many hosts it is on");
  const parsed = parseCluster(metal(), known);
  assert.ok(parsed.ok);
  assert.throws(() => refuseMissingArtifacts(parsed.cluster), /nothing was touched \(1 problem\)/);
  assert.deepEqual(problems(lab()), []);
});

test("a manifest that is missing, none, or of other files is refused with its path", () => {
  writeFileSync(join(folder, "text.json"), "none");
  writeFileSync(join(folder, "empty.json"), '{"files":{}}');
  assert.match(
    problems(bundle("absent.json")).join(),
    /^cluster\.artifacts\.manifest can't be used: \S+absent\.json can't be read/,
  );
  assert.match(problems(bundle("text.json")).join(), /text\.json can't be read as JSON/);
  assert.match(problems(bundle("empty.json"))[0] ?? "", /the bundle's manifest has no \w+-/);
});

test("a bundle that has all of a cluster's files is taken, of its own versions alone", () => {
  const versions: Record<string, string> = { ...lock.recommended["1.36.3"], kubernetes: "1.36.3" };
  const files: Record<string, { sha256: string }> = {};
  for (const name of Object.keys(lock.files))
    for (const version of Object.keys(lock.files[name as keyof typeof lock.files].sha256))
      for (const end of ["", ".tar", ".tar.gz"]) files[`${name}-${version}-linux-amd64${end}`] = { sha256: "ab".repeat(32) };
  for (const [group, name] of Object.entries({
    "control-plane": "kubernetes",
    "kube-proxy": "kubernetes",
    flannel: "flannel",
    coredns: "coredns",
    pause: "pause",
  }))
    files[`images-${group}-${versions[name]}-linux-amd64.tar`] = { sha256: "ab".repeat(32) };
  writeFileSync(join(folder, "whole.json"), JSON.stringify({ files }));
  assert.deepEqual(problems(bundle("whole.json")), []);
  assert.match(problems(bundle("whole.json"), ["1.35.4"]).join(), /has no images-control-plane-1\.35\.4/);
  // Graviton machines take the other architecture's.
  const graviton = {
    ...aws(),
    artifacts: { source: "mirror", location: "https://m.example.com", manifest: join(folder, "whole.json") },
  };
  assert.deepEqual(problems(graviton), []);
  graviton.aws.machines = { worker: { instanceType: "m7g.large" } };
  assert.match(problems(graviton).join(), /has no containerd-\S+-linux-arm64/);
});
