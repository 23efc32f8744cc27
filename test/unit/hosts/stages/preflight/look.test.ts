import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../bash.ts";

const stage = "stages/preflight/";
const base = ["lib/files.sh", "lib/roles.sh", "lib/findings.sh"];
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

/** How a look ends that found this; `settings` are those of the stage. */
const settled = async (found: string, settings = ":") =>
  lines(
    await withScripts(
      [...base, `${stage}lib-paths.sh`],
      `ACCEPTED="" ROLES=worker; ${settings}; report() { echo "$*"; }; in_container() { false; }; await_first_boot() { :; }
       look_around() { ${found}; }; link_mtu() { echo 1500 eth0; }; . ${new URL("../../../../../hosts/stages/preflight/look.sh", import.meta.url).pathname}`,
    ),
  ).map((line) => line.replace(/machine [0-9a-f]{16}/, "machine MARK"));

test("a host without a finding passes, and says which machine it is", async () => {
  assert.deepEqual(await settled(":"), ["passed, machine MARK"]);
  assert.deepEqual(await settled("remark small"), ["say note: small", "passed, machine MARK"]);
});

test("problems and warnings that nobody accepted are said together; an accepted warning stops nothing", async () => {
  const found = "problem one; warning slow-disk it is slow; warning covered-range it covers";
  const cure = (name: string) => `Mend that, or accept it: preflight.accept: [${name}]`;
  assert.deepEqual(await settled(found, "ACCEPTED='covered-range x'"), [
    "say warning covered-range: it covers",
    "fail 2 reason(s) not to start, nothing was changed:",
    "  - one",
    `  - slow-disk: it is slow. ${cure("slow-disk")}`,
  ]);
  assert.deepEqual(await settled("warning slow-disk it is slow", "ACCEPTED=slow-disk"), [
    "say warning slow-disk: it is slow",
    "passed, machine MARK",
  ]);
  // The program collects what all hosts say before their first run.
  assert.deepEqual(await settled("problem one", "COLLECTED=yes"), [
    "1 reason(s) not to start, nothing was changed:",
    "  - one",
    "machine MARK",
  ]);
});

test("a host that was prepared before is not stopped by warnings, and still by problems", async () => {
  const lives = "touch $HOME_DIR/prepared";
  assert.deepEqual(await settled("warning slow-disk it is slow", lives), [
    "say warning slow-disk: it is slow",
    "passed, machine MARK",
  ]);
  assert.equal((await settled("problem one", lives))[0], "fail 1 reason(s) not to start, nothing was changed:");
});

test("the report has a line for each thing, whatever lines a message has, and never fails", async () => {
  const found = "problem $'one\\ntwo'; warning slow-disk slow; remark small; PEERS='10.0.0.2 10.0.0.3'";
  const ping = `ping() { case "$*" in *-s\\ 1472\\ 10.0.0.2) ;; *-s\\ *) return 1 ;; *) ;; esac; }`;
  const said = await settled(`${found}; HOST_ADDRESS=10.0.0.1; ${ping}`, "REPORT=yes");
  assert.deepEqual(said.map((line) => line.replace(/^clock \d+\.\d+$/, "clock NOW")).sort(), [
    ...["clock NOW", "end", "machine MARK", "mtu 1500 eth0", "note small", "path 10.0.0.2 full", "path 10.0.0.3 small"],
    ...["prepared no", "problem one two", "warning slow-disk: slow"],
  ]);
  assert.equal(said.at(-1), "end");
});

/** What preflight says of a disk whose writes take these microseconds, one after the other. */
const disk = (microseconds: number[], more = "") =>
  withScripts(
    [...base, `${stage}lib-disk.sh`],
    `in_container() { false; }; ETCD_DATA_DEVICE="" ETCD_DATA_DIRECTORY=$HAK_ROOT/var/lib/etcd TIMES=(${microseconds.join(" ")}); mkdir -p $HAK_ROOT/var/lib
     dd() { local at; for at in "$@"; do case $at in seek=*) at=\${TIMES[\${at#seek=} % \${#TIMES[@]}]}; printf '2300 bytes (2.3 kB, 2.2 KiB) copied, %s s, 1 MB/s\\n' "$(awk -v n="$at" 'BEGIN {print n / 1000000}')" ;; esac; done; }
     ${more}
     check_disk; printf '%s\\n' "\${WARNINGS[@]}" "\${REMARKS[@]}"; ls -A $HAK_ROOT/var/lib`,
  );
