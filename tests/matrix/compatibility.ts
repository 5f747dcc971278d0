/** Writes COMPATIBILITY.md from the results of the whole matrix. Called by matrix_test.ts; the text has no dates. */
import { GO_TOOLCHAINS, goMinor } from "../support/toolchains.ts";
import { type CellResult, FLAVOURS } from "./cell.ts";
import type { Bearer } from "./tally.ts";

const HEAD = `# Compatibility

Written by \`deno task compatibility\` from a run of the whole matrix (tests/matrix); \`scripts/test\` runs the same
and fails when this file says anything else. Every number is counted, none is typed in.

A cell is one toolchain, one way of building, and two services built so: \`front\` calls \`back\`, the agent traces both,
and an OTLP receiver collects. A request is right when all of its spans came, once each, joined to one another and to
the caller's trace, and every attribute of each had the value that program and caller know, or was rightly absent;
and when \`back\` received exactly one \`traceparent\`, that of the call's span.

This is HTTP/1.0 and HTTP/1.1 in cleartext; TLS and HTTP/2 have tests of their own (tests/e2e, tests/real).
`;

const FLAVOUR_NOTES = `
- plain: \`go build\`; stripped: \`-ldflags="-s -w"\`, no symbols and no DWARF; pie: \`-buildmode=pie\`. These three get
  requests with a \`traceparent\` of their own, with none, unsampled, and with a \`tracestate\`.
- debug: \`-gcflags="all=-N -l"\`, nothing optimised or inlined; race: \`-race\` with cgo; trimpath: \`-trimpath\`; go run:
  the child of \`go run\`. These get fewer requests, with a \`traceparent\` of their own and with none.
`;

const ATTRIBUTES_HEAD = `
## Attributes

✓: there with the right value in every span that had to have it, absent in every other. –: never there, and rightly so,
since that Go does not keep what it says. ✗: wrong at least once. All ways of building are counted together.
`;

const BEARERS: readonly [Bearer, string][] = [
  ["SERVER", "Server spans"],
  ["CLIENT", "Client spans"],
  ["resource", "Resource"],
];

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => cells[column]!.length))
  );
  const padded = (cells: readonly string[]) => row(cells.map((cell, column) => cell.padEnd(widths[column]!)));
  return [padded(head), row(widths.map((width) => "-".repeat(width))), ...rows.map(padded), ""].join("\n");
}

function cellText(results: readonly CellResult[], version: string, flavour: string): string {
  const result = results.find((cell) => cell.version === version && cell.flavour === flavour);
  if (!result) return "not run";
  return result.total === 0 ? "none" : `${result.right} / ${result.total}`;
}

function markOf(results: readonly CellResult[], key: string): string {
  const counts = results.map(({ tally }) => tally.counts.get(key)).filter((count) => count !== undefined);
  if (counts.some(({ wrong }) => wrong > 0)) return "✗";
  return counts.some(({ present }) => present > 0) ? "✓" : "–";
}

/** The text of COMPATIBILITY.md. */
export function renderCompatibility(results: readonly CellResult[]): string {
  const decoderOf = (version: string) =>
    [...new Set(results.filter((cell) => cell.version === version).map(({ decoder }) => decoder ?? "none"))]
      .join(", ");
  const versions = table(
    ["Go", "decoder", ...FLAVOURS],
    GO_TOOLCHAINS.map((version) => [
      version,
      decoderOf(version),
      ...FLAVOURS.map((flavour) => cellText(results, version, flavour)),
    ]),
  );
  const failures = results.filter(({ right, total }) => right < total || total === 0);
  const notes = failures.map(({ version, flavour, reasons }) =>
    `- Go ${version} ${flavour}: ${reasons[0]?.split("\n")[0]}`
  );
  const sections = BEARERS.map(([bearer, title]) => {
    const prefix = `${bearer} `;
    const keys = new Set(
      results.flatMap(({ tally }) => [...tally.counts.keys()]).filter((key) => key.startsWith(prefix)),
    );
    const rows = [...keys].sort().map((key) => [
      `\`${key.slice(prefix.length)}\``,
      ...GO_TOOLCHAINS.map((version) => markOf(results.filter((cell) => cell.version === version), key)),
    ]);
    const head = [title, ...GO_TOOLCHAINS.map((version) => `1.${goMinor(version)}`)];
    return `\n${table(head, rows)}`;
  });
  return [
    HEAD,
    "\n## Go versions: requests right / requests sent\n\n",
    versions,
    FLAVOUR_NOTES,
    ...(notes.length > 0 ? ["\n", notes.join("\n"), "\n"] : []),
    ATTRIBUTES_HEAD,
    ...sections,
  ].join("");
}
