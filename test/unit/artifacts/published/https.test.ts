import assert from "node:assert/strict";
import { after, test } from "node:test";
import { get } from "../../../../artifacts/published/https.ts";
import { Publisher } from "../../../harness/publisher.ts";

const publisher = await Publisher.start();
after(() => publisher.close());
const { odd, reach } = publisher;
const url = "https://github.com/file";
const asks = (headers = {}) => get(url, headers, reach);

test("plain HTTP is refused, asked for or led to", async () => {
  await assert.rejects(get("http://github.com/file"), {
    message: /^http:\/\/github\.com\/file is plain HTTP: a hash that comes that way is not taken$/,
  });
  odd.set("github.com/file", (_, response) => response.writeHead(302, { location: "http://objects.example.com/file" }).end());
  await assert.rejects(asks(), {
    message: `${url} leads to http://objects.example.com/file, which is plain HTTP: a hash that comes that way is not taken`,
  });
});

test("what leads to no URL, or to none of HTTPS, is refused in these words", async () => {
  const leads = (location: string) => odd.set("github.com/file", (_, response) => response.writeHead(302, { location }).end());
  leads("http://");
  await assert.rejects(asks(), { message: `${url} leads to "http://", which is not a URL` });
  leads("file:///etc/passwd");
  await assert.rejects(asks(), { message: /leads to file:\/\/\/etc\/passwd, which is not HTTPS: a hash/ });
});

test("a silent server is waited for once, and one that stops in the middle, too", async () => {
  for (const part of ["", "the first"]) {
    let times = 0;
    odd.set("github.com/file", (_, response) => {
      times++;
      if (part !== "") response.write(part);
    });
    await assert.rejects(get(url, {}, { ...reach, timeoutMilliseconds: 300 }), {
      message: `${url} can't be read: no whole answer in 0.3 s`,
    });
    assert.equal(times, 1);
  }
});

test("redirects are followed, without the login on another host, and only a few times", async () => {
  odd.set("github.com/file", (_, response) => response.writeHead(302, { location: "https://objects.example.com/file" }).end());
  odd.set("objects.example.com/file", ({ headers }, response) => response.end(String(headers.authorization)));
  const { body, url: from } = await asks({ authorization: "Bearer secret" });
  assert.deepEqual([body.toString(), from], ["undefined", "https://objects.example.com/file"]);
  odd.set("objects.example.com/file", (_, response) => response.writeHead(302, { location: url }).end());
  await assert.rejects(asks(), { message: `${url} leads elsewhere more than 5 times` });
});

test("an answer that is cut short is asked for again, and then refused", async () => {
  let times = 0;
  odd.set("github.com/file", (_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("the first");
    if (++times < 3) setTimeout(() => response.destroy(), 20);
    else response.end("x".repeat(91));
  });
  assert.equal((await asks()).body.length, 100);
  assert.equal(times, 3);
  odd.set("github.com/file", (_, response) => {
    response.write("the first");
    setTimeout(() => response.destroy(), 20);
  });
  await assert.rejects(asks(), { message: /^https:\/\/github\.com\/file can't be read: (the answer was cut short|aborted)$/ });
});

test("a busy server is asked again", async () => {
  let times = 0;
  odd.set("github.com/file", (_, response) => response.writeHead(++times < 2 ? 503 : 200).end());
  assert.equal((await asks()).status, 200);
});

test("an endless answer is refused", async () => {
  odd.set("github.com/file", (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20)));
    };
    response.on("drain", more);
    more();
  });
  await assert.rejects(asks(), { message: /can't be read: the answer has more than 4194304 bytes$/ });
});

test("a server with a certificate of nobody that is trusted is refused", async () => {
  await assert.rejects(get(url, {}, { connect: reach.connect }), { message: /can't be read: self-signed certificate/ });
});
