/**
 * Makes a decoder for structs that were read from an executable or a toolchain. Called by the maker's Worker for the
 * service and by new_decoder.ts; takes about a second and 200 MB, most of it the compiler's.
 */
import { familyOf } from "../../decoder-as/plans/family.ts";
import { FIELD_NAMES, type FieldName } from "../../decoder-as/plans/layout.ts";
import { type Part, partsOf } from "../../decoder-as/plans/parts.ts";
import type { GoStructs } from "../decoder/manifest.ts";
import { VERSION } from "../support/version.ts";
import { makePack } from "./family_pack.ts";

/** What to make. */
export interface MakeSpec {
  readonly structs: GoStructs;
  /** Go releases that it is for: ">=1.28.1 <1.28.2". */
  readonly goRange: string;
  /** Lower-case letters, digits, dots and hyphens: "go1.28.1-exact". */
  readonly name: string;
  /** Go versions whose debug information was read: "go1.28.1". */
  readonly toolchains: readonly string[];
  /** How the offsets were read, for people. */
  readonly method: string;
}

/**
 * The file of the decoder.
 *
 * @throws {Error} naming the field that the structs lack, or with what the compiler said.
 */
export async function makeDecoder(spec: MakeSpec): Promise<Uint8Array<ArrayBuffer>> {
  const { structs, name, goRange, toolchains, method } = spec;
  if (tracedParts(structs).length === 0) {
    throw new Error(
      `Cannot make decoder ${name}: the structs hold neither the server nor the client of net/http`,
    );
  }
  const fields = Object.fromEntries(FIELD_NAMES.map((field) => [field, structs.fields[field] ?? null]));
  const family = familyOf({
    goRange,
    toolchains,
    method,
    gDead: structs.gDead,
    headerMap: structs.headerMap,
    fields: fields as Record<FieldName, number | null>,
  });
  return await makePack({ ...family, name }, { version: VERSION, name, goRange });
}

/** What a decoder for these structs traces. */
export function tracedParts(structs: GoStructs): Part[] {
  return partsOf(structs.fields);
}
