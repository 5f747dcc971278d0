import { deepEqual, equal, match } from "node:assert/strict";
import { ScratchDirectory } from "../support/scratch.ts";
import { decoder } from "./decoder_command.ts";
import { freePort } from "../support/free_port.ts";
import { FakeAgent } from "./fake_agent.ts";

const GO126 = new URL("../../build/decoders/go1.26.wasm", import.meta.url).pathname;
const DIGEST = "0123456789abcdef".repeat(4);
const ENTRY = {
  name: "go1.28",
  version: "0.1.0",
  goRange: ">=1.28 <1.29",
  libraries: ["golang.org/x/net >=0.17.0 <0.48.0"],
  digest: DIGEST,
  source: "pushed",
  state: "active",
  since: "2026-02-01T12:00:00.000Z",
  targets: 3,
  counters: { starts: 1000, spans: 998, inFlight: 2, badRecords: 0 },
  previous: { version: "0.1.0", digest: "f".repeat(64), source: "bundled" },
};
const LIST = {
  decoders: [ENTRY],
  refused: [{
    name: "go1.27",
    version: null,
    origin: "decoders/go1.27.wasm",
    digest: null,
    at: "2026-02-01T12:00:01.000Z",
    reason: { code: "decoder-trapped", message: "It trapped at record 7", remedy: "Make it anew" },
  }],
  swaps: { count: 2, p50Ms: 1.25, p99Ms: 2.5, maxMs: 2.5, lastMs: 1.25 },
};
const CHANGE = {
  decoder: ENTRY,
  unchanged: false,
  persisted: true,
  swap: { gateMs: 41.2, stageMs: 9.1, swapMs: 0.6, executables: 2 },
};
const env = { TSUNAGI_API_TOKEN: "s3cret" };

Deno.test("decoder list shows active decoders in columns, the swaps and what was refused with its remedy", async () => {
  await using agent = new FakeAgent({ status: 200, body: LIST });
  const { status, stdout, stderr } = await decoder(["list", "--url", agent.url]);
  equal(status, 0, stderr);
  const lines = stdout.split("\n");
  equal(
    lines[0],
    "NAME    VERSION  GO            SOURCE  TARGETS  SPANS  IN FLIGHT  BAD  PREVIOUS                    LIBRARIES",
  );
  equal(
    lines[1],
    "go1.28  0.1.0    >=1.28 <1.29  pushed        3    998          2    0  0.1.0 bundled ffffffffffff  " +
      "golang.org/x/net",
  );
  match(stdout, /2 swaps: last 1\.3 ms, median 1\.3 ms, p99 2\.5 ms/);
  match(
    stdout,
    /Refused:\n {2}go1\.27, decoders\/go1\.27\.wasm, .*: decoder-trapped\n {4}It trapped at record 7\n/,
  );
  match(stdout, /what helps: Make it anew/);
  deepEqual(agent.asked, [{
    method: "GET",
    path: "/api/v1/decoders",
    authorization: null,
    bodyBytes: 0,
  }]);
});

Deno.test("decoder list --json prints the agent's answer and nothing else", async () => {
  await using agent = new FakeAgent({ status: 200, body: LIST });
  const { status, stdout } = await decoder(["list", "--url", agent.url, "--json"]);
  equal(status, 0);
  deepEqual(JSON.parse(stdout), LIST);
});

Deno.test("decoder list without an agent says so, how to start one, and that files can be listed", async () => {
  const url = `http://127.0.0.1:${freePort()}`;
  const { status, stdout, stderr } = await decoder(["list", "--url", url]);
  equal(status, 1);
  equal(stdout, "");
  match(stderr, /No agent answers at http:\/\/127\.0\.0\.1:\d+\/: connection refused\n/);
  match(stderr, /scripts\/up/);
  match(stderr, /list --local/);
});

Deno.test("decoder list refuses an address at which something else listens", async () => {
  for (const body of ["<html>", [1], {}]) {
    await using agent = new FakeAgent({ status: 200, body });
    const { status, stderr } = await decoder(["list", "--url", agent.url]);
    equal(status, 1);
    match(stderr, /Check --url/);
  }
});

Deno.test("decoder show NAME shows an active decoder's counters and manifest, and what the agent does not know", async () => {
  const bundled = await decoder(["show", GO126, "--json"]);
  const { manifest } = JSON.parse(bundled.stdout);
  await using agent = new FakeAgent({ status: 200, body: { ...ENTRY, name: "go1.26", manifest } });
  const { status, stdout, stderr } = await decoder(["show", "go1.26", "--url", agent.url]);
  equal(status, 0, stderr);
  match(stdout, /^counters +1000 starts, 998 spans, 2 in flight, 0 bad records$/m);
  match(stdout, /^previous +0\.1\.0 bundled ffffffffffff$/m);
  match(stdout, /^ {2}client start$/m);
  equal(agent.asked[0]?.path, "/api/v1/decoders/go1.26");
  const problem = { status: 404, code: "decoder-unknown", detail: "No decoder is named x" };
  await using other = new FakeAgent({ status: 404, body: problem });
  const unknown = await decoder(["show", "x", "--url", other.url]);
  equal(unknown.status, 1);
  match(unknown.stderr, /No decoder is named x \(decoder-unknown\)\n.*decoder list/);
});

