/// <reference lib="deno.unstable" />
/**
 * Two rules of this project for `deno lint`: a file in src/ imports only from its own rank or lower ones, and
 * each third-party package is imported in one folder only. docs/architecture.md says why.
 */

/** Folders and files of src/, lowest rank first. */
const RANKS: ReadonlyArray<readonly string[]> = [
  ["support"],
  ["schema"],
  ["wire", "config"],
  ["red"],
  ["goexe", "decoder", "loader"],
  ["gate"],
  ["maker"],
  ["registry"],
  ["discovery"],
  ["trace"],
  ["metrics"],
  ["export"],
  ["status"],
  ["app"],
  ["doctor", "cli", "page", "main", "decoder_main", "doctor_main", "check_config_main"],
];

/** Packages and the one folder, from the root of the project, that may import each. */
const PACKAGES: Readonly<Record<string, string>> = {
  "hono": "src/status/",
  "@sinclair/typebox": "src/schema/",
  "@std/yaml": "src/config/",
  "yaml": "src/config/",
  "uplot": "src/page/",
  "preact": "src/page/",
  "playwright-core": "tests/page/",
  "axe-core": "tests/page/",
  "@std/cli": "src/cli/",
  "@opentelemetry/api": "src/trace/",
  "assemblyscript": "src/maker/",
  "protobufjs": "tests/support/",
  "ajv": "tests/api/",
  "@readme/openapi-parser": "tests/api/",
};

/** What src/ may import from outside of itself: files, and folders by their final slash. */
const SHARED_WITH_SRC = [
  "bpf/wire.gen.ts",
  // Constants that the compiler of the decoders and Deno both read.
  "decoder-as/assembly/memory_map.ts",
  "decoder-as/assembly/version.ts",
  "decoder-as/red/memory_map.ts",
  // How plans are made from the offsets of a Go version, and the records that every decoder is tried with.
  "decoder-as/plans/",
  "decoder-as/samples/",
];

/** The problem with `specifier` in the file at `path` (from the root of the project), or null. */
export function importProblem(path: string, specifier: string): string | null {
  if (specifier.startsWith("node:")) return null;
  if (!specifier.startsWith(".")) return packageProblem(path, specifier);
  return path.startsWith("src/") ? rankProblem(path, resolve(path, specifier)) : null;
}

function packageProblem(path: string, specifier: string): string | null {
  const name = packageName(specifier);
  const folder = PACKAGES[name];
  if (folder === undefined) {
    return `"${name}" is not a package of this project; add it to PACKAGES in scripts/lint_plugin.ts with the one ` +
      "folder that imports it";
  }
  return path.startsWith(folder) ? null : `"${name}" may be imported in ${folder} only`;
}

/** "npm:protobufjs@8.8.1/light" is protobufjs, "@std/cli/parse-args" is @std/cli. */
function packageName(specifier: string): string {
  const [first = "", second = ""] = specifier.replace(/^(npm|jsr):\/?/, "").split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  return name.replace(/(.)@.*$/, "$1");
}

function rankProblem(from: string, to: string): string | null {
  if (!to.startsWith("src/")) {
    const allowed = SHARED_WITH_SRC.some((shared) =>
      shared.endsWith("/") ? to.startsWith(shared) : to === shared
    ) ||
      (isTest(from) && to.startsWith("tests/"));
    return allowed ? null : `src/ may not import ${to}; see SHARED_WITH_SRC in scripts/lint_plugin.ts`;
  }
  const [fromPart, toPart] = [part(from), part(to)];
  const [fromRank, toRank] = [rankOf(fromPart), rankOf(toPart)];
  if (fromRank < 0) return unknownPart(fromPart);
  if (toRank < 0) return unknownPart(toPart);
  if (toRank <= fromRank) return null;
  return `src/${fromPart} may not import src/${toPart}, which is of a higher rank; pass it in as a parameter`;
}

/** The folder of src/ that a file belongs to, or the name of a file that lies in src/ itself. */
function part(path: string): string {
  return path.split("/")[1]!.replace(/(_test)?\.ts$/, "");
}

function rankOf(name: string): number {
  return RANKS.findIndex((names) => names.includes(name));
}

function unknownPart(name: string): string {
  return `src/${name} has no rank; add it to RANKS in scripts/lint_plugin.ts`;
}

function isTest(path: string): boolean {
  return path.endsWith("_test.ts");
}

/** `specifier` as a path from the root of the project. */
function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Path from the root of the project, which is the folder above this file's. */
function fromRoot(filename: string): string {
  const root = new URL("../", import.meta.url).pathname;
  const path = filename.startsWith("file:") ? new URL(filename).pathname : filename;
  return path.startsWith(root) ? path.slice(root.length) : path.replace(/^\//, "");
}

const plugin: Deno.lint.Plugin = {
  name: "tsunagi",
  rules: {
    imports: {
      create(context) {
        const path = fromRoot(context.filename);
        // The packages under deps/ stand in for others and import what those are made of.
        if (path.startsWith("deps/")) return {};
        const check = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
          if (source?.type !== "Literal" || typeof source.value !== "string") return;
          const message = importProblem(path, source.value);
          if (message !== null) context.report({ node, message });
        };
        return {
          ImportDeclaration: (node) => check(node, node.source),
          ExportNamedDeclaration: (node) => check(node, node.source),
          ExportAllDeclaration: (node) => check(node, node.source),
          ImportExpression: (node) => check(node, node.source),
        };
      },
    },
  },
};
export default plugin;
