import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Addon } from "../../../addons/addon.ts";
import { usualAddons } from "../../../addons/registry.ts";
import { wantedFiles } from "../../../artifacts/bundle-plan.ts";
import { lockedImage } from "../../../artifacts/images.ts";
import { lock, resolveVersions } from "../../../artifacts/lock.ts";
import type { Role } from "../../../config/schema.ts";
import { artifactFolder, artifactsFor, MissingArtifacts } from "../../../hosts/artifact-list.ts";

const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} } as never);
const location = "/var/cache/bundle";
// Each file's own name says what its hash is: a line with another file's hash shows.
const sha256 = Object.fromEntries(wantedFiles(versions, "amd64", "build").map(({ file }) => [file, `hash-of-${file}`]));

const list = (roles: readonly Role[], source = { kind: "bundle" as "bundle" | "mirror", location, sha256 }) =>
  artifactsFor({ roles, versions, architecture: "amd64", source }).text;
const targets = (text: string) => text.split("\n").map((line) => line.split(" ").slice(3).join(" "));

describe("what a host takes", () => {
  it("is nothing on a balancer", () => assert.equal(list(["balancer"]), ""));

  it("is etcd alone on an etcd host", () => {
    assert.equal(
      list(["etcd"]),
      `archive hash-of-etcd-3.6.14-linux-amd64.tar.gz ${location}/etcd-3.6.14-linux-amd64.tar.gz /opt/ha-kubernetes/etcd-3.6.14 etcd etcdctl etcdutl\n`,
    );
  });

  it("is a node's on a worker, without what makes a control plane", () => {
    const text = list(["worker"]);
    assert.deepEqual(targets(text), [
      "/opt/ha-kubernetes/containerd-2.3.4 containerd containerd-shim-runc-v2 ctr",
      "/opt/ha-kubernetes/runc-1.4.3 runc",
      "/opt/ha-kubernetes/cni-plugins-1.9.1 bandwidth bridge firewall host-local loopback portmap tuning",
      "/opt/ha-kubernetes/cni-plugins-1.9.1 flannel",
      "/opt/ha-kubernetes/kubernetes-1.36.3 kubelet",
      "/opt/ha-kubernetes/kubernetes-1.36.3 kubectl",
      "registry.k8s.io/kube-proxy:v1.36.3",
      "ghcr.io/flannel-io/flannel:v0.28.4",
      "registry.k8s.io/coredns/coredns:v1.14.2",
      "registry.k8s.io/pause:3.10.2",
      "",
    ]);
    assert.doesNotMatch(text, /kubeadm|etcd|kube-apiserver/);
  });

  it("is more on a control plane: kubeadm, etcdctl, the images of its pods", () => {
    const more = targets(list(["control-plane"])).filter((line) => !targets(list(["worker"])).includes(line));
    assert.deepEqual(more, [
      "/opt/ha-kubernetes/kubernetes-1.36.3 kubeadm",
      "/opt/ha-kubernetes/etcd-3.6.14 etcd etcdctl etcdutl",
      "registry.k8s.io/kube-apiserver:v1.36.3 registry.k8s.io/kube-controller-manager:v1.36.3 registry.k8s.io/kube-scheduler:v1.36.3",
    ]);
  });

  it("is the images of a provider's add-ons besides, where they run and the bundle holds them", () => {
    const image = {
      ...lockedImage("pause", versions),
      archive: "agent",
      version: "1.0.0",
      reference: "registry.example.com/agent:1.0.0",
    };
    const agent: Addon = {
      name: "agent",
      settings: () => ({}),
      images: () => ({ image }),
      preload: "control-planes",
      objects: () => [],
    };
    const file = "images-agent-1.0.0-linux-amd64.tar";
    const withAgent = (role: Role, hashes: Record<string, string>) => {
      const source = { kind: "bundle" as const, location, sha256: hashes };
      return artifactsFor({ roles: [role], versions, architecture: "amd64", source, addons: [...usualAddons, agent] }).text;
    };
    const bundle = { ...sha256, [file]: "hash" };
    assert.ok(withAgent("control-plane", bundle).includes(`images hash ${location}/${file} registry.example.com/agent:1.0.0\n`));
    assert.equal(withAgent("worker", bundle), list(["worker"]));
    assert.equal(withAgent("control-plane", sha256), list(["control-plane"]), "control planes pull it");
  });

  it("is each thing once, whatever roles a host has in whatever order", () => {
    const roles = fc.uniqueArray(fc.constantFrom<Role>("etcd", "balancer", "control-plane", "worker"));
    fc.assert(
      fc.property(roles, (some) => {
        const lines = list(some).split("\n").slice(0, -1);
        assert.equal(new Set(lines).size, lines.length);
        assert.deepEqual(
          lines,
          list([...some].reverse())
            .split("\n")
            .slice(0, -1),
        );
        for (const line of lines) {
          const [, hash, from] = line.split(" ");
          assert.equal(hash, `hash-of-${from?.slice(location.length + 1)}`);
        }
      }),
    );
  });

  it("lies where the stages look for it", () => {
    assert.equal(artifactFolder("kubernetes", "1.36.3"), "/opt/ha-kubernetes/kubernetes-1.36.3");
  });
});

