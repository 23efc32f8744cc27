import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fillBundle, missingFiles } from "../../../artifacts/bundle.ts";
import { addToManifest, readManifest } from "../../../artifacts/bundle-manifest.ts";
import { originOf, wantedImages } from "../../../artifacts/bundle-plan.ts";
import type { LockedImage } from "../../../artifacts/images.ts";
import { resolveVersions } from "../../../artifacts/lock.ts";
import { pullImages } from "../../../artifacts/registry-images.ts";
import { must } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

// The projects' own images. skopeo is a stand-in that writes a layout as skopeo 1.9 does; it is told whether the registry has an image.

const folder = scratch();
const skopeo = join(folder, "skopeo");
writeFileSync(
  skopeo,
  `#!/bin/bash
echo "$*" >>${folder}/said
[ ! -e ${folder}/gone ] || { echo "manifest unknown" >&2; exit 1; }
to=\${*: -1}; layout=\${to#oci:}; name=\${layout#*:}; layout=\${layout%%:*}
mkdir -p $layout/blobs; touch $layout/blobs/\${name##*/}
[ -e $layout/index.json ] || echo '{"manifests":[]}' >$layout/index.json
sed -i 's|]}$|{"digest":"sha256:aa","annotations":{"org.opencontainers.image.ref.name":"'$name'"}}]}|; s|}}{|}},{|' $layout/index.json
`,
);
chmodSync(skopeo, 0o755);

const image = (reference: string, digest = `sha256:${"ab".repeat(32)}`): LockedImage =>
  ({ name: "x", version: "1.36.3", reference, digest, archive: "x" }) as LockedImage;
const images = [image("registry.k8s.io/pause:3.10.2"), image("registry.example.com:5000/team/coredns:v1.14.2")];

test("each image is fetched by its digest for one platform, and the archive calls it by its tag, as containerd wants it", async () => {
  const path = join(scratch(), "images.tar");
  const entry = await pullImages(images, "arm64", path, [skopeo]);
  const said = readFileSync(join(folder, "said"), "utf8").split("\n");
  assert.match(said[0] ?? "", /--override-os linux --override-arch arm64 docker:\/\/registry\.k8s\.io\/pause@sha256:abab/);
  assert.match(
    said[1] ?? "",
    /docker:\/\/registry\.example\.com:5000\/team\/coredns@sha256:abab.* oci:\S+:registry\.example\.com:5000\/team\/coredns:v1\.14\.2$/,
  );
  const index = JSON.parse(await must("tar", ["-xOf", path, "./index.json"]));
  assert.deepEqual(
    index.manifests.map((it: { annotations: Record<string, string> }) => it.annotations["io.containerd.image.name"]),
    images.map(({ reference }) => reference),
  );
  assert.deepEqual(readdirSync(join(path, "..")), ["images.tar"]);
  assert.equal(entry.origin, "official");
  assert.match(entry.from[1] ?? "", /^registry\.example\.com:5000\/team\/coredns@sha256:/);
});

test("a registry without the image ends the run in skopeo's words, and no archive is made; an unknown digest is named", async () => {
  const path = join(scratch(), "images.tar");
  writeFileSync(join(folder, "gone"), "");
  await assert.rejects(pullImages(images, "amd64", path, [skopeo]), /manifest unknown/);
  assert.ok(!existsSync(path));
  const unknown = [image("a/b:1", "unknown"), ...images];
  await assert.rejects(
    pullImages(unknown, "amd64", path, [skopeo]),
    /the official digest of a\/b:1 is unknown: npm run lock -- add x 1\.36\.3 looks it up/,
  );
});

test("where official images are wanted, an archive of built ones does not do", async () => {
  const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} } as never);
  const wanted = wantedImages(versions, "amd64").filter(({ file }) => file.startsWith("images-pause-"));
  assert.deepEqual(
    wanted.map((item) => originOf(item, "auto", false)),
    ["official"],
  );
  const bundle = { folder: scratch(), architecture: "amd64" as const, source: "auto" as const, wanted };
  const [{ file = "" } = {}] = wanted;
  writeFileSync(join(bundle.folder, file), "x");
  const entry = { sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", size: 1, version: "3", from: [] };
  addToManifest(bundle.folder, file, { ...entry, origin: "built" });
  assert.equal((await missingFiles(bundle)).length, 1);
  addToManifest(bundle.folder, file, { ...entry, origin: "official" });
  assert.deepEqual(await missingFiles(bundle), []);
  await fillBundle(bundle);
  assert.deepEqual(Object.keys(readManifest(bundle.folder).files), [file]);
});
