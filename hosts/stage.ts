import { digest } from "../config/digest.ts";
import {
  ARCHIVE_IN_HOME,
  ARCHIVE_ON_HOST,
  packed,
  type StageName,
  scriptsDigest,
  stageLibraries,
  stageScripts,
} from "./scripts.ts";
import { asRoot, type Becoming, becomingOf, quote, withPassword } from "./sudo.ts";

export { quote };

// A stage is what one host must hold for one purpose: files, settings and the script that converges them. This module turns
// it into the three texts of a remote command: what a preview shows, what travels through stdin, and the undo launcher.

/** A file that a stage puts in place and takes away again. */
export interface HostFile {
  /** Absolute path on the host. */
  path: string;
  content: string;
  /** Octal, four digits. Default 0644. */
  mode?: string;
  /** user:group. Default root:root. */
  owner?: string;
  /**
   * What previews show the digest of, where the content holds a password that a person chose: from a digest of that, it could be
   * guessed. Default: the content.
   */
  shown?: string;
}

export interface Stage {
  name: StageName;
  /** Host name. */
  host: string;
  /** The owner mark, `<cluster name>/<cluster id>`: a host that carries another one is refused. */
  owner: string;
  /**
   * The version that the host goes through on its way to another, as the stage of that one will have it. Named in the text's first
   * line, so that nobody takes it for what the host should hold.
   */
  passing?: string;
  /** Shown in previews: the versions that are installed or running after this stage, such as { etcd: "3.6.14" }. */
  versions?: Readonly<Record<string, string>>;
  /** Shell variables of the script, shown in previews: never a secret. */
  settings?: Readonly<Record<string, string>>;
  files?: readonly HostFile[];
  /**
   * Shell variables that only the first run on the host gets, such as the members an etcd cluster is born with. They may change
   * freely later: nothing runs because of them. Visible: never a secret.
   */
  birth?: Readonly<Record<string, string>>;
  /** Small inputs of the script that are not installed as files, by name (read as "$STAGE/inputs/<name>"); may be secret. */
  inputs?: Readonly<Record<string, string>>;
}

/** The texts of a stage's command. */
export interface RenderedStage {
  /** The visible command: what it is about, each file with a short digest, then the launcher. Holds no secret. */
  create: string;
  /** The same without what `birth` says. Absent where the stage has none: then every run is a `create`. */
  update?: string;
  /** The bundle, a gzipped tar in base64: settings, files, inputs. Secret. */
  stdin: string;
  /** Constant for a host and stage: runs the undo script that the last run left on the host. */
  undo: string;
}

/**
 * Renders a stage for a host that is reached as `user`, and that the archive of all scripts was brought to. The same stage gives the
 * same bytes on every machine. `sudoPassword`: what sudo asks a user for who is not root; none where it does not ask.
 */
export function renderStage(stage: Stage, user = "root", sudoPassword?: string): RenderedStage {
  return render(stage, user, sudoPassword, false);
}

/** The same for a host that nothing is brought to: the bundle holds the scripts, too. */
export function renderWithScripts(stage: Stage, user = "root", sudoPassword?: string): RenderedStage {
  return render(stage, user, sudoPassword, true);
}

