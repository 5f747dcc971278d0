import { deepEqual, equal, ok } from "node:assert/strict";
import type { DecoderManifest } from "../decoder/manifest.ts";
import { createLogger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import { DecoderAdmin } from "./admin.ts";
import { DecoderDirectory } from "./directory.ts";
import { DecoderRegistry } from "./registry.ts";
import { eventually, sleep } from "../../tests/support/eventually.ts";
import { fakePack } from "../../tests/support/pack.ts";

const V1 = fakePack({ version: "1.0.0" });
const V2 = fakePack({ version: "2.0.0" });
const V3 = fakePack({ version: "3.0.0" });
const REFUSED: Reason = { code: "decoder-truncated", message: "it is cut", remedy: "Copy it again" };

interface Setup extends AsyncDisposable {
  readonly folder: string;
  readonly admin: DecoderAdmin;
  readonly directory: DecoderDirectory;
  readonly registry: DecoderRegistry;
  /** Versions in use after each change. */
  readonly applied: string[];
  readonly checked: () => number;
  write(file: string, content: Uint8Array): Promise<void>;
}

/** A registry with V1 bundled, and a folder that is watched once `directory.start(admin)` is called. */
async function setUp({ folder, rescanMs = 20 }: { folder?: string; rescanMs?: number } = {}): Promise<Setup> {
  const root = await Deno.makeTempDir();
  const path = `${root}/${folder ?? ""}`.replace(/\/$/, "");
  const log = createLogger({ write: () => {} });
  const registry = new DecoderRegistry();
  registry.install(V1, "bundled");
  const directory = new DecoderDirectory({ path, log, rescanMs, settleMs: 30 });
  const applied: string[] = [];
  let checked = 0;
  const admin = new DecoderAdmin({
    registry,
    gate: {
      check: (bytes) => {
        checked++;
        try {
          const manifest: DecoderManifest = JSON.parse(new TextDecoder().decode(bytes));
          return Promise.resolve({ pack: fakePack(manifest) });
        } catch {
          return Promise.resolve({ refused: REFUSED });
        }
      },
    },
    store: directory,
    apply: () => {
      applied.push(registry.active("go1.26")?.pack.manifest.version ?? "none");
      return Promise.resolve({ executables: 0, stageMs: 0, swapMs: 0 });
    },
    log,
  });
  return {
    folder: path,
    admin,
    directory,
    registry,
    applied,
    checked: () => checked,
    async write(file, content) {
      await Deno.writeFile(`${path}/${file}`, content);
    },
    async [Symbol.asyncDispose]() {
      await directory[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

function version({ registry }: Setup, name = "go1.26"): string | null {
  return registry.active(name)?.pack.manifest.version ?? null;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  await eventually(async () => ok(await condition(), what), { everyMs: 5 });
}

Deno.test("start() brings what is there before it returns", async () => {
  await using made = await setUp();
  await made.write("go1.26.wasm", V2.bytes);
  await made.write("notes.txt", V3.bytes);
  await made.write(".hidden.wasm", V3.bytes);
  await Deno.mkdir(`${made.folder}/folder.wasm`);
  await made.directory.start(made.admin);
  equal(version(made), "2.0.0");
  equal(made.registry.active("go1.26")?.source, "directory");
  equal(made.checked(), 1);
});

Deno.test("a file that is added, replaced and removed is followed by events alone", async () => {
  await using made = await setUp({ rescanMs: 600_000 });
  await made.directory.start(made.admin);
  await made.write("x.wasm", V2.bytes);
  await until(() => version(made) === "2.0.0", "the new file is in use");
  await made.write("x.wasm.part", V3.bytes);
  await Deno.rename(`${made.folder}/x.wasm.part`, `${made.folder}/x.wasm`);
  await until(() => version(made) === "3.0.0", "the replaced file is in use");
  await Deno.remove(`${made.folder}/x.wasm`);
  await until(() => version(made) === "1.0.0", "the bundled decoder is in use again");
  deepEqual(made.applied, ["2.0.0", "3.0.0", "1.0.0"]);
});

Deno.test("a directory that is missing is picked up when it appears, and when it appears anew", async () => {
  await using made = await setUp({ folder: "later", rescanMs: 600_000 });
  await made.directory.start(made.admin);
  equal(version(made), "1.0.0");
  for (let round = 0; round < 2; round++) {
    await Deno.mkdir(made.folder);
    await made.write("x.wasm", V2.bytes);
    await until(() => version(made) === "2.0.0", "the file is in use");
    await Deno.remove(made.folder, { recursive: true });
    await until(() => version(made) === "1.0.0", "the bundled decoder is in use again");
  }
});

Deno.test("a file that grows slowly is tried when it is whole", async () => {
  await using made = await setUp();
  await made.directory.start(made.admin);
  using file = await Deno.open(`${made.folder}/x.wasm`, { write: true, create: true });
  for (const byte of V2.bytes.subarray(0, 40)) {
    await file.write(Uint8Array.of(byte));
    await sleep(2);
  }
  await file.write(V2.bytes.subarray(40));
  await until(() => version(made) === "2.0.0", "the file is in use");
  deepEqual((await made.admin.list()).refused, []);
});

Deno.test("a refused file is listed with its reason until it is corrected or gone", async () => {
  await using made = await setUp();
  await made.write("bad.wasm", V2.bytes.subarray(0, 9));
  await made.write("worse.wasm", V2.bytes.subarray(0, 9));
  await made.write("large.wasm", new Uint8Array(4 * 1024 * 1024 + 1));
  await made.directory.start(made.admin);
  const refused = async () =>
    Object.fromEntries(
      (await made.admin.list()).refused.map(({ origin, reason }) => [
        origin.slice(made.folder.length + 1),
        reason.code,
      ]),
    );
  const truncated = "decoder-truncated";
  deepEqual(await refused(), {
    "bad.wasm": truncated,
    "worse.wasm": truncated,
    "large.wasm": "decoder-too-large",
  });
  await made.write("bad.wasm", V2.bytes);
  await Deno.remove(`${made.folder}/large.wasm`);
  await until(
    async () => JSON.stringify(await refused()) === JSON.stringify({ "worse.wasm": truncated }),
    "one is left",
  );
  equal(version(made), "2.0.0");
});

Deno.test("a refused file is not read again and again", async () => {
  await using made = await setUp({ rescanMs: 2 });
  await made.write("bad.wasm", new Uint8Array(9));
  await made.directory.start(made.admin);
  await sleep(60);
  equal(made.checked(), 1);
});

Deno.test("a file that turns bad leaves the decoder that it brought", async () => {
  await using made = await setUp();
  await made.write("x.wasm", V2.bytes);
  await made.directory.start(made.admin);
  await made.write("x.wasm", new Uint8Array(9));
  await until(async () => (await made.admin.list()).refused.length === 1, "it is refused");
  equal(version(made), "2.0.0");
  await Deno.remove(`${made.folder}/x.wasm`);
  await until(() => version(made) === "1.0.0", "the bundled decoder is in use again");
});

Deno.test("a file that was in the way of another frees it", async () => {
  await using made = await setUp();
  const first = fakePack({ name: "first", goRange: ">=1.27 <1.29" });
  const second = fakePack({ name: "second", goRange: ">=1.28 <1.30" });
  await made.write("a.wasm", first.bytes);
  await made.write("b.wasm", second.bytes);
  await made.directory.start(made.admin);
  deepEqual((await made.admin.list()).refused.map(({ reason }) => reason.code), ["decoder-ambiguous"]);
  await Deno.remove(`${made.folder}/a.wasm`);
  await until(() => version(made, "second") !== null, "the other file is in use");
  deepEqual((await made.admin.list()).refused, []);
});

Deno.test("a renamed file keeps its decoder in use", async () => {
  await using made = await setUp();
  await made.write("x.wasm", V2.bytes);
  await made.directory.start(made.admin);
  await Deno.rename(`${made.folder}/x.wasm`, `${made.folder}/y.wasm`);
  await sleep(100);
  deepEqual(made.applied, ["2.0.0"]);
});

Deno.test("a pushed decoder is kept as a file, which the watch takes for no other change", async () => {
  await using made = await setUp({ folder: "made/by/push" });
  await made.directory.start(made.admin);
  const change = await made.admin.put("go1.26", V2.bytes);
  equal("persisted" in change && change.persisted, true);
  deepEqual(await Deno.readFile(`${made.folder}/go1.26.wasm`), new Uint8Array(V2.bytes));
  await sleep(100);
  deepEqual(made.applied, ["2.0.0"]);
  equal(made.checked(), 1);
  equal(made.registry.active("go1.26")?.source, "pushed");
  await Deno.remove(`${made.folder}/go1.26.wasm`);
  await until(() => version(made) === "1.0.0", "the bundled decoder is in use again");
});

Deno.test("a pushed decoder takes the place of the file that brought the one before", async () => {
  await using made = await setUp();
  await made.write("x.wasm", V2.bytes);
  await made.directory.start(made.admin);
  await made.admin.put("go1.26", V3.bytes);
  deepEqual([...Deno.readDirSync(made.folder)].map(({ name }) => name), ["x.wasm"]);
  deepEqual(await Deno.readFile(`${made.folder}/x.wasm`), new Uint8Array(V3.bytes));
});

/** The admin for `start()`, with something done before or after each load; `loads` are the files that it was given. */
function watching({ admin, folder }: Setup, around: { before?: () => unknown; after?: () => unknown }) {
  const loads: string[] = [];
  const load: DecoderAdmin["load"] = async (path, bytes, isCurrent) => {
    loads.push(path.slice(folder.length + 1));
    await around.before?.();
    const result = await admin.load(path, bytes, isCurrent);
    await around.after?.();
    return result;
  };
  return {
    loads,
    load,
    unload: admin.unload.bind(admin),
    refuseFile: admin.refuseFile.bind(admin),
  };
}

Deno.test("a push after a file was read keeps the file's old content out of use", async () => {
  await using made = await setUp();
  await made.write("go1.26.wasm", V2.bytes);
  const admin = watching(made, { before: () => made.admin.put("go1.26", V3.bytes) });
  await made.directory.start(admin);
  await sleep(100);
  deepEqual(made.applied, ["3.0.0"]);
  deepEqual(admin.loads, ["go1.26.wasm"]);
  equal(made.registry.active("go1.26")?.source, "pushed");
  deepEqual(await Deno.readFile(`${made.folder}/go1.26.wasm`), new Uint8Array(V3.bytes));
});

Deno.test("a push right after a file was loaded is what the watch remembers", async () => {
  await using made = await setUp();
  await made.write("go1.26.wasm", V2.bytes);
  const admin = watching(made, { after: () => made.admin.put("go1.26", V3.bytes) });
  await made.directory.start(admin);
  await sleep(100);
  deepEqual(made.applied, ["2.0.0", "3.0.0"]);
  deepEqual(admin.loads, ["go1.26.wasm"]);
});

Deno.test("a file that persist() is still noting is not loaded", async () => {
  await using made = await setUp({ rescanMs: 5 });
  const admin = watching(made, {});
  await made.directory.start(admin);
  const stat = Deno.stat;
  const both = Promise.withResolvers<void>();
  let asked = 0;
  // persist() and the look each wait here for the other.
  Deno.stat = async (path) => {
    const info = await stat(path);
    if (String(path).endsWith(".wasm") && ++asked === 2) both.resolve();
    if (String(path).endsWith(".wasm")) await both.promise;
    return info;
  };
  try {
    await made.admin.put("go1.26", V2.bytes);
    await until(() => asked > 2, "the directory is looked at again");
  } finally {
    Deno.stat = stat;
  }
  deepEqual(admin.loads, []);
});

Deno.test("a file that was pushed since the directory was listed is not taken for a removed one", async () => {
  await using made = await setUp();
  await made.write("a.wasm", fakePack({ goRange: ">=1.28 <1.29" }).bytes);
  const admin = watching(made, { before: () => made.admin.put("go1.26", V3.bytes) });
  await made.directory.start(admin);
  equal(version(made), "3.0.0");
  equal(version(made, "go1.28"), "0.1.0");
});

Deno.test("a rollback writes the previous bytes back, or leaves the place to the bundled ones", async () => {
  await using made = await setUp();
  await made.directory.start(made.admin);
  await made.admin.put("go1.26", V2.bytes);
  await made.admin.put("go1.26", V3.bytes);
  const first = await made.admin.rollback("go1.26");
  equal("persisted" in first && first.persisted, true);
  deepEqual(await Deno.readFile(`${made.folder}/go1.26.wasm`), new Uint8Array(V2.bytes));
  deepEqual(await Deno.readFile(`${made.folder}/go1.26.wasm.rejected`), new Uint8Array(V3.bytes));
  await made.admin.rollback("go1.26");
  await sleep(100);
  deepEqual([...Deno.readDirSync(made.folder)].map(({ name }) => name), ["go1.26.wasm.rejected"]);
  deepEqual(made.applied, ["2.0.0", "3.0.0", "2.0.0", "1.0.0"]);
});

Deno.test("a decoder that fails loses its file, so that a restart does not find it", async () => {
  await using made = await setUp();
  await made.write("x.wasm", V2.bytes);
  await made.directory.start(made.admin);
  const pack = made.registry.active("go1.26")!.pack;
  await made.admin.fail(pack, { code: "decoder-trapped", message: "it trapped", remedy: "Correct it" });
  deepEqual([...Deno.readDirSync(made.folder)].map(({ name }) => name), ["x.wasm.rejected"]);
  await sleep(50);
  deepEqual(made.applied, ["2.0.0", "1.0.0"]);
});

Deno.test("persist() says so when it cannot", async () => {
  await using made = await setUp({ folder: "file" });
  await Deno.writeTextFile(made.folder, "no directory");
  await made.directory.start(made.admin);
  const change = await made.admin.put("go1.26", V2.bytes);
  equal("persisted" in change && change.persisted, false);
  equal(version(made), "2.0.0");
});
