import { distributions, packagesFile } from "../config/packages.ts";
import type { Source } from "./artifact-list.ts";

/**
 * The lines of a host's list of artifacts that name the distribution's packages: `packages`, SHA-256, URL or path, distribution. The
 * config does not say which distribution a host has, so there is a line for each one that the bundle holds. None: the host takes
 * packages from its own sources.
 */
export const packageLines = ({ location, sha256 = {} }: Source, architecture: "amd64" | "arm64"): string =>
  distributions
    .flatMap((distribution) => {
      const file = packagesFile(distribution, architecture);
      const hash = sha256[file];
      return hash === undefined ? [] : [`packages ${hash} ${location.replace(/\/+$/, "")}/${file} ${distribution}\n`];
    })
    .join("");
