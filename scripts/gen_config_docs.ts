/**
 * Generates docs/configuration.md and docs/config.schema.json from the schema that checks a configuration; with
 * `--check` it writes nothing and fails when the committed ones differ. Run by `deno task gen`.
 */
import { describe, type TSchema } from "../src/schema/mod.ts";
import { isSection } from "../src/config/schema_walk.ts";
import { SETTINGS } from "../src/config/settings.ts";

const ROOT = new URL("../", import.meta.url);

const INTRODUCTION = `# Configuration

Every key has a default; Tsunagi starts without a file. What is said at several places counts in this order, the
strongest first: flags (\`--help\` lists them; \`--set KEY=VALUE\` sets any key), environment variables, the file, the
defaults. The file is named by \`--config\`, \`TSUNAGI_CONFIG\` or \`BEYLA_CONFIG_PATH\`.

\`\`\`sh
deno task check-config tsunagi.yaml   # FILE:LINE:COLUMN: what is wrong; exit status 1 when anything is
\`\`\`

- The file is read again on SIGHUP and within a second after it changed, also when Kubernetes swaps a ConfigMap. All
  of it is applied or nothing is: a file that cannot be used leaves the configuration before in place, with a line in
  the log. The ports, \`store\`, \`decoders\` and \`token_file\` stay as they were at the start; a warning tells of a change.
- \`\${NAME}\` in a value stands for an environment variable, \`\${NAME:-text}\` for \`text\` where it is not set or empty,
  \`$\${NAME}\` for itself. The agent may read variables that begin with \`OTEL_\`, \`BEYLA_\`, \`TSUNAGI_\`, \`K8S_\`, \`POD_\`,
  \`NODE_\`, \`HOST_\` or \`GRAFANA_CLOUD_\`, and \`HOSTNAME\`.
- Durations are written as in Go: \`500ms\`, \`15s\`, \`1m30s\`. Globs are Beyla's, and the same everywhere: they match
  the whole text; \`*\` stands for any run of characters, \`/\` included, \`?\` for one, \`[abc]\`, \`[a-c]\` and \`[!a]\` for
  one of a class, \`{a,b}\` for either (256 at most, multiplied out), and \`\\\` takes the special meaning away. Regular
  expressions are found anywhere in a text.
- A list or a map of free names replaces that of a weaker source whole. \`--otlp\` also displaces URLs of single signals,
  and \`--exe\`, \`--port\` and \`--pid\` displace every selection. An empty text counts as not said.
- [config.schema.json](config.schema.json) is this page as a JSON Schema, for editors.

## Coming from Beyla

A configuration of Beyla (version 1 of its format, of Beyla 1 to 3 and of OpenTelemetry eBPF Instrumentation) can be
used as it stands; version 2 is told, and not read. Of the values of a Helm chart, \`config.data\` is read (also below
\`beyla\`, as in charts of charts), and nothing else (\`env\` neither). Beyla's variables count with either prefix, \`BEYLA_\`
or \`OTEL_EBPF_\`. What Tsunagi does not support is told with a warning, and has no effect; a key
that is neither Beyla's nor Tsunagi's is an error. The column "Beyla" says what a key has to do with Beyla: "same" is a
key of Beyla with the same meaning, another key's name is the one that means this there, and "–" is Tsunagi's own.

What differs:

- Without a selection every Go process is traced. A process is selected for itself, not because its parent is.
- \`services\` and \`exclude_instrument\` count beside each other; Beyla passes over \`services\` then.
- A route is given to server spans only. A pattern that Beyla would pass over because a longer one begins with the same
  words still names its paths.
- A key that neither knows is an error, where Beyla passes over it without a word.
- A ratio sampler of an entry that gives no \`arg\` has that of the global one. \`metrics.features\` of an entry has no
  effect, and a warning.
- Filters on attributes of the resource, such as \`k8s_owner_name\`, let pass what does not tell the attribute.
- \`print\` is \`text\`, where Beyla's \`trace_printer\` is \`disabled\`; \`metrics.features\` has the service graph too.
- The decision of a sampler is taken in the kernel, before the header is written, and \`parentbased_\` ones see the
  caller's.
- One set of series serves all exporters, so buckets, features and ttl of \`otel_metrics_export\` and of
  \`prometheus_export\` are one setting. Features add up; of others the first counts, with a warning.
- \`/metrics\` of the status API is always there; \`prometheus_export.port\` adds a port of its own.
`;

