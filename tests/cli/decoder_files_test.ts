import { deepEqual, equal, match } from "node:assert/strict";
import { ScratchDirectory } from "../support/scratch.ts";
import { decoder } from "./decoder_command.ts";

const BUNDLED = new URL("../../build/decoders/", import.meta.url).pathname;
const GO126 = `${BUNDLED}go1.26.wasm`;

Deno.test("decoder list --local lists the bundled decoders without an agent", async () => {
  const { status, stdout, stderr } = await decoder(["list", "--local"]);
  equal(status, 0, stderr);
  match(stdout, /^NAME +VERSION +GO +DIGEST +FILE +LIBRARIES\n/);
  match(stdout, /^go1\.26 +0\.1\.0 +>=1\.26 <1\.26\.11 +[0-9a-f]{12} +build\/decoders\/go1\.26\.wasm/m);
});

Deno.test("decoder list --local DIR tells of good files and of refused ones, with code and remedy", async () => {
  using scratch = new ScratchDirectory();
  scratch.copy(GO126, "good.wasm");
  Deno.writeTextFileSync(`${scratch.path}/bad.wasm`, "no module");
  Deno.writeTextFileSync(`${scratch.path}/notes.txt`, "not looked at");
  const { status, stdout, stderr } = await decoder(["list", "--local", ".", "--json"], { cwd: scratch.path });
  equal(status, 0, stderr);
  const { decoders, refused } = JSON.parse(stdout);
  deepEqual(decoders.map(({ name }: { name: string }) => name), ["go1.26"]);
  deepEqual(refused.map(({ reason }: { reason: { code: string } }) => reason.code), ["decoder-not-wasm"]);
  const table = await decoder(["list", "--local", scratch.path]);
  match(table.stdout, /Refused:\n {2}\S+bad\.wasm: decoder-not-wasm\n {4}.+\n {4}what helps: /);
  equal((await decoder(["list", "--local", `${scratch.path}/none`])).status, 1);
});

Deno.test("decoder show FILE tells ranges, origin, plans in words, offsets, digest and golden vectors", async () => {
  const { status, stdout, stderr } = await decoder(["show", GO126]);
  equal(status, 0, stderr);
  match(stdout, /^decoder +go1\.26 0\.1\.0\nGo releases +>=1\.26 <1\.26\.11\n/);
  match(stdout, /^digest +[0-9a-f]{64}$/m);
  match(stdout, /^examples +[1-9]\d* golden vectors$/m);
  match(stdout, /^static checks +passed$/m);
  match(stdout, /^read from +go1\.26/m);
  match(stdout, /^ {2}server start\n {4}copy \d+ bytes at offset \d+ of the object\n/m);
  match(stdout, /^ {4}copy string 1, at most 512 bytes, by its header in record byte \d+$/m);
  match(stdout, /Request\.Method +0 /);
  const json = JSON.parse((await decoder(["show", GO126, "--json"])).stdout);
  equal(json.manifest.name, "go1.26");
  equal(json.refused, null);
});

Deno.test("decoder check tries every file, says which check failed and ends with status 1", async () => {
  using scratch = new ScratchDirectory();
  const bytes = Deno.readFileSync(GO126);
  Deno.writeFileSync(`${scratch.path}/cut.wasm`, bytes.subarray(0, bytes.length / 2));
  Deno.writeTextFileSync(`${scratch.path}/text.wasm`, "no module");
  const files = [GO126, `${scratch.path}/cut.wasm`, `${scratch.path}/text.wasm`, `${scratch.path}/none.wasm`];
  const { status, stdout, stderr } = await decoder(["check", ...files]);
  equal(status, 1, stderr);
  match(
    stdout,
    /go1\.26\.wasm: passed in \S+ m?s: go1\.26 0\.1\.0 for Go >=1\.26 <1\.26\.11\n {2}passed {2}size/,
  );
  match(stdout, /passed {2}golden vectors byte for byte\n {2}passed {2}hostile records/);
  match(stdout, /cut\.wasm: refused\n[^]*FAILED[^]*\(decoder-truncated\)\n {2}what helps: /);
  match(
    stdout,
    /text\.wasm: refused\n {2}passed {2}size within the limit\n {2}FAILED {2}a whole WebAssembly module\n/,
  );
  match(stdout, /none\.wasm: no such file or directory/);
  equal((await decoder(["check", GO126])).status, 0);
});

Deno.test("decoder check --json gives a reason for each refused file", async () => {
  using scratch = new ScratchDirectory();
  Deno.writeTextFileSync(`${scratch.path}/text.wasm`, "no module");
  const { status, stdout } = await decoder(["check", "--json", GO126, `${scratch.path}/text.wasm`]);
  equal(status, 1);
  const { files } = JSON.parse(stdout);
  deepEqual(files.map(({ passed }: { passed: boolean }) => passed), [true, false]);
  equal(files[1].refused.code, "decoder-not-wasm");
});
