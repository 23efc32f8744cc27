import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { selfSign } from "../../../../plugins/tls-certificate.ts";
import { run } from "../../../harness/process.ts";
import { scratch } from "../../../harness/scratch.ts";

// Real certificates, and the real clock of this machine.

const folder = scratch();
const lib = new URL("../../../../hosts/lib/", import.meta.url).pathname;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const terms = { allowedUses: ["server_auth"], earlyRenewalHours: 0, isCaCertificate: false, setSubjectKeyId: false };

/** A certificate made `seconds` from now and valid for an hour from then, given to a host. */
function given(seconds: number, kind: "authority" | "leaf" = "leaf") {
  mock.timers.enable({ apis: ["Date"], now: Date.now() + seconds * 1000 });
  const { outputs } = selfSign(privateKey, { subject: { commonName: "m1" } }, { ...terms, validityPeriodHours: 1 });
  mock.timers.reset();
  const file = join(folder, "certificate.pem");
  writeFileSync(file, String(outputs.certPem));
  const script = `STAGE_NAME=etcd HOST_NAME=m1; . ${lib}common.sh; . ${lib}clock.sh; valid_now ${kind === "authority" ? file : `/nowhere ${file}`}; echo taken`;
  return run("bash", ["--norc", "-euo", "pipefail", "-c", script]);
}

test("a certificate that is valid is taken, also by a host whose clock is some minutes behind", async () => {
  for (const seconds of [0, 240, -3000]) assert.equal((await given(seconds)).text, "taken\n");
});

test("a start that is near is waited for", async () => {
  const { status, text } = await given(302);
  assert.match(text, /^the certificate for this host starts at \S+ \S+Z, this host's clock says \S+ \S+Z\n.*taken\n$/s);
  assert.equal(status, 0);
});

test("one that starts in twenty minutes or is over ends at once and says both times and the ways", async () => {
  const leaf = await given(1200);
  assert.equal(leaf.status, 1);
  assert.match(
    leaf.text,
    /ERROR: etcd on m1: the certificate starts at \S+ \S+Z, and this host's clock says \S+ \S+Z\. Nothing was changed/,
  );
  assert.match(leaf.text, /--replace "\*\*:LocallySignedCert::\*\*"/);
  const authority = await given(1200, "authority");
  assert.match(authority.text, /the authority's certificate starts at .* run destroy and up; in a rotation, take its step back/);
  assert.match((await given(-7200)).text, /the certificate ended at /);
});
