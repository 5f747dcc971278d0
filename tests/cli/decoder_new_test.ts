import { equal, match } from "node:assert/strict";
import { goBuild } from "../support/go_build.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { decoder } from "./decoder_command.ts";
import { FakeAgent } from "./fake_agent.ts";

const SAMPLE = new URL("../../src/goexe/testdata/sample", import.meta.url).pathname;

Deno.test("decoder new --binary makes a decoder that passes the check, and pushes it", async () => {
  using scratch = new ScratchDirectory();
  const binary = await goBuild({ module: SAMPLE, toolchain: DEFAULT_TOOLCHAIN });
  const output = `${scratch.path}/made.wasm`;
  await using agent = new FakeAgent({ status: 200, body: { decoder: {}, swap: {} } });
  const { status, stdout, stderr } = await decoder(
    ["new", "--binary", binary, "--output", output, "--push", "--url", agent.url],
    { env: { TSUNAGI_API_TOKEN: "s3cret" } },
  );
  equal(status, 0, stderr);
  match(stdout, new RegExp(`go${DEFAULT_TOOLCHAIN.replaceAll(".", "\\.")}`));
  match(stdout, /the structs are the same as those of the bundled decoder/);
  match(stdout, /made\.wasm/);
  equal((await decoder(["check", output])).status, 0);
  equal(agent.asked[0]?.bodyBytes, Deno.statSync(output).size);
});

Deno.test("decoder new names what is wrong with a program that it cannot read, and writes nothing", async () => {
  using scratch = new ScratchDirectory();
  const stripped = await goBuild({ module: SAMPLE, toolchain: DEFAULT_TOOLCHAIN, flavour: "stripped" });
  Deno.writeTextFileSync(`${scratch.path}/text`, "no program");
  const output = `${scratch.path}/made.wasm`;
  const wrong: [string[], RegExp][] = [
    [["--binary", stripped], /--go DIR/],
    [["--binary", `${scratch.path}/text`], /text/],
    [["--binary", `${scratch.path}/none`], /none: no such file or directory/],
    [["--go", `${scratch.path}/none`], /none/],
  ];
  for (const [args, message] of wrong) {
    const { status, stderr } = await decoder(["new", ...args, "--output", output]);
    equal(status, 1, stderr);
    match(stderr, message);
  }
  equal([...Deno.readDirSync(scratch.path)].length, 1);
});
