import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { fillBundle, hashesOf, missingFiles } from "../../../artifacts/bundle.ts";
import { addToManifest, type BundleFile, isWhole, readManifest, sha256Of } from "../../../artifacts/bundle-manifest.ts";
import { builtName, wantedFiles } from "../../../artifacts/bundle-plan.ts";
import { BASE_REVISION } from "../../../artifacts/image-base.ts";
import { lockedImage } from "../../../artifacts/images.ts";
import { lockedFile, resolveVersions } from "../../../artifacts/lock.ts";
import { makeLayer, writeImages } from "../../../artifacts/oci-image.ts";
import { downloadOfficial, isOnline } from "../../../artifacts/official.ts";
import { must, run } from "../../harness/process.ts";
import { scratch as newFolder } from "../../harness/scratch.ts";

const scratch = newFolder();

let count = 0;
let folder = "";
beforeEach(() => {
  folder = join(scratch, `${count++}`);
  mkdirSync(folder);
});

const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
const entry = (content: string): BundleFile => ({
  sha256: sha256(content),
  size: content.length,
  version: "1.0.0",
  origin: "built",
  from: ["example.com/module@v1.0.0"],
});

describe("an archive of images", () => {
  interface Descriptor {
    mediaType: string;
    digest: string;
    size: number;
    annotations: Record<string, string>;
  }

  async function unpacked(): Promise<{ index: { manifests: Descriptor[] }; blob: (descriptor: Descriptor) => Buffer }> {
    const base = join(folder, "base");
    mkdirSync(join(base, "usr/bin"), { recursive: true });
    symlinkSync("usr/bin", join(base, "bin"));
    const program = join(folder, "program");
    mkdirSync(program);
    writeFileSync(join(program, "pause"), "pause's bytes", { mode: 0o755 });
    const below = await makeLayer(base, join(folder, "base.layer"));
    const above = await makeLayer(program, join(folder, "program.layer"));
    const images = [
      { references: ["example.com/one:1", "example.com/same:1"], layers: [below, above], entrypoint: ["/pause"] },
      { references: ["example.com/two:1"], layers: [below], entrypoint: ["/bin/true"] },
    ];
    await writeImages(images, "arm64", join(folder, "images.tar"));
    const out = join(folder, "out");
    mkdirSync(out);
    await must("tar", ["-xf", join(folder, "images.tar"), "-C", out]);
    const index = JSON.parse(readFileSync(join(out, "index.json"), "utf8"));
    assert.equal(JSON.parse(readFileSync(join(out, "oci-layout"), "utf8")).imageLayoutVersion, "1.0.0");
    return { index, blob: ({ digest }) => readFileSync(join(out, "blobs", digest.replace(":", "/"))) };
  }

  it("is an OCI image layout in which each part matches its descriptor", async () => {
    const { index, blob } = await unpacked();
    assert.deepEqual(
      index.manifests.map((it) => it.annotations["io.containerd.image.name"]),
      ["example.com/one:1", "example.com/same:1", "example.com/two:1"],
    );
    const whole = (it: Descriptor) => {
      const content = blob(it);
      assert.deepEqual([content.length, `sha256:${sha256(content)}`], [it.size, it.digest]);
      return content;
    };
    for (const descriptor of index.manifests) {
      const manifest = JSON.parse(whole(descriptor).toString()) as {
        mediaType: string;
        config: Descriptor;
        layers: Descriptor[];
      };
      assert.equal(manifest.mediaType, descriptor.mediaType);
      const config = JSON.parse(whole(manifest.config).toString());
      assert.deepEqual([config.os, config.architecture], ["linux", "arm64"]);
      assert.match(config.config.Env[0], /^PATH=\/usr\/local\/sbin:\/usr\/local\/bin:/);
      for (const [i, layer] of manifest.layers.entries()) {
        // What the layer is said to be is what it is: containerd goes by the type.
        assert.equal(layer.mediaType, "application/vnd.oci.image.layer.v1.tar+zstd");
        const plain = zstdDecompressSync(whole(layer));
        assert.equal(config.rootfs.diff_ids[i], `sha256:${sha256(plain)}`);
        assert.equal(plain.subarray(257, 262).toString(), "ustar");
      }
    }
  });

  it("holds a layer that images share once", async () => {
    await unpacked();
    // One base, one program, two configurations, two manifests.
    assert.equal(readdirSync(join(folder, "out/blobs/sha256")).length, 6);
  });

  it("has the same bytes whenever and in whatever order its files were made", async () => {
    const names = ["b", "a", "c"];
    const layers = [names, [...names].reverse()].map(async (order, i) => {
      const files = join(folder, `${i}`);
      mkdirSync(files);
      for (const name of order) {
        writeFileSync(join(files, name), name);
        utimesSync(join(files, name), i * 1000, i * 1000);
      }
      return makeLayer(files, `${files}.layer`);
    });
    const [one, two] = await Promise.all(layers);
    assert.equal(one?.digest, two?.digest);
    assert.equal(one?.diffId, two?.diffId);
  });
});

