// add-ons of the user's own: installed, changed, refused where they fail, and removed; nothing of the cluster's own waits for them

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checked } from "../harness/checked.ts";
import { must } from "../harness/process.ts";
import type { Written } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { scratch } from "../harness/scratch.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config: Written = await threePlusTwo("test-addons");
const { m1, m2, m3, w1 } = config.hosts;
config.hosts = { m1, m2, m3, w1 };

const root = new URL("../../", import.meta.url).pathname;
const folder = scratch();
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** A Deployment of the image that every node has. */
const deployment = (name: string, image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{ name: main, image: "${image}" }]
`;
const kind = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  names: { kind: Widget, plural: widgets }
  scope: Namespaced
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } } }
---
apiVersion: example.com/v1
kind: Widget
metadata: { name: one }
spec: { size: 1 }
`;

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const custom: Record<string, Written> = {};
    const configure = () => {
      config.addons = { custom };
      stack.configure(config);
    };
    const names = async (what: string) => (await cluster.kubectl(`get ${what} -o name`)).trim().split("\n").filter(Boolean);
    /** `up` that must end with this line, with everything of the cluster's own as it was. */
    const refused = async (line: RegExp) => {
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      assert.match(text, line);
      await cluster.nodesReady();
      return text;
    };

    test("manifests, a kustomize folder and objects of the config are installed, and a second up runs nothing", async () => {
      const [coredns] = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
      const image: string = coredns?.spec.containers[0].image;
      file(
        "kustomization.yaml",
        "namespace: built\nresources: [namespace.yaml]\nconfigMapGenerator: [{ name: generated, literals: [a=1] }]\n",
      );
      file("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: { name: built }\n");
      custom.web = { files: [file("web.yaml", deployment("web", image)), file("kind.yaml", kind)], namespace: "web" };
      custom.built = { kustomize: folder, order: 1 };
      custom.settings = {
        namespace: "web",
        objects: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } }],
      };
      configure();
      const { text } = await stack.up();
      assert.match(text, /applied 3 objects of custom add-on web/);
      assert.deepEqual(await names("deployment,widget,configmap -n web"), [
        "deployment.apps/web",
        "widget.example.com/one",
        "configmap/a",
        "configmap/kube-root-ca.crt",
      ]);
      assert.equal((await names("configmap -n built")).filter((name) => name.startsWith("configmap/generated-")).length, 1);
      await cluster.settled();
      await assertNothingRuns(scenario);
    });

    test("an edit changes and removes objects; what others wrote is not overwritten unless the config says so", async () => {
      await cluster.kubectl(`-n web patch configmap a --type merge -p '{"data":{"k":"by hand"}}' --field-manager kubectl-edit`);
      file("kind.yaml", kind.replace("size: 1", "size: 2").replace("name: one", "name: two"));
      custom.settings.objects[0].data = { k: "changed" };
      configure();
      await refused(
        /custom add-on settings: ConfigMap web\/a: Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: \.data\.k; custom add-on built: not applied/,
      );
      assert.deepEqual(await names("widget -n web"), ["widget.example.com/two"]);
      assert.equal((await cluster.get("configmap a -n web")).data.k, "by hand");
      custom.settings.takeOver = true;
      configure();
      await stack.up();
      assert.equal((await cluster.get("configmap a -n web")).data.k, "changed");
    });

    test("what the program did not make is refused, and so are a manifest that the API refuses and a pod that does not start, each by name", async () => {
      await cluster.kubectl("create configmap mine --from-literal=k=v");
      const mine = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mine" } };
      custom.mine = { objects: [mine] };
      custom.typo = { objects: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "typo" }, daten: {} }] };
      custom.absent = {
        files: [file("absent.yaml", deployment("absent", "registry.invalid/absent:1"))],
        timeoutSeconds: 15,
        pullImages: true,
      };
      configure();
      const text = await refused(
        /custom add-on absent: Deployment default\/absent .*\(pods: absent-\S+ on w1: (ErrImagePull|ImagePullBackOff)\)/,
      );
      assert.match(text, /custom add-on mine: ConfigMap default\/mine exists already/);
      assert.match(text, /custom add-on typo: ConfigMap default\/typo: .*daten/);
      assert.equal((await cluster.get("configmap mine")).data.k, "v");
      // The next up begins with it again.
      await refused(/custom add-on absent: Deployment default\/absent/);
      for (const name of ["mine", "typo", "absent"]) delete custom[name];
      // The config of the last up that succeeded comes back, which the engine takes for no change.
      config.repair = "without-them";
      configure();
      await stack.up();
      assert.deepEqual(await names("deployment"), []);
      assert.equal((await cluster.get("configmap mine")).data.k, "v");
    });

    test("a preview refuses missing files, the cluster's own objects, and one object of two add-ons", async () => {
      const before = { ...custom };
      custom.none = { files: [join(folder, "none.yaml")] };
      custom.dns = {
        objects: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "coredns", namespace: "kube-system" } }],
      };
      custom.stranger = { files: [file("stranger.yaml", deployment("stranger", "registry.invalid/stranger:1"))] };
      custom.twice = { namespace: "web", objects: custom.settings.objects };
      configure();
      const { status, text } = await stack.ask("preview");
      assert.notEqual(status, 0);
      for (const words of [
        "none.files[0] is",
        "holds Deployment stranger with the image registry.invalid/stranger:1, which no archive of the bundle brings",
        "holds ConfigMap/kube-system/coredns, which belongs to add-on coredns",
        "holds ConfigMap/web/a, which belongs to addons.custom.settings",
      ])
        assert.ok(text.includes(words), text);
      for (const name of Object.keys(custom)) if (!(name in before)) delete custom[name];
    });

    test("a chart is installed with its values, changed, and refused at preview where it does not render", async () => {
      const chart = join(folder, "chart");
      mkdirSync(join(chart, "templates"), { recursive: true });
      file("chart/Chart.yaml", "apiVersion: v2\nname: greeting\nversion: 1.0.0\n");
      file("chart/values.yaml", "word: hello\n");
      const template =
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }} }\ndata: { word: {{ required "a word" .Values.word }} }\n';
      file("chart/templates/config.yaml", template);
      custom.greeting = { namespace: "web", chart: { path: chart } };
      configure();
      await stack.up();
      assert.equal((await cluster.get("configmap greeting -n web")).data.word, "hello");
      custom.greeting.chart.values = { word: "good-day" };
      configure();
      await stack.up();
      assert.equal((await cluster.get("configmap greeting -n web")).data.word, "good-day");
      custom.greeting.chart.values = { word: "" };
      configure();
      const { status, text } = await stack.ask("preview");
      assert.notEqual(status, 0);
      assert.match(text, /cluster\.addons\.custom\.greeting\.chart does not render: .*a word/);
      delete custom.greeting;
    });

    test("a Corefile that was changed by hand stays in an edit, check names it, and another word of repair puts the program's own back", async () => {
      const corefile = async () => (await cluster.get("configmap coredns -n kube-system")).data.Corefile as string;
      const before = await corefile();
      const patch = JSON.stringify({ data: { Corefile: before.replace("cache 30", "cache 29") } });
      await cluster.kubectl(`-n kube-system patch configmap coredns --type merge -p '${patch}' --field-manager kubectl-edit`);
      config.addons = { custom, coredns: { cacheSeconds: 28 } };
      stack.configure(config);
      const { text } = await stack.up();
      assert.match(text, /left ConfigMap coredns as it is: conflict with "kubectl-edit" using v1: \.data\.Corefile/);
      assert.match(await corefile(), /cache 29 /);
      const { wrong } = await checked(stack);
      assert.ok(wrong.includes("cluster WARN ConfigMap kube-system/coredns"), wrong.join("; "));
      config.repair = "today";
      stack.configure(config);
      await stack.up();
      assert.match(await corefile(), /cache 28 /);
    });

    test("taking all of them out removes all they made, and nothing else", async () => {
      for (const name of Object.keys(custom)) delete custom[name];
      configure();
      await stack.up();
      assert.deepEqual(
        (await names("namespaces")).filter((name) => /web|built/.test(name)),
        [],
      );
      assert.deepEqual(
        (await names("crd")).filter((name) => name.includes("widgets")),
        [],
      );
      assert.deepEqual(
        (await names("configmap -n kube-system")).filter((name) => name.includes("custom")),
        [],
      );
      assert.equal((await cluster.get("configmap mine")).data.k, "v");
      await cluster.settled();
      await assertNothingRuns(scenario);
    });
  },
  {
    // As `npm run bundle:helm` does; where it is there this takes no time.
    prepare: async () => void (await must(process.execPath, ["addons/custom/make-helm.ts"], { cwd: root })),
  },
);
