import { lab, type Written } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Registries, mirrors, proxies and what hosts trust there.

const runtime = (containerRuntime: object) => (c: Written) => {
  c.containerRuntime = containerRuntime;
};
const proxy = (given: object) => (c: Written) => {
  c.proxy = given;
};
const artifacts = (given: object) => (c: Written) => {
  c.artifacts = given;
};
const ca = "/etc/ssl/mirror.pem";

/** What no URL has as its host, or what readers of URLs take for another one. */
const badHosts = [
  "300.300.300.300",
  "1.2.3.4.5",
  "1.2",
  "0x1",
  "010.1.1.1",
  "a..b",
  "a-.example.com",
  "xn--a",
  "a.example.com:0",
];

export const badSources: readonly Bad[] = [
  ...badHosts.flatMap((host) => [
    bad(
      `a registry, its mirrors and one that is not verified at ${host}`,
      runtime({
        registryMirrors: { "docker.io": [`https://${host}`, `http://${host}/v2/hub`], [host]: ["https://m.example.com"] },
        registries: { [host]: { ca } },
        insecureRegistries: [host],
      }),
      "cluster.containerRuntime.registryMirrors.docker.io[0]",
      "cluster.containerRuntime.registryMirrors.docker.io[1]",
      `cluster.containerRuntime.registryMirrors.${host}`,
      `cluster.containerRuntime.registries.${host}`,
      "cluster.containerRuntime.insecureRegistries[0]",
    ),
    bad(
      `a proxy, an exception and a repository of images at ${host}`,
      (c) => {
        proxy({ http: `http://${host}`, none: [host] })(c);
        artifacts({ imageRepository: `${host}/k8s` })(c);
      },
      "cluster.artifacts.imageRepository",
      "cluster.proxy.http",
      "cluster.proxy.none[0]",
    ),
    bad(
      `a mirror of files at ${host}`,
      artifacts({ source: "mirror", location: `https://${host}` }),
      "cluster.artifacts.location",
    ),
  ]),
  ...["/%zz", "/a%", ":99999/", "/'", "/$(id)", '/"', "?x=1", "/a b", "#x"].map((end) =>
    bad(
      `a mirror of files that ends in ${end}`,
      artifacts({ source: "mirror", location: `https://m.example.com${end}` }),
      "cluster.artifacts.location",
    ),
  ),
  ...["/%zz", "/a%", ":99999/"].map((end) =>
    bad(
      `a mirror of images that ends in ${end}`,
      runtime({ registryMirrors: { "docker.io": [`https://m.example.com${end}`] } }),
      "cluster.containerRuntime.registryMirrors.docker.io[0]",
    ),
  ),
  bad(
    "a repository of images beside a bundle",
    artifacts({ source: "bundle", manifest: "m.json", imageRepository: "r.example.com/k8s" }),
    "cluster.artifacts.imageRepository",
  ),
  bad(
    "a repository of images beside a mirror of a bundle",
    artifacts({ source: "mirror", location: "https://m.example.com", manifest: "m.json", imageRepository: "r.example.com/k8s" }),
    "cluster.artifacts.imageRepository",
  ),
  {
    mistake: "a repository of images in the lab",
    from: lab,
    edit: artifacts({ imageRepository: "r.example.com" }),
    keys: ["cluster.artifacts.imageRepository"],
  },
  ...[
    "https://r.example.com/k8s",
    "r.example.com/k8s:v1",
    "r.example.com/",
    "R.example.com/k8s",
    "kubernetes",
    "library/k8s",
  ].map((it) =>
    bad(`a repository of images that is ${it}`, artifacts({ imageRepository: it }), "cluster.artifacts.imageRepository"),
  ),
  bad(
    "an authority for an http mirror",
    artifacts({ source: "mirror", location: "http://m.example.com", ca }),
    "cluster.artifacts.ca",
  ),
  bad("an authority for a bundle", artifacts({ source: "bundle", manifest: "m.json", ca }), "cluster.artifacts.ca"),
  ...["mirror.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----", "MIIB"].map(
    (it) => bad(`an authority that is ${it.split("\n").slice(0, 2).join(" ")}`, artifacts({ ca: it }), "cluster.artifacts.ca"),
  ),
  bad(
    "an authority of a registry that is not verified",
    runtime({ insecureRegistries: ["r.example.com"], registries: { "r.example.com": { ca } } }),
    "cluster.containerRuntime.registries.r.example.com.ca",
  ),
  bad(
    "a client certificate for a registry that is not verified",
    runtime({ insecureRegistries: ["r.example.com"], registries: { "r.example.com": { clientCertificate: ca } } }),
    "cluster.containerRuntime.registries.r.example.com.clientCertificate",
  ),
  ...[
    ["r.example.com:443", "r.example.com"],
    ["r.example.com", "r.example.com:443"],
  ].map(([insecure = "", name = ""]) =>
    bad(
      `an authority of ${name} beside the insecure ${insecure}`,
      runtime({ insecureRegistries: [insecure], registries: { [name]: { ca } } }),
      `cluster.containerRuntime.registries.${name}.ca`,
    ),
  ),
  bad(
    "an authority of a mirror without TLS",
    runtime({ registryMirrors: { "docker.io": ["http://m.example.com/v2/hub"] }, registries: { "m.example.com:80": { ca } } }),
    "cluster.containerRuntime.registries.m.example.com:80",
  ),
  bad(
    "a registry by its URL",
    runtime({ registries: { "https://r.example.com": { ca } } }),
    "cluster.containerRuntime.registries.https://r.example.com",
  ),
  bad("every registry insecure", runtime({ insecureRegistries: ["*"] }), "cluster.containerRuntime.insecureRegistries[0]"),
  bad(
    "a login among the registries",
    runtime({ registries: { "r.example.com": { password: "hunter2" } } }),
    "cluster.containerRuntime.registries.r.example.com.password",
  ),
  bad("exceptions without a proxy", proxy({ none: [".example.com"] }), "cluster.proxy.none"),
  ...["10.1.2.3/8", "0.0.0.0/0", "10.0.0.0/0"].map((it) =>
    bad(`an excepted range ${it}`, proxy({ http: "http://proxy.example.com:3128", none: [".x", it] }), "cluster.proxy.none[1]"),
  ),
  ...[
    "proxy.example.com:3128",
    "http://proxy.example.com:3128/path",
    "socks5://proxy.example.com:1080",
    "http://ops:hunter2@proxy.example.com:3128",
  ].map((it) => bad(`a proxy at ${it.replace(/ops.*@/, "a login and ")}`, proxy({ http: it }), "cluster.proxy.http")),
  ...[
    "*",
    "*.example.com",
    "10.0.0.0/33",
    "10.0.0.256",
    "https://git.example.com",
    "a b",
    "10.1.2.3.4",
    "git.example.com:99999",
    "10.0.0.300:80",
  ].map((it) => bad(`an exception ${it}`, proxy({ http: "http://proxy.example.com:3128", none: [it] }), "cluster.proxy.none[0]")),
];
