/**
 * A program whose structs are not those of its Go version: with DWARF a decoder is learnt from itself, without, or
 * when learning is off, it is refused with what differs. Go 1.24 with its former maps is such a program.
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { goBuild, type GoFlavour } from "../support/go_build.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";

const TOOLCHAIN = "1.24.13";

async function start(flavour: GoFlavour): Promise<Program> {
  const exe = await goBuild({
    module: `${ROOT}/tests/programs`,
    package: "./matrix",
    toolchain: TOOLCHAIN,
    flavour,
    experiment: "noswissmap",
  });
  return await Program.start(exe, { args: ["back"] });
}

rootTest(
  "A program with other structs than its Go version is traced by a decoder learnt from its DWARF",
  async () => {
    await using program = await start("plain");
    await using sink = new OtlpSink();
    await using agent = await Agent.start({
      args: ["--otlp", sink.url, "--pid", String(program.pid), "--print", "off"],
    });
    const target = await agent.target(program.pid);
    assert.equal(target.state, "traced", target.reason?.message);
    assert.match(target.decoder ?? "", /^go1\.24\.13-[0-9a-f]{8}$/);
    assert.equal(target.decoderCheck, "dwarf");

    using load = new LoadGenerator(`http://${program.host}`, 10);
    const contexts = Array.from({ length: 100 }, () => freshContext());
    await load.sendAll(contexts.map((context, n) => ({ path: `/back?n=${n}`, context })));
    const { lost } = await agent.atRest(contexts.length);
    assert.deepEqual(lost, {});
    const spans = sink.take();
    // The parent comes out of the header map, which is the struct that differs.
    assert.deepEqual(
      spans.map(({ parentId }) => parentId).sort(),
      contexts.map(({ spanId }) => spanId).sort(),
    );
    for (const span of spans) assert.equal(span.attributes["url.path"], "/back");
  },
);

rootTest("A stripped program with other structs than its Go version is refused", async () => {
  await using program = await start("stripped");
  await using agent = await Agent.start({ args: ["--pid", String(program.pid), "--print", "off"] });
  const { state, reason } = await agent.target(program.pid);
  assert.deepEqual([state, reason?.code], ["refused", "decoder-layout-differs"]);
  assert.match(reason?.message ?? "", /swiss|hmap/);
});

rootTest("A program with other structs is refused with what differs when learning is off", async () => {
  const config = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(config, "decoders: { learn: false }\n");
    await using program = await start("plain");
    await using agent = await Agent.start({
      args: ["--config", config, "--pid", String(program.pid), "--print", "off"],
    });
    const { state, reason } = await agent.target(program.pid);
    assert.deepEqual([state, reason?.code], ["refused", "decoder-layout-differs"]);
    assert.match(reason?.message ?? "", /hmap/);
  } finally {
    await Deno.remove(config);
  }
});
