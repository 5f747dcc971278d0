import { equal, match, rejects } from "node:assert/strict";
import { createLogger } from "../support/log.ts";
import { loadApiToken, sameToken } from "./token.ts";

interface Given {
  readonly env?: string;
  readonly file?: string;
}

async function withFolder(test: (folder: string, load: (given?: Given) => Promise<string>) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const logged: string[] = [];
  try {
    await test(folder, ({ env, file } = {}) =>
      loadApiToken({
        getEnv: (name) => name === "TSUNAGI_API_TOKEN" ? env : undefined,
        tokenFile: file ?? null,
        generatedFile: `${folder}/api_token`,
        log: createLogger({ write: (line) => logged.push(line) }),
      }));
    equal(logged.join("").includes("secret"), false, "a token is logged");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadApiToken() takes the variable over the file, without spaces around it", () =>
  withFolder(async (folder, load) => {
    await Deno.writeTextFile(`${folder}/t`, "secret-of-file\n");
    equal(await load({ env: " secret-of-env\n", file: `${folder}/t` }), "secret-of-env");
    equal(await load({ env: " ", file: `${folder}/t` }), "secret-of-file");
  }));

Deno.test("loadApiToken() makes a random one that only its owner can read, and keeps it", () =>
  withFolder(async (folder, load) => {
    const token = await load();
    match(token, /^[0-9a-f]{64}$/);
    const path = `${folder}/api_token`;
    equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    equal((await Deno.readTextFile(path)).trim(), token);
    equal(await load(), token);
  }));

Deno.test("loadApiToken() does not use a generated file that others could have read or replaced", () =>
  withFolder(async (folder, load) => {
    const path = `${folder}/api_token`;
    const token = await load();
    await Deno.chmod(path, 0o644);
    const second = await load();
    equal(second === token, false);
    equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    await Deno.rename(path, `${folder}/elsewhere`);
    await Deno.symlink(`${folder}/elsewhere`, path);
    equal(await load() === second, false);
    equal((await Deno.readTextFile(`${folder}/elsewhere`)).trim(), second);
    await Deno.writeTextFile(path, "short", { mode: 0o600 });
    match(await load(), /^[0-9a-f]{64}$/);
  }));

Deno.test("loadApiToken() refuses a variable or a file without a token and quotes neither", () =>
  withFolder(async (folder, load) => {
    await Deno.writeTextFile(`${folder}/t`, "two secret words");
    await rejects(load({ file: `${folder}/t` }), {
      name: "ConfigError",
      message: `Cannot use file ${folder}/t (token_file): a token must be 1 to 1024 visible ASCII characters`,
    });
    await Deno.writeTextFile(`${folder}/t`, "\n");
    await rejects(load({ file: `${folder}/t` }), { name: "ConfigError" });
    await rejects(load({ file: `${folder}/none` }), {
      name: "ConfigError",
      message: /there is no such file/,
    });
    await rejects(load({ env: "säcret" }), {
      message: "Cannot use environment variable TSUNAGI_API_TOKEN: " +
        "a token must be 1 to 1024 visible ASCII characters",
    });
  }));

Deno.test("loadApiToken() works on when it cannot keep what it made", () =>
  withFolder(async (folder) => {
    const lines: string[] = [];
    const token = await loadApiToken({
      getEnv: () => undefined,
      tokenFile: null,
      generatedFile: `${folder}/missing/api_token`,
      log: createLogger({ write: (line) => lines.push(line) }),
    });
    match(token, /^[0-9a-f]{64}$/);
    equal(lines.length, 1);
    equal(lines[0]!.includes(token), false);
  }));

Deno.test("sameToken() is true for equal tokens only", async () => {
  equal(await sameToken("abc", "abc"), true);
  for (const other of ["", "ab", "abcd", "abC"]) equal(await sameToken(other, "abc"), false, other);
});
