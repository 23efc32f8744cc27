import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkStack } from "../../../config/load.ts";
import { basicAuthorization, hostsOfUrl, withLogin } from "../../../config/logins.ts";
import { problemText } from "../../../config/problems.ts";
import type { StackConfig } from "../../../config/stack-config.ts";
import { fileWords } from "../../../config/stack-file.ts";
import { known, lab, type Written } from "../../harness/samples.ts";

/** Every problem and warning of a stack with these secrets, each in one line. */
function words(secrets: Record<string, string>, edit: (config: Written) => void = () => {}): string[] {
  const config = lab();
  edit(config);
  const values: Record<string, string> = { "ha-kubernetes:cluster": JSON.stringify(config) };
  for (const [name, value] of Object.entries(secrets)) values[`ha-kubernetes:${name}`] = value;
  const stack: StackConfig = { values, secretKeys: Object.keys(secrets).map((name) => `ha-kubernetes:${name}`) };
  const checked = checkStack(stack, known);
  return (checked.ok ? checked.warnings : checked.problems).map((it) => problemText(it).replace(/\n */g, " | "));
}
const registry = (logins: unknown, edit?: (config: Written) => void) =>
  words({ registryLogins: typeof logins === "string" ? logins : JSON.stringify(logins) }, edit);

test("logins by registry and one for the proxy are taken", () => {
  assert.deepEqual(registry({ "docker.io": "ops:a:b c", "harbor.example.com:5000": "robot$k8s:s3cret" }), []);
  const proxy = (config: Written) => {
    config.proxy = { http: "http://proxy.example.com:3128" };
  };
  assert.deepEqual(words({ proxyLogin: "ops:hunter2" }, proxy), []);
});

test("anything but a mapping of logins is refused, and nothing of it is shown", () => {
  for (const [given, found] of [
    ["ops:hunter2", "registryLogins is not JSON (not shown)"],
    ['"ops:hunter2"', "registryLogins is not a mapping (not shown)"],
    [{ "ops:hunter2@r.example.com": "x:y" }, "registryLogins has a name that can't be a registry (not shown)"],
    [{ "r.example.com": "hunter2" }, "registryLogins.r.example.com is not a login (not shown)"],
    [{ "r.example.com": "ops:hunter2\n" }, "registryLogins.r.example.com is not a login (not shown)"],
    [{ hunter2: "r.example.com" }, "registryLogins has a value that is not a login (not shown, nor is its name)"],
    [{ "ops:12345": "r.example.com" }, "registryLogins has a value that is not a login (not shown, nor is its name)"],
    [{ "hunter2.x": "https://r.example.com/v2" }, "registryLogins has a value that is not a login (not shown, nor is its name)"],
    [{ "r.example.com": { username: "ops", password: "hunter2" } }, "registryLogins.r.example.com is not a login (not shown)"],
  ] as const) {
    const [text = "", ...more] = registry(given);
    assert.ok(text.startsWith(`ha-kubernetes:${found} | allowed: `), text);
    assert.doesNotMatch(text, /hunter2|12345/);
    assert.deepEqual(more, []);
  }
  assert.match(
    words({ proxyLogin: "hunter2" }).join(),
    /^ha-kubernetes:proxyLogin is not a login \(not shown\) \| allowed: user:password/,
  );
});

test("a login at a path without quotes, or without a path, is refused with the cure", () => {
  assert.match(
    registry({ harbor: { example: { com: "ops:hunter2" } } }).join(),
    /cure: a dot in a path begins .*: config rm --path registryLogins\.NAME; then config set --secret --path 'registryLogins\[/,
  );
  assert.match(
    words({ 'registryLogins["r.example.com"]': "ops:hunter2" }).join(),
    /is not a key .* cure: config rm 'ha-kubernetes:registryLogins\["r\.example\.com"\]'; then set it with --path/,
  );
});

test("a login in clear is refused", () => {
  const values = { "ha-kubernetes:cluster": JSON.stringify(lab()), "ha-kubernetes:registryLogins": "{}" };
  const checked = checkStack({ values, secretKeys: [] }, known);
  assert.ok(!checked.ok && checked.problems[0]?.found === "is in clear in the stack's file");
});