describe("where a host takes it from", () => {
  it("is below a mirror's URL, with or without a slash at its end", () => {
    const from = (url: string) => list(["etcd"], { kind: "mirror", location: url, sha256 }).split(" ")[2];
    assert.equal(from("https://mirror.example/k8s"), "https://mirror.example/k8s/etcd-3.6.14-linux-amd64.tar.gz");
    assert.equal(from("https://mirror.example/k8s/"), from("https://mirror.example/k8s"));
  });

  it("is the project's own URL, with the lock's hash", () => {
    const { text } = artifactsFor({
      roles: ["etcd"],
      versions,
      architecture: "arm64",
      source: { kind: "official", location: "" },
    });
    assert.equal(
      text,
      "archive fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e https://github.com/etcd-io/etcd/releases/download/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz /opt/ha-kubernetes/etcd-3.6.14 etcd etcdctl etcdutl\n",
    );
  });

  it("is a mirror of official files too: their hashes, the mirror's names", () => {
    const source = { kind: "mirror" as const, location: "http://10.0.0.1" };
    const { text } = artifactsFor({ roles: ["etcd"], versions, architecture: "amd64", source });
    assert.match(text, /^archive ffe840ff\w+ http:\/\/10\.0\.0\.1\/etcd-3\.6\.14-linux-amd64\.tar\.gz /);
  });

  it("is refused where the official hash is unknown", (t) => {
    const hashes = lock.files.runc.sha256["1.4.3"] as Record<string, string>;
    const before = { ...hashes };
    t.after(() => Object.assign(hashes, before));
    hashes.amd64 = "unknown";
    const source = { kind: "official" as const, location: "" };
    assert.throws(
      () => artifactsFor({ roles: ["worker"], versions, architecture: "amd64", source }),
      (error) => {
        assert.ok(error instanceof MissingArtifacts);
        assert.equal(error.message, "no official hash is known of runc for amd64, image registry.k8s.io/kube-proxy:v1.36.3");
        assert.deepEqual(
          error.unknown.map(({ part, version }) => [part, version]),
          [
            ["runc", "1.4.3"],
            ["kubernetes", "1.36.3"],
          ],
        );
        return true;
      },
    );
  });

  it("is an image for flannel's plugin, whose files have no published hash", () => {
    for (const source of [
      { kind: "official", location: "" } as const,
      { kind: "mirror", location: "https://m.example" } as const,
    ]) {
      const { versions } = resolveVersions({ kubernetesVersion: "1.36.4", versions: {} });
      const lines = artifactsFor({ roles: ["worker"], versions, architecture: "arm64", source }).text.split("\n");
      assert.deepEqual(
        lines.filter((line) => line.includes("flannel-cni")),
        [
          "image-program sha256:7c3377e977b4b77b8efdad96e207ebee371537d6dcd7b9c40853cf0c0f0aade3 ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel1 /opt/ha-kubernetes/cni-plugins-1.9.1 flannel",
        ],
      );
      assert.ok(
        lines.includes(
          "pull sha256:b33fcdd8319290736e566f5fc2225ca07d3c2dfc025fb006342791aa31be4603 registry.k8s.io/kube-proxy:v1.36.4",
        ),
      );
    }
  });

  it("lacks a tool for people where its hash is unknown", (t) => {
    const hashes = lock.files.crictl.sha256["1.36.0"] as Record<string, string>;
    const before = { ...hashes };
    t.after(() => Object.assign(hashes, before));
    const { versions } = resolveVersions({ kubernetesVersion: "1.36.4", versions: {} });
    const text = () =>
      artifactsFor({ roles: ["worker"], versions, architecture: "amd64", source: { kind: "official", location: "" } }).text;
    assert.match(text(), / crictl\n/);
    hashes.amd64 = "unknown";
    assert.doesNotMatch(text(), /crictl/);
  });

  it("is an archive that was built, where there is one: it need not be uncompressed", () => {
    const built = { ...sha256, "etcd-3.6.14-linux-amd64.tar": "hash" };
    assert.match(
      list(["etcd"], { kind: "bundle", location, sha256: built }),
      /^archive hash \S+\/etcd-3\.6\.14-linux-amd64\.tar /,
    );
  });

  it("is refused where a bundle's manifest lacks a file", () => {
    const { "images-flannel-0.28.4-linux-amd64.tar": _, ...others } = sha256;
    assert.throws(() => list(["worker"], { kind: "bundle", location, sha256: others }), {
      message: "the bundle's manifest has no images-flannel-0.28.4-linux-amd64.tar",
    });
  });
});