interface Row {
  readonly path: string;
  readonly schema: TSchema;
}

/** Entries of the lists of discovery are the same, so only those of this one are shown. */
const ENTRY = "discovery.services[]";

/** Keys of a section and of what lies below it, by the heading that they belong under. */
function rowsOf(schema: TSchema, path: string): Row[] {
  return Object.entries<TSchema>(schema.properties).flatMap(([key, child]) => {
    const at = path === "" ? key : `${path}.${key}`;
    if (isSection(child)) return rowsOf(child, at);
    const [value] = Object.values<TSchema>(child.patternProperties ?? {});
    const below = value !== undefined && isSection(value) ? rowsOf(value, `${at}.NAME`) : [];
    return [{ path: at, schema: child }, ...below];
  });
}

function entryRows(): Row[] {
  return rowsOf(SETTINGS.properties.discovery.properties.services.items, ENTRY);
}

function reference(): string {
  const single: Row[] = [];
  const sections: [string, TSchema][] = [];
  for (const [key, schema] of Object.entries<TSchema>(SETTINGS.properties)) {
    if (isSection(schema)) sections.push([key, schema]);
    else single.push({ path: key, schema });
  }
  const parts = [INTRODUCTION, "## Single keys\n", table(single)];
  for (const [key, schema] of sections) {
    const rows = rowsOf(schema, key);
    if (!rows.some(isSupported)) continue;
    parts.push(`## ${key}\n`, `${schema.description}.\n`, table(rows));
    if (key === "discovery") {
      parts.push(
        "### Entries of discovery\n",
        "All that an entry says must hold. In `services`, `exclude_services` and `default_exclude_services` its texts " +
          "are regular expressions, in the three others globs.\n",
        table(entryRows()),
      );
    }
  }
  const unsupported = [
    ...single,
    ...sections.flatMap(([key, schema]) => rowsOf(schema, key)),
    ...entryRows(),
  ];
  parts.push(
    "## Keys of Beyla without effect\n",
    "Each gets a warning.\n",
    unsupportedList(unsupported.filter((row) => !isSupported(row))),
  );
  return parts.join("\n");
}

function isSupported({ schema }: Row): boolean {
  return schema["x-unsupported"] !== true;
}

function table(rows: readonly Row[]): string {
  const lines = rows.filter(isSupported).map(({ path, schema }) => [
    code(path),
    typeOf(schema),
    schema.default === undefined ? "–" : code(JSON.stringify(schema.default).replaceAll(",", ", ")),
    variables(schema),
    `${schema.description}`,
    schema["x-beyla"] ?? "–",
  ]);
  return markdown(["Key", "Type", "Default", "Variables", "Meaning", "Beyla"], lines);
}

