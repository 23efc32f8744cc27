import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../../bash.ts";

// Packages of RHEL and its relatives, and SELinux, with stand-ins that answer in the form of dnf, rpm, semanage and getsebool.

const hosts = new URL("../../../../../../hosts/", import.meta.url).pathname;
const folder = `${hosts}stages/prepare/system/`;
const run = (text: string) =>
  withScripts(
    ["lib/files.sh", "lib/saved.sh", "stages/prepare/system/lib-selinux.sh"],
    `for file in ${hosts}lib/packages.sh ${folder}lib-{packages,dnf}.sh; do . <(sed "s|/run/ha-kubernetes|$HAK_ROOT|g" $file); done
     write_file() { mkdir -p "\${3%/*}"; cat >"$3.new"; mv "$3.new" "$3"; }
     fetching() { "$@"; }; has_dnf() { true; }; release_idle() { :; }; selinux_is_on() { false; }; has_role() { true; }
     ${text}`,
  );

/** A host whose packages are lines of a file; \`theirs\` needs what conntrack-tools brought. */
const rpm = `
  printf '%s\\n' base curl-minimal >$HAK_ROOT/rpms
  rpm() {
    case "$*" in
      "-qa "*) cat $HAK_ROOT/rpms ;;
      "-q --quiet --whatprovides curl") return 0 ;;
      "-q --quiet --whatprovides "*) return 1 ;;
      "-q --quiet "*) grep -qx "$3" $HAK_ROOT/rpms ;;
      "-q --whatrequires "*) echo "no package requires $5"; return 1 ;;
      "-q --provides libnetfilter_conntrack") printf 'libnetfilter_conntrack = 1.0.9-1.el9\\nlibnetfilter_conntrack.so.3()(64bit)\\n' ;;
      "-q --provides "*) echo "$3 = 1.0" ;;
      "-e --test "*libnetfilter_conntrack*)
        printf 'error: Failed dependencies:\\n\\tlibnetfilter_conntrack.so.3()(64bit) is needed by (installed) theirs-1.0-1.el9.x86_64\\n' >&2; return 1 ;;
      "-e --test "*) return 0 ;;
      "-e "*) grep -vxF -f <(printf '%s\\n' "\${@:2}") $HAK_ROOT/rpms >$HAK_ROOT/new; mv $HAK_ROOT/new $HAK_ROOT/rpms; echo "rpm $*" >&3 ;;
    esac
  }
  dnf() {
    echo "dnf $*" >&3
    if [[ $* == *nosuch* ]]; then echo "Error: Unable to find a match: nosuch"; return 1; fi
    printf '%s\\n' "\${@:5}" libnetfilter_conntrack >>$HAK_ROOT/rpms
  }
  exec 3>&1`;

test("dnf installs missing packages by RPM's names; undo removes them, except for those that others need", async () => {
  const said = await run(`${rpm}
    PACKAGES="conntrack curl iproute2"; apply_packages; echo again; apply_packages
    echo theirs >>$HAK_ROOT/rpms; restore_packages; paste -sd' ' $HAK_ROOT/rpms; ls $SAVED`);
  assert.deepEqual(said.split("\n"), [
    "say installing conntrack-tools iproute",
    "dnf -y -q --setopt=install_weak_deps=False install conntrack-tools iproute",
    ...["did installed conntrack-tools iproute", "again"],
    "say packages stay, because others need them: libnetfilter_conntrack",
    ...["rpm -e conntrack-tools iproute", "did removed 2 packages", "base curl-minimal libnetfilter_conntrack theirs"],
  ]);
});

test("what dnf can't find is an error in dnf's own words", async () => {
  const said = await run(`${rpm}
    PACKAGES=nosuch; apply_packages`);
  assert.match(said, /^fail dnf could not install nosuch: Error: Unable to find a match: nosuch$/m);
});

const selinux = `selinux_is_on() { true; }; restorecon() { :; }; : >$HAK_ROOT/contexts; echo off >$HAK_ROOT/switch
  semanage() {
    case "$*" in
      "fcontext -l -C -n") cat $HAK_ROOT/contexts ;;
      "fcontext -a -t bin_t "*) printf '%-50s all files          system_u:object_r:bin_t:s0 \\n' "$5" >>$HAK_ROOT/contexts ;;
      "fcontext -d "*) grep -vF "$3 " $HAK_ROOT/contexts >$HAK_ROOT/new || true; mv $HAK_ROOT/new $HAK_ROOT/contexts ;;
    esac
  }
  getsebool() { if [ $1 = haproxy_connect_any ]; then echo "$1 --> $(cat $HAK_ROOT/switch)"; else echo "Error getting active value for $1" >&2; return 1; fi; }
  setsebool() { echo "setsebool $*"; echo $3 >$HAK_ROOT/switch; }
  command() { if [ "$2" = semanage ]; then return 0; fi; builtin command "$@"; }`;

test("SELinux: programs are labeled once, haproxy may connect, and undo takes both back", async () => {
  const said = await run(`${selinux}
    label_programs; awk '{print $1}' $HAK_ROOT/contexts; echo again; label_programs; restore_selinux; wc -l <$HAK_ROOT/contexts; restore_selinux`);
  assert.deepEqual(said.split("\n"), [
    ...[
      "did labeled the programs for SELinux",
      "setsebool -P haproxy_connect_any on",
      "did turned haproxy_connect_any on in SELinux",
    ],
    ...["/opt/ha-kubernetes(/.*)?", "/usr/local/lib/ha-kubernetes(/.*)?", "again", "setsebool -P haproxy_connect_any off", "0"],
  ]);
});
