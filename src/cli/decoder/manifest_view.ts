/** A decoder's manifest for a person. Used by show.ts. */
import type { DecoderManifest, GoStructs, LibraryPlans, Plan, Provenance } from "../../decoder/manifest.ts";
import { planLines, probeName } from "./plan_words.ts";
import { alignRows } from "./table.ts";

/** Columns of offsets: as many as fit a terminal of 110. */
const OFFSET_COLUMNS = 3;

/** Lines of `manifest`; `facts` are what else is known, shown with the identity. */
export function manifestLines(
  manifest: DecoderManifest,
  facts: readonly (readonly [string, string])[],
): string[] {
  const { structs, plans, libraries } = manifest;
  return [
    ...alignRows([
      ["decoder", `${manifest.name} ${manifest.version}`],
      ["Go releases", manifest.goRange],
      ...facts,
      ["ABI", String(manifest.abi)],
      ["wire", manifest.wireFingerprint],
      ...provenanceRows(manifest.provenance),
    ]),
    "",
    "What the probes capture:",
    ...plansView(plans),
    "",
    `Offsets of Go's structs (maps are of kind ${structs.headerMap}, _Gdead is ${structs.gDead}):`,
    ...offsetsView(structs.fields),
    ...libraries.flatMap(libraryView),
  ];
}

function provenanceRows({ toolchains, method }: Provenance): string[][] {
  return [["read from", toolchains.join(", ") || "-"], ["by", method]];
}

function plansView(plans: readonly Plan[]): string[] {
  return plans.flatMap((plan) => [
    `  ${probeName(plan.probe)}`,
    ...planLines(plan).map((line) => `    ${line}`),
  ]);
}

function offsetsView(fields: GoStructs["fields"]): string[] {
  const cells = Object.entries(fields).map((
    [field, offset],
  ) => [field, offset === null ? "-" : String(offset)]);
  const height = Math.ceil(cells.length / OFFSET_COLUMNS);
  const rows = Array.from({ length: height }, (_, row) => {
    const columns = Array.from(
      { length: OFFSET_COLUMNS },
      (_, column) => cells[column * height + row] ?? ["", ""],
    );
    return ["", ...columns.flat()];
  });
  return alignRows(rows, [2, 4, 6]);
}

function libraryView({ module, range, fields, plans, provenance }: LibraryPlans): string[] {
  return [
    "",
    `Programs that link ${module} ${range}:`,
    ...alignRows(provenanceRows(provenance)).map((line) => `  ${line}`),
    ...plansView(plans),
    ...offsetsView(fields),
  ];
}