describe("a bundle's manifest", () => {
  it("is empty if there is none, and refused if it is broken", () => {
    assert.deepEqual(readManifest(folder), { files: {} });
    writeFileSync(join(folder, "manifest.json"), "{");
    assert.throws(() => readManifest(folder), /manifest\.json can't be read: .*Remove it and run this again/);
    for (const content of ["[]", "null", '{"files":[]}']) {
      writeFileSync(join(folder, "manifest.json"), content);
      assert.throws(() => readManifest(folder), /manifest\.json can't be read: it has no files\. Remove it/);
    }
  });

  it("holds each file's entry, in the order of their names", () => {
    addToManifest(folder, "b", entry("2"));
    addToManifest(folder, "a", entry("1"));
    addToManifest(folder, "b", entry("3"));
    assert.deepEqual(Object.keys(readManifest(folder).files), ["a", "b"]);
    assert.equal(readManifest(folder).files.b?.sha256, sha256("3"));
    assert.deepEqual(readdirSync(folder), ["manifest.json"]);
  });

  it("tells a whole file from a truncated, changed or missing one", async () => {
    const whole = () => isWhole(folder, "file", entry("content"));
    assert.equal(await whole(), false);
    writeFileSync(join(folder, "file"), "content");
    assert.equal(await whole(), true);
    writeFileSync(join(folder, "file"), "conten");
    assert.equal(await whole(), false);
    writeFileSync(join(folder, "file"), "CONTENT");
    assert.equal(await whole(), false);
    assert.equal(await isWhole(folder, "file", undefined), false);
  });
});

describe("official files of a bundle", () => {
  const runc = lockedFile("runc", "1.4.3", "amd64");
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end("runc's bytes")).listen(0, "127.0.0.1");
  server.unref();
  after(() => server.close());
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/runc.amd64`;
  const locked = () => ({ ...runc, url: url(), sha256: sha256("runc's bytes") });
  const path = () => join(folder, runc.file);
  beforeEach(() => {
    status = 200;
  });

  it("are downloaded and noted as official", async () => {
    const made = await downloadOfficial(locked(), path());
    assert.deepEqual(made, { sha256: sha256("runc's bytes"), size: 12, version: "1.4.3", origin: "official", from: [url()] });
    assert.equal(await sha256Of(path()), made.sha256);
  });

  it("are refused with both hashes if they differ from the lock, and leave nothing behind", async () => {
    const expected = "0".repeat(64);
    await assert.rejects(downloadOfficial({ ...locked(), sha256: expected }, path()), {
      message: `${url()} is not the file of artifacts/lock.json: expected SHA-256 ${expected}, found ${sha256("runc's bytes")}`,
    });
    assert.deepEqual(readdirSync(folder), []);
  });

  it("are refused before any request if their hash is unknown", async () => {
    await assert.rejects(downloadOfficial({ ...locked(), sha256: "unknown" }, path()), /is unknown: npm run lock -- add runc/);
  });

  it("give the reason if the download fails", async () => {
    status = 403;
    await assert.rejects(downloadOfficial(locked(), path()), { message: `${url()} can't be downloaded: HTTP status 403` });
    const closed = "http://127.0.0.1:9/runc.amd64";
    await assert.rejects(
      downloadOfficial({ ...locked(), url: closed }, path()),
      /http:\/\/127\.0\.0\.1:9\/runc\.amd64 can't be reached: /,
    );
  });

  it("are used only if the projects can be reached", async () => {
    assert.equal(await isOnline(url()), true);
    status = 403;
    assert.equal(await isOnline(url()), false);
    assert.equal(await isOnline("http://127.0.0.1:9/"), false);
  });

  it("are not downloaded again, and do not pass for built ones", async () => {
    const wanted = [{ file: runc.file, version: runc.version, locked: locked() }];
    const bundle = { folder, architecture: "amd64" as const, source: "official" as const, wanted };
    const fill = () => fillBundle(bundle);
    assert.deepEqual(await missingFiles(bundle), wanted);
    await fill();
    assert.deepEqual(hashesOf(bundle), { [runc.file]: sha256("runc's bytes") });
    status = 403;
    assert.deepEqual(await missingFiles(bundle), []);
    await fill();
    addToManifest(folder, runc.file, { ...(readManifest(folder).files[runc.file] as BundleFile), origin: "built" });
    await assert.rejects(fill(), /HTTP status 403/);
  });

  it("are built again if images stand on older base files", async () => {
    const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} } as never);
    const wanted = ["kube-proxy", "coredns"].map((name) => {
      return { file: name, version: "1.0.0", images: [lockedImage(name, versions)] };
    });
    const bundle = { folder, architecture: "amd64" as const, source: "auto" as const, wanted };
    const missing = async () => (await missingFiles(bundle)).map(({ file }) => file);
    for (const { file } of wanted) {
      writeFileSync(join(folder, file), file);
      addToManifest(folder, file, entry(file));
    }
    assert.deepEqual(await missing(), ["kube-proxy"]);
    addToManifest(folder, "kube-proxy", { ...entry("kube-proxy"), baseRevision: BASE_REVISION });
    assert.deepEqual(await missing(), []);
  });

  it("are built again if a built archive has an official name, because then it is compressed", async () => {
    const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} } as never);
    const wanted = wantedFiles(versions, "amd64", "auto").filter(({ file }) => file.startsWith("etcd-"));
    const bundle = { folder, architecture: "amd64" as const, source: "auto" as const, wanted };
    const holds = (file: string) => {
      writeFileSync(join(folder, file), file);
      addToManifest(folder, file, entry(file));
    };
    holds("etcd-3.6.14-linux-amd64.tar.gz");
    assert.deepEqual(await missingFiles(bundle), wanted);
    holds("etcd-3.6.14-linux-amd64.tar");
    assert.deepEqual(await missingFiles(bundle), []);
    assert.deepEqual(Object.keys(hashesOf(bundle)), ["etcd-3.6.14-linux-amd64.tar"]);
  });

  it("are made again if one is damaged", async () => {
    const wanted = [{ file: runc.file, version: runc.version, locked: locked() }];
    await fillBundle({ folder, architecture: "amd64", source: "official", wanted });
    writeFileSync(path(), "damaged byte");
    await fillBundle({ folder, architecture: "amd64", source: "official", wanted });
    assert.equal(readFileSync(path(), "utf8"), "runc's bytes");
  });
});