const quick = Array.from({ length: 99 }, () => 900);

test("a disk is slow where its 99th percentile is above 10 ms: one slow write in a hundred does not count, two do", async () => {
  assert.equal((await disk([...quick, 90_000])).trim(), "");
  assert.match(
    await disk([...quick.slice(1), 12_340, 90_000]),
    /^slow-disk: a small write to \/var\/lib is safe after 12\.3 ms .*hosts\.m1\.dataDevice/,
  );
  // In a container, which shares the machine's disk, it is a note, and only where somebody reads it.
  assert.equal((await disk([20_000], "in_container() { true; }")).trim(), "");
  assert.match(
    await disk([20_000], "in_container() { true; }; REPORT=yes"),
    /^\s*a small write to \/var\/lib is safe after 20\.0 ms/,
  );
});

test("a device that is not mounted yet is not written to, nor is anything left behind by a real try", async () => {
  assert.equal((await disk([20_000], "ETCD_DATA_DEVICE=/dev/data; mountpoint() { false; }")).trim(), "");
  const slow = await withScripts(
    [...base, `${stage}lib-disk.sh`],
    "mkdir $HAK_ROOT/d; slow_write $HAK_ROOT/d; ls -A $HAK_ROOT/d",
  );
  assert.match(slow, /^\d+$/);
});

/** What preflight says of sources, where curl answers so: `exit-status HTTP-status` by URL. */
const sources = (list: string, answers: Record<string, string> = {}, more = "") =>
  withScripts(
    [...base, `${stage}lib-sources.sh`],
    `LOGIN_PROXIES=(); SOURCES="${list}"; declare -A ANSWERS=(${Object.entries(answers)
      .map(([url, answer]) => `['${url}']='${answer}'`)
      .join(" ")})
     curl() { local url; for url in "$@"; do [[ $url == http* ]] || continue; echo "@@ \${ANSWERS[$url]% *} \${ANSWERS[$url]#* } $url \${REASON:-}"; done; }
     ${more}
     check_sources; printf '%s\\n' "\${PROBLEMS[@]}"`,
  );

test("files of a bundle that are missing or empty are counted, the first is named", async () => {
  const said = await sources("$HAK_ROOT/a $HAK_ROOT/b $HAK_ROOT/c", {}, "echo x >$HAK_ROOT/a; : >$HAK_ROOT/b");
  assert.match(said, /^2 files of the bundle are missing on this host: \/b and others\. Fill the folder/);
  assert.equal((await sources("$HAK_ROOT/a", {}, "echo x >$HAK_ROOT/a")).trim(), "");
});

test("a server that does not answer is a problem, and so is one without the file; any other answer will do", async () => {
  const all = "https://a/f https://a/g https://b/f https://r/v2/";
  const well = { "https://a/f": "0 200", "https://a/g": "0 403", "https://b/f": "0 405", "https://r/v2/": "0 404" };
  assert.equal((await sources(all, well)).trim(), "");
  const unreachable = { ...well, "https://a/f": "6 000", "https://a/g": "28 000" };
  assert.match(
    await sources(all, unreachable, "REASON='no such host'"),
    /^https:\/\/a\/f \(and 1 more\) can't be reached from this host \(no such host\): .*set proxy/,
  );
  assert.match(await sources(all, { ...well, "https://b/f": "0 404" }), /^https:\/\/b\/f is not there \(404\)/);
  // TLS that curl can't do, or a proxy that wants a login: somebody has answered.
  assert.equal((await sources(all, { ...well, "https://a/f": "35 000", "https://b/f": "56 000" })).trim(), "");
});
