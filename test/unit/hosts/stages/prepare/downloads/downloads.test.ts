import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as httpServer } from "node:http";
import { createServer as httpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { rootCertificates } from "node:tls";
import type { ClusterInput } from "../../../../../../config/schema.ts";
import { downloadFiles, neededFiles } from "../../../../../../hosts/stages/prepare/downloads/downloads.ts";
import { must, run } from "../../../../../harness/process.ts";
import { clusterFrom, metal } from "../../../../../harness/samples.ts";
import { scratch } from "../../../../../harness/scratch.ts";
import { withScripts } from "../../../bash.ts";

const pem = rootCertificates[0] as string;
const FOLDER = "/etc/ha-kubernetes/downloads";
const library = new URL("../../../../../../hosts/lib/", import.meta.url).pathname;

const cluster = (over: Partial<ClusterInput>) => clusterFrom({ ...metal(), ...over });
function files(over: Partial<ClusterInput>, proxyLogin?: string) {
  const made = downloadFiles({ cluster: cluster(over), apiAddress: "10.0.0.10", proxyLogin });
  return new Map(made.map((file) => [file.path, file]));
}

/** A folder that stands for a host with these files, and a call of a function of the library there. */
function host(over: Partial<ClusterInput>, proxyLogin?: string) {
  const root = scratch();
  for (const { path, content } of files(over, proxyLogin).values()) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content.replaceAll(FOLDER, `${root}${FOLDER}`));
  }
  return {
    root,
    call: (command: string, env: Record<string, string> = {}) =>
      run(
        "bash",
        [
          "-c",
          `set -euo pipefail; STAGE_NAME=prepare HOST_NAME=m1 LOGIN_PROXIES=(http_proxy=http://login:1); durable() { :; }
          for name in common files artifacts; do . "${library}$name.sh"; done; ${command}`,
        ],
        { env: { HAK_ROOT: root, PATH: process.env.PATH ?? "", ...env } },
      ),
  };
}

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("without a proxy or an authority a host gets no file for them", () => {
  assert.deepEqual([...files({}).keys()], []);
});

test("the proxy's variables have its login, and its exceptions: the cluster's own and the config's", async () => {
  const over: Partial<ClusterInput> = {
    proxy: { http: "http://proxy.example.com:3128", none: [".example.org", "192.168.7.0/24", "git.example.com:8443"] },
    artifacts: { source: "mirror", location: "http://192.168.7.5/k8s" },
    api: {
      domainName: "api.prod.internal",
      address: "10.0.0.10",
      former: { domainName: "old.prod.internal", address: "10.9.0.1" },
    },
  };
  const { stdout } = await host(over, "ops:p@$s\"`'w:").call("fetching env | grep -i _proxy=", { no_proxy: "*" });
  const read = Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
  const url = "http://ops:p%40%24s%22%60%27w%3A@proxy.example.com:3128";
  const none =
    "localhost,127.0.0.0/8,127.0.0.1,10.0.0.0/24,10.244.0.0/16,10.96.0.0/16,.svc,.cluster.local,api.prod.internal,old.prod.internal,10.0.0.10,10.9.0.1,.example.org,192.168.7.0/24,git.example.com:8443,192.168.7.5";
  assert.deepEqual(read, {
    http_proxy: url,
    HTTP_PROXY: url,
    https_proxy: url,
    HTTPS_PROXY: url,
    no_proxy: none,
    NO_PROXY: none,
  });
  const made = files(over, "ops:hunter2").get(`${FOLDER}/proxy.env`);
  assert.equal(made?.mode, "0600");
  assert.doesNotMatch(made?.shown ?? "", /ops|hunter2/);
});

test("each kind of URL has its own proxy, or none", () => {
  const text = files({ proxy: { https: "https://secure.example.com" } }).get(`${FOLDER}/proxy.env`)?.content ?? "";
  assert.match(text, /^https_proxy="https:\/\/secure\.example\.com"$/m);
  assert.doesNotMatch(text, /^http_proxy/m);
});

