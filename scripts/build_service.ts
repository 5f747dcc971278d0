/**
 * Bundles the service into build/service: src/main.ts and the Workers that it may start at any time, one file each.
 * What runs is then a tenth of the modules, none of Node's run time, and 10 MiB smaller. Run by `deno task build`;
 * does nothing when no source has changed since.
 */
const ROOT = new URL("../", import.meta.url);
const OUTPUT = new URL("build/service/", ROOT);
/** Digest of all sources of the last build. */
const STAMP = new URL("build/service.stamp", ROOT);
const FOLDERS = ["src/", "bpf/", "decoder-as/"];
const FILES = ["deno.json", "deno.lock", "scripts/build_service.ts"];

/**
 * build/service/main.js lies as deep as the modules in it, src/FOLDER/NAME.ts, so the paths that these make of
 * import.meta.url, such as ../../build/, hold.
 */
const ENTRIES = ["src/main.ts", "src/decoder/worker.ts", "src/gate/gate_worker.ts"];
/** Worker as a module names it -> its bundle, or where it runs from its source: the maker needs the compiler's package. */
const WORKERS: Readonly<Record<string, string>> = {
  "./worker.ts": "./decoder/worker.js",
  "./gate_worker.ts": "./gate/gate_worker.js",
  "./maker_worker.ts": "../../src/maker/maker_worker.ts",
};
const WORKER_URL = /new URL\("(\.\/\w+\.ts)", import\.meta\.url\)/g;

async function digestOfSources(): Promise<string> {
  const paths = [...FILES];
  for (const folder of FOLDERS) await listSources(folder, paths);
  const read = async (path: string) => [path, await Deno.readTextFile(new URL(path, ROOT))];
  const sources = JSON.stringify(await Promise.all(paths.sort().map(read)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sources));
  return new Uint8Array(digest).toHex();
}

async function listSources(folder: string, into: string[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) await listSources(`${folder}${name}/`, into);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) into.push(folder + name);
  }
}

async function bundle(directory: string): Promise<void> {
  const { code, stderr } = await new Deno.Command("deno", {
    // "browser" takes those files of packages that need nothing of Node.
    args: ["bundle", "--quiet", "--platform", "browser", "--outdir", directory, ...ENTRIES],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`Cannot bundle the service: ${new TextDecoder().decode(stderr)}`);
}

/** Makes a bundle one that runs where it lies. */
function finish(text: string): string {
  const placed = text.replaceAll(WORKER_URL, (_, path) => {
    const place = WORKERS[path];
    if (place === undefined) throw new Error(`Cannot bundle the service: ${path} has no place in WORKERS`);
    return `new URL("${place}", import.meta.url)`;
  });
  const node = /\bfrom "(node:[^"]+)"|\brequire\("(node:[^"]+)"\)/.exec(placed);
  if (node) {
    throw new Error(
      `Cannot bundle the service: it imports ${node[1] ?? node[2]}, which costs 6 MiB of memory`,
    );
  }
  // V8 keeps a text of ASCII letters in half the memory.
  return placed.replaceAll(
    /[^\0-\x7f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const stamp = await digestOfSources();
if (await Deno.readTextFile(STAMP).catch(() => "") !== stamp) {
  const made = await Deno.makeTempDir({ dir: new URL("build/", ROOT).pathname, prefix: "service-" });
  try {
    await bundle(made);
    for (const entry of ENTRIES) {
      const name = entry.replace(/^src\//, "").replace(/\.ts$/, ".js");
      await Deno.writeTextFile(`${made}/${name}`, finish(await Deno.readTextFile(`${made}/${name}`)));
      await Deno.mkdir(new URL(".", new URL(name, OUTPUT)), { recursive: true });
      // An agent may be starting from the one that is there.
      await Deno.rename(`${made}/${name}`, new URL(name, OUTPUT));
    }
    await Deno.writeTextFile(STAMP, stamp);
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}