/** Keys of a section that have the same reason are told together. */
function unsupportedList(rows: readonly Row[]): string {
  const groups = Map.groupBy(rows, ({ path, schema }) => `${path.split(".")[0]} ${schema.description}`);
  const lines = [...groups.values()].map((group) =>
    `- ${group.map(({ path }) => code(path)).join(", ")}: ${group[0]!.schema.description}`
  );
  return lines.join("\n") + "\n";
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n") + "\n";
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Those of Beyla once, since both of its prefixes mean the same. */
function variables(schema: TSchema): string {
  const names: readonly string[] = schema["x-env"] ?? [];
  const shown = names.filter((name) =>
    !name.startsWith("OTEL_EBPF_") || !names.includes(`BEYLA_${name.slice(10)}`)
  );
  return shown.length === 0 ? "–" : shown.map(code).join(" ");
}

function typeOf(schema: TSchema): string {
  if (schema["x-type"] !== undefined) return schema["x-type"];
  if (Array.isArray(schema["x-values"])) return schema["x-values"].map(code).join(", ");
  if (Array.isArray(schema.anyOf)) {
    const types = schema.anyOf.map(typeOf);
    return [...new Set(types)].join(
      schema.anyOf.every(({ const: value }) => value !== undefined) ? ", " : " or ",
    );
  }
  if (schema.const !== undefined) return code(String(schema.const));
  switch (schema.type) {
    case "array":
      return isSection(schema.items) ? "list of entries" : `list of ${typeOf(schema.items)}`;
    case "object":
      return "map";
    case "integer":
    case "number": {
      const { minimum, maximum } = schema;
      const name = schema.type === "integer" ? "integer" : "number";
      return maximum === undefined ? name : `${name}, ${minimum} to ${maximum}`;
    }
    case "string":
      return "text";
    default:
      return schema.type;
  }
}

/** As plain JSON Schema: what this project's own notes mean is said in its words. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const schema = Object.fromEntries(
    Object.entries(value).filter(([key]) => !key.startsWith("x-")).map(([key, child]) => [key, plain(child)]),
  );
  // A number that stands where text is wanted counts as its text.
  if (Reflect.get(value, "x-scalar") === true) schema.type = ["string", "number", "boolean"];
  if (Reflect.get(value, "x-unsupported") === true) schema.deprecated = true;
  return schema;
}

/** What stands at several places, and is long, is defined once. */
function withDefinitions(schema: unknown): Record<string, unknown> {
  const definitions = new Map<string, { name: string; schema: unknown }>();
  const seen = new Map<string, number>();
  const count = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const text = JSON.stringify(value);
    if (text.length >= MIN_DEFINITION) seen.set(text, (seen.get(text) ?? 0) + 1);
    Object.values(value).forEach(count);
  };
  const replace = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(replace);
    const text = JSON.stringify(value);
    const inner = () =>
      Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replace(child)]));
    if (Reflect.get(value, "type") !== "object" || (seen.get(text) ?? 0) < 2) return inner();
    const name = definitions.get(text)?.name ?? `definition${definitions.size + 1}`;
    if (!definitions.has(text)) {
      definitions.set(text, { name, schema: null });
      definitions.set(text, { name, schema: inner() });
    }
    return { $ref: `#/$defs/${name}` };
  };
  count(schema);
  const root = replace(schema) as Record<string, unknown>;
  return {
    ...root,
    $defs: Object.fromEntries([...definitions.values()].map(({ name, schema }) => [name, schema])),
  };
}

const MIN_DEFINITION = 700;

function jsonSchema(): string {
  const schema = withDefinitions(plain(describe(SETTINGS)));
  return JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema });
}

async function formatted(text: string, extension: string): Promise<string> {
  const command = new Deno.Command("deno", {
    args: ["fmt", "--quiet", `--ext=${extension}`, "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await output;
  if (!success) throw new Error(`Cannot format the generated ${extension}: deno fmt failed`);
  return new TextDecoder().decode(stdout);
}

const check = Deno.args.includes("--check");
const files: [string, string][] = [
  ["docs/configuration.md", await formatted(reference(), "md")],
  ["docs/config.schema.json", await formatted(jsonSchema(), "json")],
];
for (const [path, text] of files) {
  const url = new URL(path, ROOT);
  if (!check) await Deno.writeTextFile(url, text);
  else if (await Deno.readTextFile(url).catch(() => null) !== text) {
    throw new Error(`${path} does not follow from src/config/settings.ts; run deno task gen`);
  }
}
