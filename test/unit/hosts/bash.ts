import { must } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

const hosts = new URL("../../../hosts/", import.meta.url).pathname;

/** The settings and stand-ins that a script of a stage needs away from a host: nothing here needs root. */
const around = `set -euo pipefail; shopt -s lastpipe; export LC_ALL=C
STAGE_NAME=etcd HOST_NAME=m1 OWNER=dev/12ab HOME_DIR=$HAK_ROOT/home STAGE=$HAK_ROOT/stage
mkdir -p $HOME_DIR $STAGE; : >$STAGE/manifest
did() { echo "did \${*//$HAK_ROOT/}"; }
did_write() { did "wrote $1"; }
say() { echo "say \${*//$HAK_ROOT/}"; }
fail() { echo "fail \${*//$HAK_ROOT/}"; exit 0; }
durable() { :; }
chown() { :; }
systemctl() { :; }
`;

/** Runs functions of our scripts (paths below hosts/) in a folder of its own, $HAK_ROOT; what it printed, without that folder's name. */
export async function withScripts(scripts: readonly string[], text: string, path = ""): Promise<string> {
  const root = scratch();
  const sources = scripts.map((script) => `. <(sed '/^apply_etcd$/d; /^undo_etcd$/d' ${hosts}${script})`).join("\n");
  const env = { HAK_ROOT: root, PATH: `${path}:${process.env.PATH}:/usr/sbin:/sbin` };
  const said = await must("bash", ["-c", `${around}${sources}\n${text}`], { env });
  return said.replaceAll(root, "").trimEnd();
}
