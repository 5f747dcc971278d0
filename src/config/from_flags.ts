/** What the command line says about the configuration. src/cli reads the flags, this gives them their meaning. */
import { showPath, type TSchema } from "../schema/mod.ts";
import { resolveAliases } from "./aliases.ts";
import { childrenAt, setAt, type Tree } from "./schema_walk.ts";
import { SETTINGS } from "./settings.ts";
import { Source } from "./source.ts";

/** Flags as they were typed; absent ones are undefined or an empty list. */
export interface Flags {
  readonly config?: string | undefined;
  readonly exe?: readonly string[];
  readonly port?: readonly string[];
  readonly pid?: readonly string[];
  readonly otlp?: string | undefined;
  readonly listen?: string | undefined;
  readonly decoders?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly print?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  /** "KEY=VALUE": any key of the file, with a value in YAML. */
  readonly set?: readonly string[];
}

/** Flags that are a key each. */
const KEYS = [
  ["listen", "--listen", "listen"],
  ["otlp", "--otlp", "otlp.endpoint"],
  ["decoders", "--decoders", "decoders.directory"],
  ["tokenFile", "--token-file", "token_file"],
  ["print", "--print", "print"],
  ["logLevel", "--log-level", "log.level"],
  ["logFormat", "--log-format", "log.format"],
] as const;

/** What the flags say. */
export async function fromFlags(flags: Flags): Promise<Source> {
  const tree: Tree = {};
  const setBy = new Map<string, string>();
  const source = new Source(tree, (path) => {
    for (let length = path.length; length > 0; length--) {
      const flag = setBy.get(showPath(path.slice(0, length)));
      if (flag !== undefined) return { name: `flag ${flag}` };
    }
    // A key that there is not, above the one that was set.
    const within = [...setBy].find(([key]) => key.startsWith(`${showPath(path)}.`));
    return { name: within === undefined ? "the command line" : `flag ${within[1]}` };
  });
  const put = (flag: string, path: readonly string[], value: unknown) => {
    setBy.set(showPath(path), flag);
    setAt(tree, path, value);
  };
  for (const [name, flag, key] of KEYS) {
    if (flags[name] !== undefined) put(flag, key.split("."), flags[name]);
  }
  if (flags.otlp !== undefined) {
    // Who names a collector wants both signals there, whatever a weaker source leaves out.
    for (const signal of ["traces", "metrics"]) {
      put("--otlp", [`otel_${signal}_export`, "enabled"], true);
      put("--otlp", ["otlp", `${signal}_endpoint`], null);
    }
  }
  if (flags.exe?.length) put("--exe", ["select", "exe"], flags.exe);
  if (flags.port?.length) put("--port", ["select", "ports"], numbers(flags.port));
  if (flags.pid?.length) put("--pid", ["select", "pids"], numbers(flags.pid));
  if (flags.set?.length) {
    const { parse } = await import("@std/yaml");
    for (const text of flags.set) {
      const equals = text.indexOf("=");
      if (equals <= 0) {
        setBy.set(text, "--set");
        source.report(
          "error",
          [text],
          `value is ${JSON.stringify(text)}, must be KEY=VALUE such as log.level=debug`,
        );
        continue;
      }
      const path = text.slice(0, equals).trim().split(".");
      setBy.set(showPath(path), `--set ${showPath(path)}`);
      try {
        const written = text.slice(equals + 1).trim();
        const value = parse(written);
        if (value !== undefined) {
          put(`--set ${showPath(path)}`, path, wantsText(path, value) ? written : value);
        }
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        source.report("error", path, `value is not YAML: ${error.message.split("\n")[0]!.replace(/:$/, "")}`);
      }
    }
  }
  source.check();
  resolveAliases(source);
  return source;
}

/** As in the file: where a key takes numbers as text, what was written counts. */
function wantsText(path: readonly string[], value: unknown): boolean {
  if (typeof value !== "number" && typeof value !== "boolean") return false;
  const schemas = path.reduce<TSchema[]>((schemas, name) => childrenAt(schemas, name), [SETTINGS]);
  return schemas.some((schema) => schema["x-scalar"] === true);
}

/** Each value may itself be a list: "--port 8080,8081". What is no number stays text, for the message. */
function numbers(values: readonly string[]): unknown[] {
  return values.flatMap((text) =>
    text.split(",").map((item) => /^\d+$/.test(item.trim()) ? Number(item) : item)
  );
}
