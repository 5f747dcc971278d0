/** Loads configurations from texts. For the tests of this folder. */
import type { Config } from "./config.ts";
import { problemText } from "./config_error.ts";
import type { Flags } from "./from_flags.ts";
import { inspectConfig } from "./load.ts";

export interface Sources {
  /** Content of the file, which is called "f.yaml". */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Flags;
  /** Further files by path. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Loaded {
  readonly config: Config | null;
  /** One text for each problem. */
  readonly said: readonly string[];
}

export async function inspect({ file, env = {}, flags = {}, files = {} }: Sources): Promise<Loaded> {
  const texts: Record<string, string> = file === undefined ? files : { ...files, "f.yaml": file };
  const { config, problems } = await inspectConfig({
    flags: file === undefined ? flags : { config: "f.yaml", ...flags },
    getEnv: (name) => env[name],
    readFile: (path) =>
      Object.hasOwn(texts, path)
        ? Promise.resolve(texts[path]!)
        : Promise.reject(new Deno.errors.NotFound(path)),
  });
  return { config, said: problems.map(problemText) };
}

/** The configuration, when there is nothing to say about it. */
export async function load(sources: Sources): Promise<Config> {
  const { config, said } = await inspect(sources);
  if (config === null || said.length > 0) throw new Error(`Cannot load: ${said.join("; ")}`);
  return config;
}
