import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../../harness/scratch.ts";
import { withScripts } from "./bash.ts";

const libraries = ["lib/files.sh", "lib/saved.sh", "lib/own.sh"];

const programs = scratch();
function program(name: string, text: string): void {
  writeFileSync(join(programs, name), `#!/bin/bash\n${text}\n`);
  chmodSync(join(programs, name), 0o755);
}

test("the undo deletes what etcd made and nothing else, and only where the directory is ours", async () => {
  const said = await withScripts(
    [...libraries, "stages/etcd/lib-device.sh"],
    `DATA_DEVICE="" DATA_DIRECTORY=$HAK_ROOT/srv/etcd
    cd $HAK_ROOT; mkdir -p srv/etcd
    save_directory $DATA_DIRECTORY; mark $DATA_DIRECTORY
    mkdir -p srv/etcd/{member/wal,restore-a,before-restore-a/snap,before-rejoin/wal,photos}; touch srv/etcd/restore-a.db srv/etcd/photos/1
    ln -s $HAK_ROOT/home srv/etcd/member/link
    release_place; find srv -mindepth 2 | sort; ls -d home
    mkdir srv/etcd/member; release_place; find srv -mindepth 2 | sort
    rm -r srv; forget_saved; save_directory $DATA_DIRECTORY; mkdir -p srv/etcd/member; mark $DATA_DIRECTORY; release_place; ls srv`,
  );
  assert.deepEqual(said.split("\n"), [
    ...["did left in /srv/etcd what etcd did not make: photos", "srv/etcd/photos", "srv/etcd/photos/1", "home"],
    ...["srv/etcd/member", "srv/etcd/photos", "srv/etcd/photos/1"],
  ]);
});

test("a file or link of somebody else is kept once and put back; one of our last run, or put there since, is not", async () => {
  const said = await withScripts(
    libraries.slice(0, 2),
    `cd $HAK_ROOT; mkdir -p etc bin stage/files $HOME_DIR/stages/etcd
    file_differs() { ! cmp -s "$3" "$4"; }
    echo theirs >etc/a; echo ours-before >etc/b; ln -s a etc/c; echo new >stage/files/0
    for it in a b c d; do echo "0644 root:root 0 $PWD/etc/$it"; done >stage/manifest
    echo "0644 root:root 0 $PWD/etc/b" >$HOME_DIR/stages/etcd/manifest
    for i in 1 2; do keep_originals; cp stage/manifest $HOME_DIR/stages/etcd/; install_files >/dev/null; done
    head -v -n 1 etc/?; echo since >etc/d.new-file
    remove_files; head -v -n 1 etc/*; readlink etc/c
    echo theirs >bin/kubectl; for i in 1 2; do put_link /opt/ha-kubernetes/kubernetes-1/kubectl $PWD/bin/kubectl; done
    put_link /opt/ha-kubernetes/kubernetes-2/kubectl $PWD/bin/kubectl; readlink bin/kubectl
    remove_link $PWD/bin/kubectl; cat bin/kubectl
    put_link /opt/ha-kubernetes/x/kubectl $PWD/bin/kubectl; rm bin/kubectl; echo later >bin/kubectl; remove_link $PWD/bin/kubectl; cat bin/kubectl
    ls -A $HOME_DIR`,
  );
  assert.deepEqual(said.split("\n"), [
    "say kept /etc/a, which this program did not make; it comes back with the undo",
    "say kept /etc/c, which this program did not make; it comes back with the undo",
    ...["a", "b", "c", "d"].flatMap((name, index) => [...(index > 0 ? [""] : []), `==> etc/${name} <==`, "new"]),
    ...["did put /etc/a back", "did put /etc/c back"],
    ...["==> etc/a <==", "theirs", "", "==> etc/c <==", "theirs", "a"],
    "say kept /bin/kubectl, which this program did not make; it comes back with the undo",
    ...["/opt/ha-kubernetes/kubernetes-2/kubectl", "did put /bin/kubectl back", "theirs"],
    "say kept /bin/kubectl, which this program did not make; it comes back with the undo",
    ...["later", "stages"],
  ]);
});

test("a fresh snapshot directory is ours; root changes the owner of no link and no second name in it", async () => {
  program("chown", 'echo "chown $*"');
  const said = await withScripts(
    [...libraries, "stages/etcd/lib-backup.sh"],
    `id() { echo 4711; }; install() { mkdir -p "\${@: -1}"; }; unset -f chown
    BACKUP_DIRECTORY=$HAK_ROOT/backups BACKUP_NAME=dev-12ab.m1
    taken() { for it; do echo backups/dev-12ab.m1.20260101T000000Z.r$it.db; done; }
    cd $HAK_ROOT; mkdir backups; echo secret >secret; ln -s ../secret $(taken 1); ln secret $(taken 2); touch $(taken 3)
    take_backup_directory; cat backups/.ha-kubernetes
    mark() { echo marked; }; stat() { echo "700 etcd:etcd"; }; take_backup_directory
    rm -r backups; mkdir backups; touch backups/thesis; take_backup_directory`,
    programs,
  );
  assert.deepEqual(said.split("\n"), [
    "chown -h etcd:etcd /backups/dev-12ab.m1.20260101T000000Z.r3.db",
    "did made /backups",
    "dev/12ab m1",
    "fail /backups holds something that is not a snapshot of etcd (thesis), so no snapshots go there (etcd.backup.directory), where only root and etcd would be let in. Name a directory of its own, or move that away",
  ]);
});

