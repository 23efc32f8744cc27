import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { test } from "node:test";

// The npm package: the compiler brings every module to dist/, the build script copies what modules read beside them.

const root = new URL("../../../", import.meta.url);
const text = (path: string) => readFileSync(new URL(path, root), "utf8");
const manifest = JSON.parse(text("package.json"));

test("the build brings every script that a module of the package reads", () => {
  const [, folders = ""] = /find ((?:[\w-]+ )+)-name '\*\.sh'/.exec(manifest.scripts.build) ?? [];
  const brought = folders.trim().split(" ");
  const modules = globSync("{components,config,hosts,addons,artifacts,providers}/**/*.ts", { cwd: root.pathname });
  const read = modules.flatMap((module) =>
    [...text(module).matchAll(/"([\w./-]+\.sh)"/g)]
      .map(([, path = ""]) => new URL(path, new URL(module, root)))
      .filter((script) => existsSync(script))
      .map((script) => script.pathname.slice(root.pathname.length)),
  );
  for (const script of ["hosts/tools/etcd/defragment.sh", "providers/aws/hosts/refresh.sh"])
    assert.ok(read.includes(script), `no module reads ${script}`);
  assert.deepEqual(
    read.filter((script) => !brought.includes(script.split("/")[0] as string)),
    [],
  );
});

test("the package leads to its components only, and shares its program's SDK", () => {
  assert.equal(manifest.main, undefined);
  assert.equal(manifest.exports["."].default, "./dist/components/index.js");
  assert.ok(!("@pulumi/pulumi" in manifest.dependencies));
  assert.equal(manifest.peerDependencies["@pulumi/pulumi"], `^${manifest.devDependencies["@pulumi/pulumi"]}`);
});

test("the example installs the tarball that npm pack makes, and the package's SDK", () => {
  const { dependencies } = JSON.parse(text("examples/two-clusters/package.json"));
  assert.equal(dependencies["ha-kubernetes"], `file:../../${manifest.name}-${manifest.version}.tgz`);
  assert.equal(dependencies["@pulumi/pulumi"], manifest.devDependencies["@pulumi/pulumi"]);
});
