import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../../harness/process.ts";
import { scratch } from "../../../harness/scratch.ts";

// hosts/lib/pool-turn.sh with a stand-in for the API: a folder of ConfigMaps, with uids, resource versions and a clock of its own.

const library = new URL("../../../../hosts/lib/", import.meta.url).pathname;
const api = `
  this_kubectl() {
    shift 2
    local verb=$1 name template
    case "$verb $*" in
      *"--dry-run=server"*) date -u -d "@$(<$D/clock)" +%FT%TZ ;;
      "create "*)
        name=$3
        [ ! -f $D/refuses ] || { cat $D/refuses >&2; return 1; }
        [ ! -d $D/api/$name ] || { echo "error: failed to create configmap: configmaps \\"$name\\" already exists" >&2; return 1; }
        put $name holder "\${4#*holder=}"
        cat $D/api/$name/uid ;;
      "get "*)
        name=$3 template=\${*: -1}
        [ -d $D/api/$name ] || return 0
        template=\${template#*=}
        for field in uid resourceVersion creationTimestamp holder roll at; do
          template=$(sed -E "s/\\{\\.(metadata|data)\\.$field\\}/$(cat $D/api/$name/$field 2>/dev/null)/" <<<"$template")
        done
        printf %s "$template" ;;
      "apply "*)
        name=$(sed -n 's/.*{name: \\([^,]*\\),.*/\\1/p' "$3")
        put $name holder "$(sed -n 's/.*holder: "\\([^"]*\\)".*/\\1/p' "$3")"
        sed -n 's/.*roll: "\\([^"]*\\)".*/\\1/p' "$3" >$D/api/$name/roll ;;
      "delete "*)
        name=\${3##*/}
        [ -d $D/api/$name ] || { echo 'Error from server (NotFound): not found' >&2; return 1; }
        grep -qF "$(<$D/api/$name/uid)" "$5" || { echo 'Error from server (Conflict): Precondition failed: UID' >&2; return 1; }
        rm -r $D/api/$name ;;
    esac
  }
  put() {
    mkdir -p $D/api/$1
    echo x >>$D/uids
    wc -l <$D/uids | tee $D/api/$1/resourceVersion >$D/api/$1/uid
    date -u -d "@$(<$D/clock)" +%FT%TZ >$D/api/$1/creationTimestamp
    echo "$3" >$D/api/$1/$2
  }`;

/** Runs lines as worker w1 of pool general with a fresh API. */
async function worker(lines: string): Promise<{ status: number; said: string }> {
  const directory = scratch();
  const here = (name: string) =>
    `. <(sed 's|/run/ha-kubernetes|${directory}|g; s|/var/lib/ha-kubernetes|${directory}|g; s/REFUSALS_SECONDS=120/REFUSALS_SECONDS=2/' ${library}${name}.sh)`;
  const script = `
    set -euo pipefail
    STAGE_NAME=worker HOST_NAME=w1 POOL=general MAX_UNAVAILABLE=2 DRAIN_SECONDS=300 D=${directory} STAGE=${directory} KUBELET_KUBECONFIG=${directory}/clock
    mkdir $D/api
    date +%s >$D/clock
    ${["common", "files", "pool-turn"].map(here).join("\n")}
    ${api}
    work() { still_my_pool_turn; echo works; }
    ${lines}`;
  const { status, text } = await run("bash", ["-c", script], { limitSeconds: 30 });
  return { status, said: text.trimEnd() };
}

test("the first of a roll goes alone, the others as many at once as the pool allows, and another roll begins with one again", async () => {
  const { said } = await worker(
    `put general-0 holder w2
     if take_pool_turn 1.36.3; then echo taken; else echo "waits for$HOLDERS"; fi
     put done-general-version roll 1.36.3
     if take_pool_turn 1.36.3; then echo "taken $TURN"; fi
     if take_pool_turn 1.36.4; then echo taken; else echo "waits for$HOLDERS"; fi
     if take_pool_turn containerd-0011; then echo taken; else echo "waits for$HOLDERS"; fi`,
  );
  assert.equal(said, "waits for w2\ntaken general-1\nwaits for w2\nwaits for w2");
});

