import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { bundleOptions } from "../../../../addons/bundle-options.ts";
import { isClusterWide, placeOf } from "../../../../addons/custom/allowed.ts";
import { addonsOf, everyAddonOf } from "../../../../addons/registry.ts";
import { setAddons } from "../../../../addons/set/registry.ts";
import { renderSet } from "../../../../addons/set/render.ts";
import { withCertificate } from "../../../../addons/set/serving.ts";
import { keyOf } from "../../../../addons/set/set-addon.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { parseCluster } from "../../../../config/parse.ts";
import { workerStage } from "../../../../hosts/stages/worker/worker.ts";
import { clusterOf, graphOf } from "../../../harness/graph.ts";
import { aws, clusterFrom, known, metal, type Written } from "../../../harness/samples.ts";

const withAddons = (addons: Written) => clusterFrom({ ...metal(), kubernetesVersion: "1.36.4", addons });
const { versions } = resolveVersions(withAddons({}));

/** An object's containers with what their pod says. */
const pods = (object: Written) => (object.spec?.template === undefined ? [] : [object.spec.template.spec]);

for (const [key, written] of Object.entries({ metricsServer: { replicas: 3 }, localPath: true })) {
  test(`${key}: each object has its place, each container what it asks for and no right that it does not need`, async () => {
    const cluster = withAddons({ [key]: written });
    const { addons, problems } = await renderSet(cluster, versions);
    assert.deepEqual(problems, []);
    const [addon] = addons;
    assert.ok(addon !== undefined && addons.length === 1);
    const places = addon.objects.map(placeOf);
    assert.equal(new Set(places).size, places.length);
    for (const { kind, metadata } of addon.objects)
      assert.ok(isClusterWide(kind) === (metadata.namespace === undefined), `${kind} ${metadata.name}`);
    const specs = addon.objects.flatMap(pods);
    assert.ok(specs.length > 0);
    for (const { containers, priorityClassName } of specs) {
      assert.ok(priorityClassName);
      for (const { image, resources, securityContext } of containers) {
        assert.match(image, /:v\d/);
        assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory);
        assert.deepEqual(
          [securityContext.readOnlyRootFilesystem, securityContext.runAsNonRoot, securityContext.capabilities.drop],
          [true, true, ["ALL"]],
        );
      }
    }
    // Nodes have the images, and the command that makes a bundle names them.
    const own = setAddons.find((it) => keyOf(it) === key);
    assert.ok(own !== undefined && everyAddonOf(cluster).includes(own) && !addonsOf(cluster).includes(own));
    assert.equal(own.preload, "nodes");
    assert.deepEqual(bundleOptions(cluster), [
      `--lock addons/lock.json#${Object.values(own.images(versions))
        .map(({ name }) => name)
        .join(",")}`,
    ]);
  });
}

test("kubelets ask for certificates of the authority only while something verifies them", () => {
  const configOf = (addons: Written) => {
    const stage = workerStage({
      host: { name: "w1", address: "10.0.0.11", pool: "general" },
      owner: "prod/1",
      cluster: withAddons(addons),
      endpoint: { address: "10.0.0.10", port: 8443 },
      authority: { certificate: "", trusted: "" },
      join: { token: "" },
      kubeletExtraArgs: {},
    });
    const file = stage.files?.find(({ path }) => path === "/var/lib/kubelet/config.yaml");
    return [parse(file?.content ?? "").serverTLSBootstrap, stage.settings?.SERVING_CERTIFICATE];
  };
  assert.deepEqual(configOf({}), [undefined, undefined]);
  assert.deepEqual(configOf({ metricsServer: true }), [true, "signed"]);
  assert.deepEqual(configOf({ metricsServer: { enabled: false } }), [undefined, undefined]);
});

test("metrics-server's own certificate is in its Secret, and the API is told its authority", async () => {
  const { addons } = await renderSet(withAddons({ metricsServer: true }), versions);
  const objects: Written[] = withCertificate(addons[0]?.objects ?? [], { authority: "A", certificate: "C", key: "K" });
  const of = (kind: string) => objects.find((object) => object.kind === kind);
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  assert.deepEqual(of("Secret").data, { "tls.crt": base64("C"), "tls.key": base64("K") });
  assert.equal(of("APIService").spec.caBundle, base64("A"));
  assert.ok(objects.indexOf(of("Secret")) < objects.indexOf(of("Deployment")));
  assert.ok(addons[0]?.certificateNames?.includes("metrics-server.kube-system.svc"));
  const graph = await graphOf(
    clusterOf(1, (cluster) => {
      cluster.addons = { metricsServer: true };
    }),
  );
  const names = [...graph.keys()].filter((name) => name.includes("serving-metrics-server"));
  assert.equal(names.length, 3, names.join());
  assert.ok(graph.has("command:remote:Command custom-addons-m1"));
  assert.doesNotMatch(String(graph.get("command:remote:Command custom-addons-m1")?.inputs.create), /PRIVATE KEY/);
});

test("a folder for volumes and their class are as the config says", () => {
  const taken = (config: Written) => {
    const parsed = parseCluster(config, known);
    return parsed.ok ? [] : parsed.problems.map(({ key }) => key);
  };
  for (const localPath of [true, { path: "/mnt/volumes" }, { enabled: false, path: "/var/lib" }])
    assert.deepEqual(taken({ ...metal(), addons: { localPath } }), []);
  for (const addons of [{ localPath: { default: false } }, { localPath: true, ebsCsi: false }])
    assert.deepEqual(taken({ ...aws(), addons }), []);
  const classOf = async (localPath: Written) => {
    const { addons } = await renderSet(withAddons({ localPath }), versions);
    const object = addons[0]?.objects.find(({ kind }) => kind === "StorageClass");
    return object?.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"];
  };
  return Promise.all([classOf(true), classOf({ default: false })]).then((found) => assert.deepEqual(found, ["true", undefined]));
});