describe("npm run bundle", () => {
  const main = new URL("../../../artifacts/make-bundle.ts", import.meta.url).pathname;
  const bundle = (args: string[], env = {}) =>
    run(process.execPath, [main, ...args], { env: { XDG_CACHE_HOME: join(folder, "cache"), ...env } });

  it("explains itself", async () => {
    const { status, stdout } = await bundle(["--help"]);
    assert.equal(status, 0);
    for (const option of ["kubernetes-version", "version", "architecture", "output", "source", "lock", "hashes"]) {
      assert.match(stdout, new RegExp(`^ {2}--${option}\\b`, "m"));
    }
  });

  const mistakes: [string[], string][] = [
    [["--architecture", "riscv64"], "--architecture riscv64: it is one of amd64, arm64"],
    [["--source", "internet"], "--source internet: it is one of official, build, auto"],
    [["--version", "helm=3"], "--version helm: it is one of etcd, containerd, runc, cniPlugins, flannel, coredns"],
    [["--version", "etcd=3.5.0"], "etcd version 3.5.0 is not in artifacts/lock.json; it has 3.6.13, 3.6.14, 3.6.16, 3.7.3"],
    [
      ["--kubernetes-version", "1.2.3"],
      "Kubernetes version 1.2.3 is not in artifacts/lock.json; it has 1.34.4, 1.35.4, 1.36.1, 1.36.3, 1.36.4, 1.37.2",
    ],
    [["--lock", "/no/such"], "--lock /no/such can't be read as JSON: ENOENT"],
    [["--lock", new URL("../../../package.json", import.meta.url).pathname], "--lock /"],
    [["--version", "etcd"], "--version etcd: it is PART=VERSION, such as etcd=3.7.3"],
    [["--output", ""], '--output "": the folder of the bundle'],
    [["pusj", "h"], "pusj is not a word of this command: it is npm run bundle -- [options], or push"],
    [["--source", "build", "push"], "push comes first: npm run bundle -- push [options] HOST..."],
    [["--no-such"], "Unknown option '--no-such'"],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(" ")}`, async () => {
      const { status, stdout, stderr } = await bundle(args);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.ok(stderr.startsWith(`ERROR: ${message}`), stderr);
      assert.ok(!existsSync(join(folder, "cache")), "nothing was made");
    });
  }

  it("does not wait for another run if every file exists, and prints the hashes", async () => {
    const { versions } = resolveVersions({ kubernetesVersion: "1.36.1", versions: {} } as never);
    const files = wantedFiles(versions, "arm64", "auto").map(builtName);
    for (const file of files) {
      writeFileSync(join(folder, file), file);
      addToManifest(folder, file, { ...entry(file), baseRevision: BASE_REVISION });
    }
    const locked = join(folder, "cache/ha-kubernetes");
    mkdirSync(locked, { recursive: true });
    // Another run holds the lock for as long as this takes.
    const command = [main, "--kubernetes-version", "1.36.1", "--architecture", "arm64", "--output", folder, "--hashes"];
    const { status, stdout, text } = await run("flock", [join(locked, "bundle.lock"), process.execPath, ...command], {
      env: { XDG_CACHE_HOME: join(folder, "cache") },
    });
    assert.equal(status, 0, text);
    assert.deepEqual(JSON.parse(stdout), Object.fromEntries(files.map((file) => [file, sha256(file)])));
  });

  it("takes official files of the version that is published whole, by way of the environment's proxy", async () => {
    const asked: string[] = [];
    const proxy = createServer().on("connect", ({ url }, socket) => {
      asked.push(String(url));
      // The run ends while other requests are on their way.
      socket.on("error", () => {}).end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { status, stderr } = await bundle(["--source", "official"], {
      HTTPS_PROXY,
      https_proxy: HTTPS_PROXY,
      NO_PROXY: "",
      no_proxy: "",
    });
    proxy.close();
    assert.equal(status, 1);
    assert.ok(asked.includes("dl.k8s.io:443"), stderr);
    assert.match(stderr, /^ERROR: https:\/\/\S+ can't be reached: .*403/m);
    assert.match((await bundle(["--help"])).stdout, /Default 1\.36\.3; with --source official 1\.36\.4$/m);
  });

  it("looks for unknown digests before anything is fetched, and names all with their cure", async () => {
    const args = ["--source", "official", "--images", "--kubernetes-version", "1.36.3"];
    const { status, stderr } = await bundle(args, { HTTPS_PROXY: "http://127.0.0.1:9" });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^ERROR: the official digest of registry\.k8s\.io\/kube-proxy:v1\.36\.3 is unknown: npm run lock -- add kubernetes 1\.36\.3 looks it up$/m,
    );
    assert.doesNotMatch(stderr, /apt-get|to be downloaded/);
  });

  it("asks for Go if there is none", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    symlinkSync((await must("sh", ["-c", "command -v flock"])).trim(), join(bin, "flock"));
    const { status, stderr } = await bundle(["--source", "build"], { PATH: bin });
    assert.equal(status, 1);
    assert.match(stderr, /^ERROR: Go is needed to build what can't be downloaded: install Go 1\.26 or newer from /m);
  });

  it("builds for this machine's architecture only", async () => {
    const other = process.arch === "arm64" ? "amd64" : "arm64";
    const { status, stderr } = await bundle(["--source", "build", "--architecture", other]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^ERROR: files for ${other} can be built on a machine of that architecture only`, "m"));
  });
});