// nft's own listings.
const tables = {
  "of iptables alone": `table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy accept;
	}

	chain FORWARD {
		type filter hook forward priority filter; policy accept;
	}
}`,
  "with a policy": "table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}",
  "with a rule":
    "table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy accept;\n\t\ttcp dport 22 accept\n\t}\n}",
  "with a chain of somebody's": "table ip nat {\n\tchain DOCKER {\n\t}\n}",
  "with a set": "table ip mangle {\n\tset bad {\n\t\ttype ipv4_addr\n\t}\n}",
};

test("of the tables that iptables may have made only those without a rule, a policy or a chain of somebody's are deleted", async () => {
  const said = await withScripts(
    ["lib/leavings.sh"],
    Object.entries(tables)
      .map(([name, text]) => `if says_something <<<'${text}'; then echo "kept: ${name}"; else echo "deleted: ${name}"; fi`)
      .join("\n")
      .replaceAll("somebody's", "somebody"),
  );
  assert.deepEqual(said.split("\n"), [
    "deleted: of iptables alone",
    ...["with a policy", "with a rule", "with a chain of somebody", "with a set"].map((name) => `kept: ${name}`),
  ]);
});

// dpkg and apt with a world of their own: packages in a file; apt-get -s lists the packages that a removal takes along.
const apt = `dpkg-query() { sed 's/^/installed /' $HAK_ROOT/installed; }
apt-get() {
  local name; for name; do case $name in
    docker-) echo "Purg docker" ;;
    iptables-) echo "Purg iptables [1.8]"; ! command grep -qx docker $HAK_ROOT/installed || echo "Remv docker [20]" ;;
    *-) [[ $name == -* ]] || echo "Purg \${name%-} [1]" ;;
  esac; done
}
apt_get() { echo "apt-get $*"; }
PACKAGES="curl iptables socat"
installed() { printf '%s\n' "$@" | sort >$HAK_ROOT/installed; }
`;

test("of packages only those that our own install brought are taken back, and of them none that something else needs", async () => {
  const said = await withScripts(
    ["lib/files.sh", "lib/saved.sh", "lib/packages.sh", "stages/prepare/system/lib-packages.sh"],
    `${apt}
    installed base curl ntpsec; packages_before; installed base curl chrony iptables libnet socat; note_packages
    packages_before; installed base chrony curl ipset iptables libnet socat; note_packages
    installed base chrony curl docker git ipset iptables libnet socat
    echo "$(saved packages-ours | paste -sd' ') gone $(saved packages-gone)"; restore_packages; ls $SAVED
    # Without a network.
    installed base ntpsec; packages_before; installed base chrony; note_packages
    apt_error() { echo "E: Unable to fetch some archives "; }
    apt_get() { echo "apt-get $*"; [[ "$*" != *--download-only* ]]; }; restore_packages
    apt_get() { echo "apt-get $*"; }
    # Cut while apt ran.
    installed base; packages_before; installed base socat; restore_packages
    # The previous release noted only the installed packages.
    installed base; installed_packages | save packages; installed base curl docker git iptables libxtables socat
    apt-cache() { printf '%s\n' curl '  Depends: base' base iptables libxtables; }
    restore_packages`,
  );
  assert.deepEqual(said.split("\n"), [
    "chrony ipset iptables libnet socat gone ntpsec",
    "apt-get --download-only --no-install-recommends install ntpsec",
    "say packages stay, because docker need them: iptables",
    "apt-get --no-install-recommends --purge --allow-remove-essential install ntpsec chrony- ipset- libnet- socat-",
    "did removed 4 packages",
    "apt-get --download-only --no-install-recommends install ntpsec",
    "say not brought back, because apt can't fetch them here: ntpsec (E: Unable to fetch some archives )",
    "apt-get --no-install-recommends --purge --allow-remove-essential install chrony-",
    "did removed 1 packages",
    "apt-get --no-install-recommends --purge --allow-remove-essential install socat-",
    "did removed 1 packages",
    "say packages stay, because docker need them: iptables",
    "apt-get --no-install-recommends --purge --allow-remove-essential install curl- libxtables- socat-",
    "did removed 3 packages",
  ]);
});