test("who is done notes the roll and gives its turn back", async () => {
  const { status, said } = await worker(
    "with_pool_turn 1.36.3 work; ls $D/api; cat $D/api/done-general-version/roll; turn_was_cut || echo free",
  );
  assert.deepEqual({ status, said }, { status: 0, said: "works\ndone-general-version\n1.36.3\nfree" });
});

test("a turn that has expired by the API's clock is taken over, whatever this host's says; a younger one is not", async () => {
  const { said } = await worker(
    `put general-0 holder w2
     date() { if [ "$1" = +%s ]; then echo 4000000000; else command date "$@"; fi; }
     if take_pool_turn 1.36.3; then echo taken; else echo "waits for$HOLDERS"; fi
     echo $(($(<$D/clock) + 1300)) >$D/clock
     take_pool_turn 1.36.3 || take_pool_turn 1.36.3 && cat $D/api/general-0/holder`,
  );
  assert.equal(said, "waits for w2\ntaking over the turn of w2, whose run has not ended in 1200 s\nw1");
});

test("a turn is dropped only while it is the very one that was seen", async () => {
  const { said } = await worker(
    `put general-0 holder w2; seen=$(<$D/api/general-0/uid)
     put general-0 holder w3
     drop_turn general-0 $seen; cat $D/api/general-0/holder
     drop_turn general-0 "$(<$D/api/general-0/uid)"; ls $D/api | wc -l
     drop_turn general-0 $seen && echo gone is as good`,
  );
  assert.equal(said, "w3\n0\ngone is as good");
});

test("who lost its turn stops before it interrupts anything", async () => {
  const { status, said } = await worker(
    "taken() { put general-0 holder w2; still_my_pool_turn; echo interrupted; }; with_pool_turn 1.36.3 taken",
  );
  assert.equal(status, 1);
  assert.match(said, /another worker took over this host's turn/);
  assert.doesNotMatch(said, /interrupted/);
});

test("what the API refuses ends in its own words, and blames no worker", async () => {
  const refusal = 'error: failed to create configmap: Internal error occurred: failed calling webhook "dead.example.com"';
  const { status, said } = await worker(`echo '${refusal}' >$D/refuses; with_pool_turn 1.36.3 work`);
  assert.equal(status, 1);
  assert.match(
    said,
    /the API has given no turn of pool general for 2 s: .*failed calling webhook "dead\.example\.com" *\. Mend that, then run up again/,
  );
  assert.doesNotMatch(said, /worker is|which w/);
});

test("a failure since the run began stops it, an earlier one does not", async () => {
  const failed = "put failed-general holder w2";
  const later = await worker(
    `${failed}; at_start_ask_which_worker_failed; until read -t 0 -u $POOL_FAILURE_INPUT; do sleep 0.05; done; with_pool_turn 1.36.3 work`,
  );
  assert.deepEqual(later, { status: 0, said: "works" });
  const none = "at_start_ask_which_worker_failed; with_pool_turn 1.36.3 work";
  assert.deepEqual(await worker(none), { status: 0, said: "works" });
  const { status, said } = await worker(
    `at_start_ask_which_worker_failed; until read -t 0 -u $POOL_FAILURE_INPUT; do sleep 0.05; done; ${failed}; with_pool_turn 1.36.3 work`,
  );
  assert.equal(status, 1);
  assert.match(said, /the same roll failed on w2/);
});

test("a run that was killed gives its turn back at its next one, with the mark of an earlier release, too", async () => {
  const { said } = await worker(
    `put general-0 holder w1; echo general-0 >$TURN_MARK; give_turn_back; ls $D/api | wc -l
     put general-0 holder w2; echo general-0 >$TURN_MARK; give_turn_back; ls $D/api
     put general-1 holder w2; echo general-1 77 >$TURN_MARK; give_turn_back; ls $D/api; turn_was_cut || echo free`,
  );
  assert.equal(said, "0\ngeneral-0\ngeneral-0\ngeneral-1\nfree");
});