test("a download goes by way of the proxy, with its login, and an exception does not", async (t) => {
  const asked: string[] = [];
  const login = `Basic ${Buffer.from("ops:hunter2").toString("base64")}`;
  const server = httpServer(({ url, headers }, response) => {
    asked.push(`${url} ${headers["proxy-authorization"] === login}`);
    response.end("binary");
  });
  const port = await listening(t, server);
  const made = host({ proxy: { http: `http://127.0.0.1:${port}`, none: [".example.org"] } }, "ops:hunter2");
  const sha256 = createHash("sha256").update("binary").digest("hex");
  const { status, stdout, stderr } = await made.call(`download ${sha256} http://files.example.com/kubelet $HAK_ROOT/kubelet`);
  assert.equal(status, 0, stderr);
  assert.deepEqual(asked, ["http://files.example.com/kubelet true"]);
  assert.equal(readFileSync(join(made.root, "kubelet"), "utf8"), "binary");
  assert.doesNotMatch(stdout + stderr, /hunter2/);
  // No name server knows it, so it fails at once.
  assert.notEqual((await made.call("fetching curl -sS -m 5 http://files.example.org/")).status, 0);
  assert.equal(asked.length, 1);
});

test("a mirror's certificate is verified with the config's authority, in the config or on the host", async (t) => {
  const folder = scratch();
  const [key, certificate] = [join(folder, "key"), join(folder, "ca.pem")];
  const names = ["-subj", "/CN=mirror", "-addext", "subjectAltName=IP:127.0.0.1"];
  await must("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    key,
    "-out",
    certificate,
    ...names,
  ]);
  const server = httpsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, response) =>
    response.end("binary"),
  );
  const port = await listening(t, server);
  const location = `https://127.0.0.1:${port}`;
  const sha256 = createHash("sha256").update("binary").digest("hex");
  const fetched = (ca: string) =>
    host({ artifacts: { source: "mirror", location, ca } }).call(
      `sleep() { :; }; download ${sha256} ${location}/kubelet $HAK_ROOT/kubelet`,
      { no_proxy: "*" },
    );
  for (const ca of [readFileSync(certificate, "utf8"), certificate]) {
    const { status, stderr } = await fetched(ca);
    assert.equal(status, 0, stderr);
  }
  const { status, stderr } = await fetched(pem);
  assert.notEqual(status, 0);
  assert.match(stderr, /can't be downloaded to this host \(curl: \(60\) SSL certificate problem/);
});

test("what the config names by its path must be on the host: preflight is told the key and the path", () => {
  const over = {
    artifacts: { ca: "/etc/ssl/files.pem" },
    containerRuntime: {
      registries: {
        "r.example.com:5000": { ca: pem, clientCertificate: "/etc/ssl/node.pem" },
        "s.example.com": { ca: "/etc/ssl/s.pem" },
      },
    },
  };
  const ofFiles = "artifacts.ca=/etc/ssl/files.pem";
  assert.deepEqual(neededFiles(cluster(over), false), [ofFiles]);
  assert.deepEqual(neededFiles(cluster(over), true), [
    ofFiles,
    "containerRuntime.registries.s.example.com.ca=/etc/ssl/s.pem",
    "containerRuntime.registries.r.example.com:5000.clientCertificate=/etc/ssl/node.pem",
  ]);
});

test("preflight names each file of the config that is missing on the host", async () => {
  const said = await withScripts(
    ["lib/findings.sh", "stages/preflight/lib-preflight.sh"],
    `: >$HAK_ROOT/empty; echo x >$HAK_ROOT/there
     NEEDED_FILES="artifacts.ca=$HAK_ROOT/there a.ca=$HAK_ROOT/empty containerRuntime.registries.r.example.com:5000.ca=$HAK_ROOT/gone=1"
     check_needed_files; printf '%s\\n' "\${PROBLEMS[@]}"; NEEDED_FILES=""; check_needed_files`,
  );
  assert.equal(
    said,
    "/empty is missing or empty: put it there (a.ca)\n/gone=1 is missing or empty: put it there (containerRuntime.registries.r.example.com:5000.ca)",
  );
});
