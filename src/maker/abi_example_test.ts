/** The minimal decoder of docs/decoder-abi.md compiles and passes the gate, so the document is true to the code. */
import asc from "assemblyscript/asc";
import assert from "node:assert/strict";
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import { packFor } from "../../tests/decoder/fixture.ts";
import { altered } from "../../tests/support/altered_pack.ts";
import { harden } from "../decoder/harden.ts";
import type { DecoderManifest } from "../decoder/manifest.ts";
import { examinePack } from "../gate/examine.ts";
import { tryPack } from "../gate/try_pack.ts";
import { makeGoldens } from "./goldens.ts";

const DOCUMENT = new URL("../../docs/decoder-abi.md", import.meta.url);
const COMMAND =
  "decoder.ts --outFile decoder.wasm --runtime stub --importMemory --initialMemory 530 --maximumMemory 530 -O3";

async function compileExample(): Promise<Uint8Array<ArrayBuffer>> {
  const example = /```ts\n([^]*?)```/.exec(await Deno.readTextFile(DOCUMENT))![1]!;
  const source = `const WIRE_FINGERPRINT_LOW: u32 = ${WIRE_FINGERPRINT_LOW};\n` +
    `const WIRE_FINGERPRINT_HIGH: u32 = ${WIRE_FINGERPRINT_HIGH};\n${example}`;
  let module: Uint8Array | null = null;
  const { error, stderr } = await asc.main(COMMAND.split(" "), {
    readFile: (name: string) => name === "decoder.ts" ? source : null,
    writeFile(_name: string, contents: Uint8Array | string) {
      if (typeof contents !== "string") module = contents;
    },
    listFiles: () => [],
  });
  assert.equal(error, null, stderr.toString());
  return new Uint8Array(module!);
}

Deno.test("docs/decoder-abi.md: its minimal decoder passes the gate, with plans that copy nothing", async () => {
  const module = await compileExample();
  const { manifest, bytes } = packFor("go1.27.4");
  const changed: DecoderManifest = {
    ...manifest,
    plans: manifest.plans.map(({ probe }) => ({ probe, ops: [] })),
    libraries: [],
  };
  const goldens = makeGoldens(changed, harden(module), { exact: false });
  const { plans, libraries } = changed;
  const pack = await examinePack(altered(bytes, { module, manifest: { plans, libraries }, goldens }));
  assert.ok("manifest" in pack, "message" in pack ? pack.message : "");
  assert.equal(tryPack(pack), null);
});
