import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "./config/schema.ts";
import { getAmiOutput } from "./resources.ts";

// Who publishes the images: Canonical's account (documentation.ubuntu.com, "Find Ubuntu images on AWS") and Debian's
// (wiki.debian.org/Cloud/AmazonEC2Image).
const published = {
  "ubuntu-24.04": {
    owner: "099720109477",
    name: (architecture: string) => `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${architecture}-server-*`,
  },
  "debian-12": { owner: "136693071363", name: (architecture: string) => `debian-12-${architecture}-*` },
} as const;

/** Whose image of which name an image of the config is; undefined where it is given by id. Pure. */
export function imageFilter(image: Image, architecture: "amd64" | "arm64"): { owner: string; name: string } | undefined {
  if (image.id !== undefined) return undefined;
  if (image.owner !== undefined && image.name !== undefined) return { owner: image.owner, name: image.name };
  const { owner, name } = published[image.os];
  return { owner, name: name(architecture) };
}

/** The id of an image: the newest one of its name. Instances that exist keep theirs. */
export function imageId(image: Image, architecture: "amd64" | "arm64", parent: pulumi.Resource): pulumi.Input<string> {
  const filter = imageFilter(image, architecture);
  if (filter === undefined) return image.id ?? "";
  return getAmiOutput(
    {
      owners: [filter.owner],
      mostRecent: true,
      filters: [
        { name: "name", values: [filter.name] },
        { name: "architecture", values: [architecture === "amd64" ? "x86_64" : "arm64"] },
        { name: "state", values: ["available"] },
      ],
    },
    { parent },
  ).id;
}
