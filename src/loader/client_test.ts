import assert from "node:assert/strict";
import { join } from "node:path";
import { LoaderClient } from "./client.ts";
import { LoaderExitError } from "./loader_error.ts";

/** Runs `body` with a shell script in place of the loader; $2 is the path of the pipe. */
async function withScript(script: string, body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "client-test-" });
  try {
    const path = join(folder, "loader");
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await body(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readToEnd(path: string): Promise<number> {
  using pipe = await Deno.open(path);
  const chunk = new Uint8Array(4_096);
  let total = 0;
  for (let count = await pipe.read(chunk); count !== null; count = await pipe.read(chunk)) total += count;
  return total;
}

Deno.test("LoaderClient.start() fails with the reason that the exit code tells", async () => {
  await withScript(
    `echo "tsunagi-go: cannot start: no cap_bpf" >&2; echo detail >&2; exit 3`,
    async (path) => {
      const lines: string[] = [];
      await assert.rejects(LoaderClient.start({ path, onLine: (line) => lines.push(line) }), (error) => {
        assert.ok(error instanceof LoaderExitError);
        assert.equal(error.reason.code, "loader-permission");
        assert.equal(error.message, "cannot start: no cap_bpf");
        return true;
      });
      assert.deepEqual(lines, ["tsunagi-go: cannot start: no cap_bpf", "detail"]);
    },
  );
});

Deno.test("LoaderClient lets a reader go on whose loader died before it opened the pipe", async () => {
  await withScript(`mkfifo "$2"; until [ -e "$0.end" ]; do sleep 0.01; done; exit 6`, async (path) => {
    await using client = await LoaderClient.start({ path });
    await Deno.writeTextFile(`${path}.end`, "");
    assert.equal(await readToEnd(client.fifoPath), 0);
    await assert.rejects(client.hello, LoaderExitError);
    await assert.rejects(client.list(), LoaderExitError);
    assert.equal((await client.exited)?.code, "loader-internal");
  });
});

Deno.test("LoaderClient removes its folder also when nobody read the pipe", async () => {
  await withScript(`mkfifo "$2"; cat >/dev/null`, async (path) => {
    const client = await LoaderClient.start({ path });
    await client[Symbol.asyncDispose]();
    assert.equal(await client.exited, null);
    await assert.rejects(Deno.stat(join(client.fifoPath, "..")), Deno.errors.NotFound);
  });
});

Deno.test("LoaderClient ends the loader when its signal aborts", async () => {
  await withScript(`mkfifo "$2"; cat >/dev/null`, async (path) => {
    const ending = new AbortController();
    await using client = await LoaderClient.start({ path, signal: ending.signal });
    ending.abort();
    assert.equal(await client.exited, null);
  });
});