test("a login in clear beside encrypted ones is refused", () => {
  const file = `config:
  ha-kubernetes:registryLogins:
    r.example.com:
      secure: v1:abc
    s.example.com: ops:hunter2
`;
  const clear = (text: string) => fileWords(text, undefined).clear.map((it) => problemText(it).replace(/\n */g, " | "));
  assert.deepEqual(clear(file), [
    "ha-kubernetes:registryLogins.s.example.com is in clear in the stack's file (line 5) | allowed: an encrypted value | cure: config set --secret --path 'registryLogins[\"registry.example.com\"]' < a file with user:password, which replaces it; and replace the password where the file was shared",
  ]);
  assert.match(
    clear(file.replace("s.example.com: ops:hunter2", "hunter2: s.example.com")).join(),
    /:registryLogins is in clear .*\(line 5\)/,
  );
  assert.deepEqual(clear("config:\n  ha-kubernetes:registryLogins:\n    secure: v1:abc\n"), []);
});

test("a login does not travel in clear text, nor to instances that get no secrets", () => {
  const mirror = (url: string) => (config: Written) => {
    config.containerRuntime = { registryMirrors: { "docker.io": [url] } };
  };
  const logins = { "m.example.com:80": "ops:hunter2" };
  assert.match(
    registry(logins, mirror("http://m.example.com/v2/hub")).join(),
    /would travel in clear text to the mirror http:\/\/m\.example\.com/,
  );
  assert.deepEqual(registry(logins, mirror("https://m.example.com/v2/hub")), []);
});

test("a login for no proxy is not used", () => {
  assert.match(
    words({ proxyLogin: "ops:hunter2" }).join(),
    /^ha-kubernetes:proxyLogin is not used \| allowed: nothing without cluster\.proxy$/,
  );
});

test("a password of the statistics page is one word, not a short one, and is used with haproxy alone", () => {
  assert.deepEqual(words({ statisticsPassword: "Long-enough_1" }), []);
  for (const bad of ["short", "two words", "line\nacl all", "x".repeat(65)])
    assert.match(
      words({ statisticsPassword: bad }).join(),
      /^ha-kubernetes:statisticsPassword is a password .* \(not shown\) \| allowed: 8 to 64/,
    );
  const nginx = (config: Written) => {
    config.balancer = { kind: "nginx" };
  };
  assert.match(
    words({ statisticsPassword: "Long-enough_1" }, nginx).join(),
    /statisticsPassword is not used \| allowed: nothing without a statistics page/,
  );
});

test("a login for the hub by a name that no image has is not used, unless that is a mirror", () => {
  const names = ["registry-1.docker.io", "index.docker.io", "hub.docker.com", "registry-1.docker.io:443"];
  const logins = Object.fromEntries(["docker.io", ...names].map((name) => [name, "ops:hunter2"]));
  const unused = "is not used | allowed: docker.io, which images of the hub are named by";
  assert.deepEqual(
    registry(logins),
    names.map((name) => `ha-kubernetes:registryLogins.${name} ${unused}`),
  );
  const mirror = (config: Written) => {
    config.containerRuntime = { registryMirrors: { "*": ["https://registry-1.docker.io"] } };
  };
  assert.deepEqual(registry({ "registry-1.docker.io": "ops:hunter2" }, mirror), []);
});

test("a URL's host has the names with and without the port that its scheme means", () => {
  assert.deepEqual(hostsOfUrl("https://m.example.com/v2/x"), ["m.example.com", "m.example.com:443"]);
  assert.deepEqual(hostsOfUrl("https://m.example.com:443"), ["m.example.com", "m.example.com:443"]);
  assert.deepEqual(hostsOfUrl("http://m.example.com:5000"), ["m.example.com:5000"]);
});

test("a login in a header and in a URL is read as it was written", () => {
  assert.equal(basicAuthorization("robot$k8s:p:w"), `Basic ${Buffer.from("robot$k8s:p:w").toString("base64")}`);
  const ascii = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)), minLength: 1 });
  fc.assert(
    fc.property(ascii, ascii, (user, password) => {
      const url = withLogin("http://proxy.example.com:3128", `${user.replaceAll(":", "_")}:${password}`);
      assert.match(url, /^http:\/\/[A-Za-z0-9%._~-]+:[A-Za-z0-9%._~-]+@proxy\.example\.com:3128$/);
      assert.equal(decodeURIComponent(new URL(url).password), password);
    }),
  );
  assert.equal(withLogin("http://proxy.example.com:3128", undefined), "http://proxy.example.com:3128");
});
