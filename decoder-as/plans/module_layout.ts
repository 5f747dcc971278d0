/**
 * The structs of a Go module that decoders look into, by ranges of its releases, as decoder-as/modules/*.json holds
 * them: made by scripts/gen_module_layouts.ts from real builds, turned into plans by libraries.ts.
 */

/** One run of releases with the same offsets. */
export interface ModuleLayout {
  /** ">=0.1.0 <0.63.0" */
  readonly range: string;
  /** The releases that were built and read: "v0.1.0". */
  readonly versions: readonly string[];
  /** Byte offsets by "struct.field"; null where those releases have no such field. */
  readonly fields: Readonly<Record<string, number | null>>;
}

export interface ModuleLayouts {
  /** Module path: "golang.org/x/net". */
  readonly module: string;
  /** Toolchain that built the programs. */
  readonly toolchain: string;
  /** How the offsets were read. */
  readonly method: string;
  readonly layouts: readonly ModuleLayout[];
}
