import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { asRoot, becomingOf, withoutPassword, withPassword } from "../../../hosts/sudo.ts";
import { scratch } from "../../harness/scratch.ts";

// A stand-in for sudo, which this machine may not have: it reads a password as sudo does, byte by byte, and says what sudo 1.9 says.
const folder = scratch();
writeFileSync(
  join(folder, "sudo"),
  `#!/bin/bash
while [[ $1 == -* ]]; do case $1 in -p) shift 2 ;; *) options+=$1; shift ;; esac; done
[[ $options == *S* ]] || { [ "$MODE" = open ] && exec "$@"; echo 'sudo: a password is required' >&2; exit 1; }
[ "$MODE" = open ] && exec "$@"
[ "$MODE" != tty ] || { echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1; }
tries=0
while IFS= read -r word; do
  [ "$word" != "$WORD" ] || { [ "$MODE" != stranger ] || { echo 'ops is not in the sudoers file.' >&2; exit 1; }; exec "$@"; }
  echo 'Sorry, try again.' >&2
  echo x >>"$TRIES"
done
echo 'sudo: 1 incorrect password attempt' >&2
exit 1
`,
  { mode: 0o755 },
);
const tries = join(folder, "tries");

const word = `a 'word' "of" $HOME \\ 4711`;
function asked(mode: string, given: string, script = "cat; exit 7") {
  writeFileSync(tries, "");
  const command = asRoot(script, "sudo with a password", "prepare on m1");
  assert.ok(!command.includes(given));
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, MODE: mode, WORD: word, TRIES: tries };
  return spawnSync("sh", ["-c", command], { input: withPassword("bundle\nof lines\n", given), encoding: "utf8", env });
}

test("a script gets its own stdin and status, whether sudo asks or not", () => {
  for (const mode of ["asks", "open"]) {
    const { status, stdout, stderr } = asked(mode, word);
    assert.deepEqual({ status, stdout, stderr }, { status: 7, stdout: "bundle\nof lines\n", stderr: "" }, mode);
  }
});

test("the password is in neither the arguments nor the environment of what runs", () => {
  const { stdout } = asked(
    "asks",
    word,
    "tr '\\0' '\\n' </proc/$PPID/cmdline; tr '\\0' '\\n' </proc/self/cmdline; env | grep -v ^WORD=",
  );
  assert.ok(stdout.includes("PATH=") && !stdout.includes(word));
});

test("each reason why sudo fails is one line with what, who and the cure; a wrong password is tried once", () => {
  const said = (mode: string, given = word) => {
    const { status, stdout, stderr } = asked(mode, given);
    assert.deepEqual([status, stdout, stderr.trim().split("\n").length], [1, "", 1], stderr);
    return stderr;
  };
  assert.match(
    said("asks", "wrong"),
    /^ERROR: prepare on m1: sudo refuses the password of user \S+: store the right one as sudoPassword/,
  );
  assert.equal(spawnSync("wc", ["-l", tries], { encoding: "utf8" }).stdout.split(" ")[0], "1");
  assert.match(
    said("stranger"),
    /^ERROR: prepare on m1: sudo does not let user \S+ run commands as root: .*ALL=\(ALL:ALL\) ALL'$/m,
  );
  assert.match(said("tty"), /^ERROR: prepare on m1: sudo wants a terminal of user \S+: add 'Defaults:\S+ !requiretty' to/);
});

test("root and a user without a password run a script as ever", () => {
  assert.equal(asRoot("true", becomingOf("root", true), "x"), "exec bash -c 'true'");
  assert.equal(asRoot("true", becomingOf("ops", false), "x", "sh"), "exec sudo -n sh -c 'true'");
});

test("a password comes off a stage's stdin again", () => {
  assert.deepEqual(withoutPassword(withPassword("H4sI==", "a b")), { password: "a b", bundle: "H4sI==" });
  assert.deepEqual(withoutPassword("H4sI=="), { bundle: "H4sI==" });
});