function render(stage: Stage, user: string, sudoPassword: string | undefined, withScripts: boolean): RenderedStage {
  const becoming = becomingOf(user, sudoPassword !== undefined);
  const files = [...(stage.files ?? [])].sort((a, b) => (a.path < b.path ? -1 : 1));
  const settings = Object.entries(stage.settings ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const inputs = Object.entries(stage.inputs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const scripts = scriptsDigest(stage.name);
  const header = [
    `${stage.passing ? `passing ${stage.passing}, ` : ""}${stage.name} on ${stage.host} of ${stage.owner}`,
    ...Object.entries(stage.versions ?? {}).map(([name, version]) => `version ${name} ${version}`),
    ...settings.filter(([, value]) => value !== "").map(([name, value]) => `setting ${name}=${value}`),
    ...files.map(
      (file) => `file ${file.mode ?? "0644"} ${file.owner ?? "root:root"} ${file.path} ${digest(file.shown ?? file.content)}`,
    ),
    ...inputs.map(([name, value]) => `input ${name} ${digest(value)}`),
    `script ${scripts.slice(0, 12)}`,
  ].map((line) => `# ${line.replaceAll("\n", " ")}`);
  const bundle = packed([
    ...(withScripts ? stageScripts(stage.name) : []),
    { path: "settings.sh", content: settingsScript(stage, settings) },
    { path: "manifest", content: files.map((f, i) => `${f.mode ?? "0644"} ${f.owner ?? "root:root"} ${i} ${f.path}\n`).join("") },
    ...files.map((file, index) => ({ path: `files/${index}`, content: file.content })),
    ...inputs.map(([name, value]) => ({ path: `inputs/${name}`, content: value })),
  ]);
  const taking = withScripts ? [] : takeScripts(scripts);
  const command = (birth: Readonly<Record<string, string>>) => [...header, launcher(stage, becoming, taking, birth)].join("\n");
  return {
    create: command(stage.birth ?? {}),
    update: stage.birth && command({}),
    stdin: withPassword(Buffer.from(bundle).toString("base64"), becoming === "sudo with a password" ? sudoPassword : undefined),
    undo: undoLauncher(stage, becoming),
  };
}

function settingsScript(stage: Stage, settings: readonly (readonly [string, string])[]): string {
  const own = {
    STAGE_NAME: stage.name,
    HOST_NAME: stage.host,
    OWNER: stage.owner,
    LIBRARIES: stageLibraries[stage.name].join(" "),
  };
  const all = [...Object.entries(own), ...settings];
  return all.map(([name, value]) => `${name}=${quote(value)}\n`).join("");
}

// The bundle is unpacked into memory, whole or not at all: a cut connection runs nothing.
function launcher(
  { name, host }: Stage,
  becoming: Becoming,
  taking: readonly string[],
  birth: Readonly<Record<string, string>>,
): string {
  const variables = Object.entries(birth).map(([key, value]) => ` ${quote(`${key}=${value}`)}`);
  const script = [
    "set -euo pipefail; umask 077; export LC_ALL=C; mkdir -p /run/ha-kubernetes",
    `d=$(mktemp -d /run/ha-kubernetes/${name}.XXXXXXXX); trap "rm -rf $d" EXIT`,
    "base64 -d | tar -xzf - -C $d",
    ...taking,
    `bash $d/lib/run.sh apply${variables.join("")} </dev/null`,
  ].join("\n");
  return asRoot(script, becoming, `${name} on ${host}`);
}

// Takes the scripts from the newest archive, else from the one that the host keeps. Only scripts with this digest ever run: an archive of
// another release, a truncated or a changed one is skipped.
function takeScripts(digest: string): string[] {
  return [
    ". $d/settings.sh",
    'take() { rm -rf $d/{lib,stage}; tar -xf $1 -C $d --transform s,^$STAGE_NAME/,stage/, $(printf " lib/%s.sh" run $LIBRARIES) $STAGE_NAME &&',
    `  [ "$(cd $d; sha256sum lib/* stage/* | sha256sum)" = "${digest}  -" ]; }`,
    `{ gzip -dc ${ARCHIVE_IN_HOME} >$d/scripts.tar && take $d/scripts.tar || { rm $d/scripts.tar; take ${ARCHIVE_ON_HOST}; }; } 2>/dev/null || {`,
    '  echo "ERROR: $STAGE_NAME on $HOST_NAME: its scripts are not on this host. Give cluster.repair another word and run up" >&2; exit 1; }',
  ];
}

// With the last stage goes an archive that no stage has taken yet.
function undoLauncher(stage: Stage, becoming: Becoming): string {
  const home = "/var/lib/ha-kubernetes";
  const run = `${home}/stages/${stage.name}/lib/run.sh`;
  const script = [
    "cat >/dev/null",
    `test -f ${run} || { echo '${stage.name} on ${stage.host}: already clean'; exit 0; }`,
    `bash ${run} undo ${quote(stage.owner)} </dev/null || exit`,
    `test -d ${home} || rm -f ${ARCHIVE_IN_HOME}`,
  ].join("\n");
  return asRoot(script, becoming, `${stage.name} on ${stage.host}`);
}