Deno.test("decoder push sends the file under its manifest's name with the token and shows the swap", async () => {
  using scratch = new ScratchDirectory();
  const file = `${scratch.path}/any.wasm`;
  Deno.writeFileSync(file, new Uint8Array(100));
  await using agent = new FakeAgent({ status: 200, body: CHANGE });
  const { status, stdout, stderr } = await decoder(["push", file, "--url", agent.url], { env });
  equal(status, 0, stderr);
  match(stdout, /^go1\.28 0\.1\.0 0123456789ab is active for Go >=1\.28 <1\.29\n/);
  match(stdout, /checked in 41\.2 ms, staged in 9\.1 ms, switched 2 executable\(s\) in 0\.6 ms/);
  deepEqual(agent.asked, [{
    method: "PUT",
    path: "/api/v1/decoders/any",
    authorization: "Bearer s3cret",
    bodyBytes: 100,
  }]);
});

Deno.test("decoder push tells when nothing changed and when a restart will forget it", async () => {
  using scratch = new ScratchDirectory();
  Deno.writeFileSync(`${scratch.path}/any.wasm`, new Uint8Array(100));
  await using agent = new FakeAgent({
    status: 200,
    body: { ...CHANGE, unchanged: true, persisted: false },
  });
  // A path is meant from where the user is.
  const { status, stdout, stderr } = await decoder(["push", "any.wasm", "--url", agent.url], {
    env,
    cwd: scratch.path,
  });
  equal(status, 0, stderr);
  match(stdout, /is active already: nothing to do/);
  match(stderr, /could not keep the file/);
});

Deno.test("decoder push and rollback show the agent's refusal: message, code and remedy", async () => {
  using scratch = new ScratchDirectory();
  const file = `${scratch.path}/any.wasm`;
  Deno.writeFileSync(file, new Uint8Array(100));
  const refusals = [
    [401, { code: "token-wrong", detail: "The token is not this agent's", remedy: "Set TSUNAGI_API_TOKEN" }],
    [409, { code: "nothing-to-roll-back-to", detail: "go1.28 has no previous", remedy: "Push one" }],
    [422, { code: "decoder-imports", detail: "It imports env.abort", remedy: "Import memory only" }],
  ] as const;
  for (const [code, body] of refusals) {
    await using agent = new FakeAgent({ status: code, body: { type: "about:blank", status: code, ...body } });
    for (const command of [["push", file], ["rollback", "go1.28"]]) {
      const { status, stdout, stderr } = await decoder([...command, "--url", agent.url], { env });
      equal(status, 1);
      equal(stdout, "");
      const said = `tsunagi: ${body.detail} (${body.code})\ntsunagi: what helps: ${body.remedy}`;
      equal(stderr.startsWith(said), true, stderr);
    }
  }
});

Deno.test("decoder rollback asks for it and tells what is active again", async () => {
  await using agent = new FakeAgent({ status: 200, body: { ...CHANGE, persisted: false } });
  const { status, stdout, stderr } = await decoder(["rollback", "go1.28", "--url", agent.url], { env });
  equal(status, 0);
  match(stderr, /could not put the file aside/);
  match(stdout, /^go1\.28 0\.1\.0 0123456789ab is active again/);
  equal(agent.asked[0]?.path, "/api/v1/decoders/go1.28/rollback");
  equal(agent.asked[0]?.method, "POST");
});

Deno.test("decoder rollback takes the variable's token before the file's, and says when there is none", async () => {
  using scratch = new ScratchDirectory();
  const file = `${scratch.path}/token`;
  Deno.writeTextFileSync(file, "from-file\n");
  Deno.writeTextFileSync(`${scratch.path}/empty`, "\n");
  await using agent = new FakeAgent({ status: 200, body: CHANGE });
  const command = ["rollback", "go1.28", "--url", agent.url, "--token-file"];
  await decoder([...command, file]);
  await decoder([...command, file], { env });
  deepEqual(agent.asked.map(({ authorization }) => authorization), ["Bearer from-file", "Bearer s3cret"]);
  for (
    const [path, message] of [[`${scratch.path}/none`, /none: No such file/], [
      `${scratch.path}/empty`,
      /is empty/,
    ]]
  ) {
    const { status, stderr } = await decoder([...command, path as string]);
    equal(status, 1);
    match(stderr, message as RegExp);
    match(stderr, /\(token-missing\)/);
  }
  equal(agent.asked.length, 2);
});

Deno.test("decoder rollback does not carry this machine's token to another one", async () => {
  const { status, stderr } = await decoder(["rollback", "go1.28", "--url", "http://agent.invalid:9810"]);
  equal(status, 1);
  match(stderr, /No token for http:\/\/agent\.invalid:9810\/ \(token-missing\)/);
});

Deno.test("decoder push refuses a file beyond the API's limit, and one that is missing, without asking", async () => {
  using scratch = new ScratchDirectory();
  const file = `${scratch.path}/huge.wasm`;
  using huge = Deno.openSync(file, { create: true, write: true });
  huge.truncateSync(100 * 1024 * 1024);
  await using agent = new FakeAgent({ status: 200, body: CHANGE });
  for (
    const [path, message] of [[file, /size is 104857600, .*\(decoder-too-large\)/], [
      "/none.wasm",
      /no such file/,
    ]]
  ) {
    const { status, stderr } = await decoder(["push", path as string, "--url", agent.url], { env });
    equal(status, 1);
    match(stderr, message as RegExp);
  }
  deepEqual(agent.asked, []);
});
