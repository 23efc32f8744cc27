import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "./lab.ts";
import { must } from "./process.ts";
import { scratch } from "./scratch.ts";

/** Builds empty packages of Debian into a folder: `tool`, which needs `library`. Its version has an epoch, which apt writes as %3a. */
export async function buildDebs(folder: string): Promise<void> {
  const packages = {
    "library_1.0_all.deb": ["Package: library", "Version: 1.0"],
    "tool_1%3a2.0_all.deb": ["Package: tool", "Version: 1:2.0", "Depends: library (>= 1.0)"],
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, fields] of Object.entries(packages)) {
    const tree = scratch();
    mkdirSync(join(tree, "DEBIAN"), { mode: 0o755 });
    const control = [...fields, "Architecture: all", "Maintainer: test <test@example.com>", "Description: for a test"];
    writeFileSync(join(tree, "DEBIAN/control"), `${control.join("\n")}\n`);
    await must("dpkg-deb", ["--build", "--root-owner-group", tree, join(folder, name)]);
  }
}

/**
 * Makes apt's only sources on a host: packages `tool`, of a release with security fixes, and `library`, of another release. Version 1.0 of
 * both is installed, and the sources have 2.0.
 */
export async function offerUpgrades(host: LabHost): Promise<void> {
  await host.sh(`
    make() {
      rm -rf /var/tmp/deb && mkdir -p /var/tmp/deb/DEBIAN "$3"
      printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: test <test@example.com>\nDescription: for a test\n' "$1" "$2" >/var/tmp/deb/DEBIAN/control
      dpkg-deb --build --root-owner-group /var/tmp/deb "$3/$1_$2.deb" >/dev/null
    }
    offer() {
      cd "$1"
      for deb in *.deb; do
        dpkg-deb -f "$deb"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d' ' -f1)"
      done >Packages
      printf 'Suite: %s\nDate: %s\nSHA256:\n %s %s Packages\n' "$2" "$(date -Ru)" "$(sha256sum <Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" >Release
      echo "deb [trusted=yes] file:$1 ./" >>/etc/apt/sources.list
    }
    for name in tool library; do make $name 1.0 /var/tmp/debs; done
    dpkg -i /var/tmp/debs/*.deb >/dev/null
    make tool 2.0 /srv/security
    make library 2.0 /srv/other
    rm -rf /etc/apt/sources.list.d/*
    : >/etc/apt/sources.list
    offer /srv/security stable-security
    offer /srv/other stable`);
}

/** The versions of `tool` and `library` on a host. */
export const upgradesOn = (host: LabHost) => host.sh(`dpkg-query -W -f '\${Package} \${Version}\\n' tool library | sort`);
