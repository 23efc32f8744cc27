import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../../bash.ts";

// The config's own lines for containerd are tried by the program that is to read them. What containerd 2.3.7 said, recorded.

const refused = `time="2026-11-29T02:07:20Z" level=error msg="Failure unmarshaling TOML" column=13
containerd: failed to unmarshal TOML at row 2 column 13: toml: cannot decode TOML string into struct field config.Config.OOMScore of type int`;
const passedOver = `time="2026-11-29T02:07:20Z" level=warning msg="Ignoring unknown key in TOML for plugin" error="strict mode: fields in the document are missing in the target struct" key=max_container_log_line_sizes plugin=io.containerd.cri.v1.runtime`;

/** What a trial says with a containerd that says this and ends so. */
const trial = (said: string, status: number, extra = "[plugins.x]") =>
  withScripts(
    ["lib/files.sh", "lib/saved.sh", "lib/api.sh", "stages/prepare/containerd/lib-containerd.sh"],
    `CONTAINERD_VERSION=2.3.7; folder=$HAK_ROOT/opt/ha-kubernetes/containerd-2.3.7; mkdir -p $folder $STAGE/files
     printf '%s\\n' "imports = ['/etc/containerd/conf.d/*.toml']" "disabled_plugins = []" >$STAGE/files/0
     echo "0644 root:root 0 /etc/containerd/config.toml" >$STAGE/manifest
     if [ -n "${extra}" ]; then echo "0644 root:root 1 /etc/containerd/conf.d/extra.toml" >>$STAGE/manifest; echo "${extra}" >$STAGE/files/1; fi
     printf '%s\\n' '#!/bin/bash' 'echo "$*" >'$HAK_ROOT/asked 'sed "s/.*/reads &/" "$2" >>'$HAK_ROOT/asked 'cat >&2 <<"END"' '${said}' END 'exit ${status}' >$folder/containerd
     chmod 0755 $folder/containerd
     try_configuration; cat $HAK_ROOT/asked 2>/dev/null || echo "nobody asked"`,
  );

test("a text that containerd refuses is an error in its own words, before anything changes", async () => {
  assert.equal(
    await trial(refused, 1),
    "fail containerd 2.3.7 does not start with containerRuntime.extraConfig: containerd: failed to unmarshal TOML at row 2 column 13: toml: cannot decode TOML string into struct field config.Config.OOMScore of type int",
  );
});

test("a key that it passes over is said; it reads this program's file with the new lines in place of the old ones", async () => {
  assert.deepEqual((await trial(passedOver, 0)).split("\n"), [
    "say WARNING: containerRuntime.extraConfig: containerd passes over max_container_log_line_sizes plugin=io.containerd.cri.v1.runtime",
    "--config /stage/containerd/config.toml config dump",
    "reads imports = ['/stage/containerd/extra.toml']",
    "reads disabled_plugins = []",
  ]);
});

test("without lines of the config nobody asks", async () => {
  assert.equal(await trial(refused, 1, ""), "nobody asked");
});
