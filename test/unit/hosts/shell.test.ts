import assert from "node:assert/strict";
import { test } from "node:test";
import { readScript } from "./shell.ts";

test("functions, what they use and what the top level sets are found", () => {
  const { parts, sets } = readScript(`# say: not this
readonly A=/x/$HOME_DIR B=$A
one() { two "three $(four "five $(six)") seven" 'eight' && ! nine; }
ten() {
  cat <<EOF
eleven
EOF
  for it in "\${LIST[@]}"; do wait_until 60 "twelve's" thirteen; done # fourteen
  local x=fifteen path/sixteen --seventeen
}
eighteen
`);
  const of = (name: string) => parts.find((part) => part.name === name);
  assert.deepEqual([...(of("one")?.words ?? [])], ["two", "four", "six", "nine"]);
  assert.deepEqual(
    ["thirteen", "wait_until", "eleven", "twelve", "fourteen", "fifteen", "sixteen", "seventeen"].filter((word) =>
      of("ten")?.words.has(word),
    ),
    ["thirteen", "wait_until"],
  );
  assert.deepEqual([...(of("ten")?.variables ?? [])], ["LIST"]);
  assert.ok(of("")?.words.has("eighteen") && of("")?.variables.has("HOME_DIR"));
  assert.deepEqual([...sets], ["A", "B"]);
});
