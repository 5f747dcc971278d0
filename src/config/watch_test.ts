import { deepEqual, equal, match } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { ScratchDirectory } from "../../tests/support/scratch.ts";
import { loadConfig, type LoadOptions } from "./load.ts";
import { ConfigWatcher, type ConfigWatcherOptions } from "./watch.ts";

const NEVER_MS = 3_600_000;
/** So that only the file system can tell of a change. */
const NO_POLLS = { pollMs: NEVER_MS, watchedPollMs: NEVER_MS };
/** So that nothing tells of it. */
const DEAF = { ...NO_POLLS, watchDirectories: () => never() };

/** A watcher on a file of its own, and what it has told. */
class Watched implements AsyncDisposable {
  /** print of each configuration, or the message of a problem. */
  readonly told: string[];
  readonly watcher: ConfigWatcher;

  private constructor(watcher: ConfigWatcher, told: string[]) {
    this.watcher = watcher;
    this.told = told;
  }

  static async open(path: string, options: Partial<ConfigWatcherOptions> = {}): Promise<Watched> {
    const load: LoadOptions = { flags: { config: path }, getEnv: () => undefined };
    const told: string[] = [];
    const watcher = new ConfigWatcher({
      load,
      loaded: await loadConfig(load),
      settleMs: 20,
      ...options,
      onConfig: ({ config }) => void told.push(config.print),
      onProblem: (error) => void told.push(error.message),
      onUnchanged: () => void told.push("unchanged"),
    });
    await watcher.started;
    return new Watched(watcher, told);
  }

  async tells(...want: string[]): Promise<void> {
    await eventually(() => deepEqual(this.told, want));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watcher[Symbol.asyncDispose]();
  }
}

Deno.test("ConfigWatcher loads again when the file is written or replaced", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  await using watched = await Watched.open(path, NO_POLLS);
  // As long as before, so that nobody ever sees a part of it.
  using file = await Deno.open(path, { write: true });
  await file.write(new TextEncoder().encode("print: json"));
  await watched.tells("json");
  await replace(path, "print: off");
  await watched.tells("json", "off");
});

Deno.test("ConfigWatcher follows Kubernetes, which swaps a link beside the file", async () => {
  using scratch = new ScratchDirectory();
  const at = (name: string) => `${scratch.path}/${name}`;
  for (const [version, print] of [["v1", "text"], ["v2", "json"], ["v3", "off"]] as const) {
    await Deno.mkdir(at(version));
    await Deno.writeTextFile(at(`${version}/f.yaml`), `print: ${print}`);
  }
  const swap = async (version: string) => {
    await Deno.symlink(version, at("..data_tmp"));
    await Deno.rename(at("..data_tmp"), at("..data"));
  };
  await swap("v1");
  await Deno.symlink("..data/f.yaml", at("f.yaml"));
  await using watched = await Watched.open(at("f.yaml"), NO_POLLS);
  await swap("v2");
  await watched.tells("json");
  await swap("v3");
  await watched.tells("json", "off");
});

Deno.test("ConfigWatcher leaves a configuration alone that a bad file would replace, and takes the next good one", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  await using watched = await Watched.open(path);
  await replace(path, "print: jsn");
  const problem = `${path}:1:8: print: value is "jsn", must be one of text, json, off (did you mean "json"?)`;
  await watched.tells(problem);
  equal(await watched.watcher.reload(), "refused", "asked again, it says so again");
  await Deno.remove(path);
  const gone = `Cannot use file ${path}: there is no such file`;
  await watched.tells(problem, problem, gone);
  await replace(path, "print: json");
  await watched.tells(problem, problem, gone, "json");
});

Deno.test("ConfigWatcher does not load what did not change", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  // Only when it is asked to.
  await using watched = await Watched.open(path, DEAF);
  await Deno.writeTextFile(path, "print: text");
  equal(await watched.watcher.reload(), "unchanged");
  await Deno.writeTextFile(path, "print: json");
  equal(await watched.watcher.reload(), "applied");
  await watched.tells("unchanged", "json");
});

Deno.test("ConfigWatcher sees what changed between the load and its own start", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  const loaded = await loadConfig({ flags: { config: path }, getEnv: () => undefined });
  await Deno.writeTextFile(path, "print: json");
  await using watched = await Watched.open(path, { loaded });
  await watched.tells("json");
});

Deno.test("ConfigWatcher loads again on SIGHUP", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  await using watched = await Watched.open(path, DEAF);
  await Deno.writeTextFile(path, "print: json");
  Deno.kill(Deno.pid, "SIGHUP");
  await watched.tells("json");
});

Deno.test("ConfigWatcher looks from time to time where a watch cannot be set up", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  await using watched = await Watched.open(path, { ...DEAF, pollMs: 10 });
  await replace(path, "print: json");
  await watched.tells("json");
});

Deno.test("ConfigWatcher follows certificates that the configuration names", async () => {
  using scratch = new ScratchDirectory();
  const [path, ca] = [`${scratch.path}/f.yaml`, `${scratch.path}/ca.pem`];
  await Deno.writeTextFile(ca, "-----BEGIN CERTIFICATE-----\n1");
  await Deno.writeTextFile(path, `otlp: {certificate: ${ca}}`);
  await using watched = await Watched.open(path);
  await replace(ca, "-----BEGIN CERTIFICATE-----\n2");
  await watched.tells("text");
  await replace(ca, "nothing");
  await eventually(() => match(watched.told[1] ?? "", /ca\.pem is not PEM/));
});

Deno.test("ConfigWatcher takes an error of whoever applies a configuration as a problem", async () => {
  using scratch = new ScratchDirectory();
  const path = `${scratch.path}/f.yaml`;
  await Deno.writeTextFile(path, "print: text");
  const load: LoadOptions = { flags: { config: path }, getEnv: () => undefined };
  const problems: string[] = [];
  await using watcher = new ConfigWatcher({
    load,
    loaded: await loadConfig(load),
    ...DEAF,
    onConfig: () => Promise.reject(new Error("Cannot apply it")),
    onProblem: (error) => void problems.push(error.message),
  });
  await watcher.started;
  await Deno.writeTextFile(path, "print: json");
  equal(await watcher.reload(), "refused");
  deepEqual(problems, ["Cannot apply it"]);
});

Deno.test("ConfigWatcher without a file has nothing to load again", async () => {
  const load: LoadOptions = { flags: { print: "off" }, getEnv: () => undefined };
  await using watcher = new ConfigWatcher({
    load,
    loaded: await loadConfig(load),
    onConfig: () => {
      throw new Error("must not be called");
    },
    onProblem: (error) => {
      throw error;
    },
  });
  equal(await watcher.reload(), "unchanged");
});

/** As an editor does: a new file takes the name. One that is written in place is empty for a moment. */
async function replace(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

function never(): never {
  throw new Error("No space left on device");
}
