/** Reads a YAML file into a Source: what it says, where, and mistakes of YAML in plain words. Called by load.ts. */
import { type Document, LineCounter, parseDocument } from "yaml";
import type { ConfigProblem } from "./config_error.ts";
import { type GetEnv, markReferences } from "./expand.ts";
import { deleteAt } from "./schema_walk.ts";
import { Source } from "./source.ts";
import { YamlReader } from "./yaml_reader.ts";

const MAX_BYTES = 1024 * 1024;
/** What `text`, the content of file `path`, says; `getEnv` fills in ${NAME}. */
export function readYamlFile(path: string, text: string, getEnv: GetEnv): Source {
  const lines = new LineCounter();
  const origin = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line, column: col };
  };
  if (text.length > MAX_BYTES) return failed(path, `file is larger than ${MAX_BYTES} bytes`);
  const marked = markReferences(text);
  let document: Document.Parsed;
  try {
    document = parseDocument(marked.text, { lineCounter: lines, prettyErrors: false, merge: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return failed(path, "it is nested too deeply");
  }
  const reader = new YamlReader(document, marked, getEnv);
  const tree = reader.read();
  const { problems, isMeaningless } = syntaxProblems(document, text, origin);
  const source = new Source(tree, (at, of) => origin(reader.place(at)[of]), {
    isMuted: (at) => isMeaningless(reader.place(at).key),
  });
  // What follows in a file of another kind is not looked at.
  if (!reader.isForeign) source.problems.push(...problems);
  for (const { severity, offset, message } of reader.problems) {
    if (reader.isForeign || !isMeaningless(offset)) {
      source.problems.push({ severity, origin: origin(offset), message });
    }
  }
  for (const { path: at, offset } of reader.keys()) {
    if (isMeaningless(offset)) deleteAt(tree, at);
  }
  return source;
}

function failed(file: string, message: string): Source {
  const origin = { file, line: 1, column: 1 };
  const source = new Source({}, () => origin);
  source.problems.push({ severity: "error", origin, message });
  return source;
}

/** What is wrong with the YAML, once a line. Its line, and what stands behind some mistakes, may mean anything. */
function syntaxProblems(
  document: Document.Parsed,
  text: string,
  origin: (at: number) => { readonly file: string; readonly line: number; readonly column: number },
): { problems: ConfigProblem[]; isMeaningless: (offset: number) => boolean } {
  let end = Infinity;
  const problems: ConfigProblem[] = [];
  const badLines = new Set<number>();
  for (const { code, message, pos: [offset] } of [...document.errors, ...document.warnings]) {
    const at = origin(offset);
    if (badLines.has(at.line)) continue;
    problems.push({
      severity: "error",
      origin: at,
      message: syntaxMessage(code, message, text.slice(offset)),
    });
    if (code === "DUPLICATE_KEY" || code === "TAG_RESOLVE_FAILED") continue;
    badLines.add(at.line);
    // The rest after a tab is what the writer meant.
    if (code !== "TAB_AS_INDENT") end = Math.min(end, offset);
  }
  return { problems, isMeaningless: (offset) => offset >= end || badLines.has(origin(offset).line) };
}

function syntaxMessage(code: string, message: string, rest: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return `key ${/^[^:\n]*/.exec(rest)![0].trim()} is there twice in this map; keep one`;
    case "TAB_AS_INDENT":
      return "a tab cannot indent in YAML; use spaces";
    case "MULTIPLE_DOCS":
      return "a second document begins here; a file is one configuration";
    default:
      return `it is not YAML: ${message.replace(/\s+/g, " ")}`;
  }
}
