/** What a person sees of the printer and of the log, in a real terminal and behind a pipe. */
import assert from "node:assert/strict";
import { displayWidth } from "../../src/support/text.ts";
import { ROOT } from "../support/agent.ts";
import { Terminal } from "./tmux.ts";

const FEED = ["deno", "run", "-A", `${ROOT}/tests/terminal/feed.ts`];
const HEAD = /^\d\d:\d\d:\d\d\.\d{3} {4}200 {3}2\.00 s {2}GET \/api\/orders\/\{id\} {2}front, 注文サービス/;

async function piped(...args: string[]): Promise<{ out: string; log: string }> {
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "-A", `${ROOT}/tests/terminal/feed.ts`, ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { out: decoder.decode(stdout), log: decoder.decode(stderr) };
}

Deno.test("a trace is a coloured waterfall as wide as the terminal, also after it was resized", async () => {
  await using terminal = await Terminal.start([...FEED, "text", "2"], { columns: 120, rows: 40 });
  const wide = await terminal.until(/GET \/orders\/\{id\}/);
  const begin = wide.findIndex((line) => HEAD.test(line));
  assert.ok(begin >= 0, wide.join("\n"));
  assert.deepEqual(wide.slice(begin, begin + 2).map(displayWidth), [120, 120]);
  assert.match(
    wide[begin + 1]!,
    /^ {2}front {9}server {2}GET \/api\/orders\/\{id\} {4}200 {2}2\.00 s {2}━+$/,
  );
  assert.match(wide[begin + 2]!, /^ {2}front {9}client {4}GET orders:8081 {7}200 {2}900 ms {10,}━+$/);
  assert.match(
    wide[begin + 3]!,
    /^ {2}注文サービス {2}server {6}GET \/orders\/\{id\} {4}200 {2}600 ms {10,}━+$/,
  );

  await terminal.resize(60);
  await terminal.press("Enter");
  const narrow = await terminal.until(/✗ 503/);
  const row = narrow.find((line) => /GET orders:8081 +✗ 503/.test(line));
  assert.ok(row && displayWidth(row) <= 60 && row.endsWith("━"), narrow.join("\n"));
});

Deno.test("on a terminal the log is for people, errors are red, services keep their colour", async () => {
  await using terminal = await Terminal.start([...FEED, "text", "2"], { columns: 100, rows: 40 });
  await terminal.until(/GET \/orders\/\{id\}/);
  await terminal.press("Enter");
  const lines = await terminal.until(/fed +printed=6/, { styles: true });
  const find = (text: RegExp) =>
    lines.find((line) => text.test(line)) ?? assert.fail(`${text}: ${lines.join("\n")}`);
  assert.match(find(/INFO/), styled`{2}\d\d:\d\d:\d\d{0} {32}INFO {0} feeding  {2}form=text{0} {2}traces=2`);
  assert.match(find(/WARN/), styled`{33}WARN {0} fed  {2}printed={0}6 {2}dropped={0}0`);
  assert.match(find(/✗ 503.*2\.00 s.*━/), styled`{31}✗ 503`);
  const colour = /\[(\d+)m注文サービス/u;
  const seen = lines.flatMap((line) => colour.exec(line)?.[1] ?? []);
  assert.deepEqual([seen.length, new Set(seen).size], [4, 1]);
});

Deno.test("NO_COLOR takes the colours out of printer and log, and leaves the marks", async () => {
  await using terminal = await Terminal.start([...FEED, "text", "2"], {
    columns: 100,
    rows: 40,
    env: { NO_COLOR: "1" },
  });
  await terminal.until(/GET \/orders\/\{id\}/);
  await terminal.press("Enter");
  const lines = await terminal.until(/fed +printed=6/, { styles: true });
  assert.ok(lines.some((line) => line.includes("✗ 503")));
  assert.equal(lines.join("\n").includes("\x1b["), false);
});

Deno.test("ten thousand spans a second are a summary and some samples a second", async () => {
  await using terminal = await Terminal.start([...FEED, "text", "9999", "3333"], { columns: 120, rows: 40 });
  const lines = await terminal.until(/fed +printed=/);
  const summaries = lines.filter((line) =>
    / traces\/s, \d+ with errors, p99 [12]\.\d\d s; \S+ not printed$/.test(line)
  );
  assert.ok(summaries.length >= 2, lines.join("\n"));
  assert.ok(lines.length < 200, `${lines.length} lines`);
  const counts = Object.fromEntries(
    [...lines.join(" ").matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]),
  );
  // Batches are whole, so a few more traces than asked for.
  assert.equal((counts["printed"]! + counts["summarized"]!) % 399, 0, JSON.stringify(counts));
  assert.deepEqual([counts["dropped"], counts["waiting"]], [0, 0]);
});

Deno.test("behind a pipe there is no colour, and the log is key=value", async () => {
  const { out, log } = await piped("text", "1");
  const [head = "", ...rows] = out.split("\n");
  assert.match(head, HEAD);
  assert.equal(rows.length, 5);
  assert.equal((out + log).includes("\x1b"), false);
  assert.match(log, /^time=\S+Z level=info msg=feeding form=text traces=1$/m);
});

Deno.test("behind a pipe JSON is a span a line, and off is nothing", async () => {
  const { out } = await piped("json", "2", "1000");
  const spans = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(spans.length, 120);
  assert.ok(spans.every(({ traceId }) => /^[0-9a-f]{32}$/.test(traceId)));
  assert.equal((await piped("off", "2", "1000")).out, "");
});

Deno.test("when who reads stdout goes away, the rest is counted, said once, and nothing else happens", async () => {
  const { code, stderr } = await new Deno.Command("bash", {
    args: ["-c", `set -o pipefail; ${FEED.join(" ")} json 400 1000 | head -n 1`],
    stdin: "null",
  }).output();
  const log = new TextDecoder().decode(stderr);
  assert.equal(code, 0, log);
  assert.equal(log.match(/msg="stdout is closed, spans are no longer printed"/g)?.length, 1, log);
  const [, printed, dropped] = /printed=(\d+) dropped=(\d+) summarized=0 waiting=0/.exec(log) ?? [];
  assert.equal(Number(printed) + Number(dropped), 1_200, log);
  assert.ok(Number(dropped) > 600, log);
});

/** A pattern in which `{1}` stands for style 1, `{0}` for its end, which tmux writes in one of several ways. */
function styled({ raw: [text = ""] }: TemplateStringsArray): RegExp {
  const sequence = (code: string) => code === "0" ? "(?:\x1b\\[(?:0|39|49)m)+" : `\x1b\\[${code}m`;
  return new RegExp(text.replace(/\{(\d+)\}/g, (_all, code: string) => sequence(code)));
}
