/**
 * A Go version that Tsunagi was not built for: a stripped program of it is refused with a reason, one with DWARF is
 * traced by a decoder learnt from itself, and `deno task decoder new` brings every program of it back.
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { TOKEN } from "../support/decoder_api.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild, goEnvironment, type GoFlavour } from "../support/go_build.ts";
import { LoadGenerator } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { goMinor } from "../support/toolchains.ts";
import { runCell } from "../matrix/cell.ts";
import { HiddenVersionTree } from "./tree.ts";

/** Its layout is that of no neighbour, and holds a field that no other Go has. */
const HIDDEN = "1.22.12";
/** What a tree without it takes for the nearest: the one before. */
const NEAREST = "go1.21";

function build(flavour: GoFlavour): Promise<string> {
  return goBuild({ module: `${ROOT}/tests/programs`, package: "./matrix", toolchain: HIDDEN, flavour });
}

async function gorootOf(toolchain: string): Promise<string> {
  const { stdout } = await new Deno.Command("go", {
    args: ["env", "GOROOT"],
    env: await goEnvironment(toolchain),
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** Only with decoders.allow_nearest, and then every span says so. */
async function expectNearest(tree: HiddenVersionTree): Promise<void> {
  const config = `${tree.path}/nearest.yaml`;
  await Deno.writeTextFile(config, "decoders: { allow_nearest: true }\n");
  await using program = await Program.start(await build("stripped"), { args: ["back"] });
  await using sink = new OtlpSink();
  await using agent = await Agent.start({
    command: tree.agentCommand,
    args: ["--config", config, "--otlp", sink.url, "--pid", String(program.pid), "--print", "off"],
  });
  const { state, decoder, decoderCheck } = await agent.target(program.pid);
  assert.deepEqual([state, decoder, decoderCheck], ["traced", NEAREST, "nearest"]);
  using load = new LoadGenerator(`http://${program.host}`, 1);
  await load.sendAll(Array.from({ length: 20 }, () => ({ path: "/back" })));
  await agent.atRest(20);
  const spans = sink.take();
  assert.ok(spans.length > 0, "no span came");
  for (const { attributes } of spans) assert.equal(attributes["tsunagi.decoder.nearest"], NEAREST);
}

/** A stripped program is refused; `bringBack` makes a decoder, and the very same process is traced. */
async function expectBroughtBack(
  tree: HiddenVersionTree,
  bringBack: (agent: Agent) => Promise<void>,
): Promise<void> {
  await using program = await Program.start(await build("stripped"), { args: ["back"] });
  await using agent = await Agent.start({
    command: tree.agentCommand,
    args: ["--pid", String(program.pid), "--print", "off"],
    env: { TSUNAGI_API_TOKEN: TOKEN },
  });
  const { state, reason } = await agent.target(program.pid);
  assert.equal(state, "refused");
  assert.equal(reason?.code, `no-decoder-for-go1.${goMinor(HIDDEN)}`);
  assert.ok(reason.remedy.length > 0, "there is no remedy");
  await bringBack(agent);
  await eventually(() => agent.traced(program.pid));
}

async function expectRowRight(tree: HiddenVersionTree, flavour: GoFlavour): Promise<void> {
  const { right, total, reasons } = await runCell(HIDDEN, flavour, { command: tree.agentCommand });
  assert.ok(
    total > 0 && reasons.length === 0,
    `${right} of ${total} right: ${reasons.slice(0, 3).join("\n")}`,
  );
}

rootTest(
  `Go ${HIDDEN}, of which a tree knows nothing, is traced after decoder new, or by itself with DWARF`,
  async (t) => {
    using tree = await HiddenVersionTree.make(HIDDEN);
    assert.ok(!tree.builtDecoders().includes(`go1.${goMinor(HIDDEN)}.wasm`), "the decoder is hidden");

    await t.step("decoder new --binary with DWARF, into the watched directory", async () => {
      await expectBroughtBack(tree, async () => {
        const { code, output } = await tree.decoder("new", "--binary", await build("plain"));
        assert.equal(code, 0, output);
      });
      await expectRowRight(tree, "stripped");
    });

    await t.step("decoder new --go GOROOT --push, with nothing but stripped programs", async () => {
      tree.forget();
      await expectBroughtBack(tree, async (agent) => {
        Deno.writeTextFileSync(`${tree.path}/token`, TOKEN);
        const flags = ["--push", "--url", agent.url, "--token-file", `${tree.path}/token`];
        const { code, output } = await tree.decoder("new", "--go", await gorootOf(HIDDEN), ...flags);
        assert.equal(code, 0, output);
      });
      await expectRowRight(tree, "stripped");
    });

    await t.step("by the nearest decoder when that is allowed, and marked", async () => {
      tree.forget();
      await expectNearest(tree);
    });

    await t.step("learnt from the program's own DWARF", async () => {
      await expectRowRight(tree, "plain");
    });
  },
);
