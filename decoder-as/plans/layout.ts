/**
 * The layout of one range of Go releases as decoder-as/layouts/*.json holds it: made by scripts/gen_layouts.ts from
 * real toolchains, read by scripts/build_decoders.ts.
 */

/** Byte offsets of the fields that plans, decoders and the kernel use; null where that Go has no such field. */
export interface GoLayout {
  /** ">=1.26.11 <1.27" */
  readonly goRange: string;
  /** Toolchains whose executables were read: "go1.26.11". */
  readonly toolchains: readonly string[];
  /** How the offsets were read. */
  readonly method: string;
  /** _Gdead of src/runtime/runtime2.go: what newproc1 finds a newborn goroutine in. */
  readonly gDead: number;
  /** Kind of map that http.Header is. */
  readonly headerMap: "hmap" | "swiss";
  readonly fields: Readonly<Record<FieldName, number | null>>;
}

/** "type.field"; the types are those of GO_STRUCTS in src/maker/structs.ts, named without their package. */
export const FIELD_NAMES = [
  "g.goid",
  "g.m",
  "g.parentGoid",
  "m.curg",
  "Request.Method",
  "Request.URL",
  "Request.ProtoMajor",
  "Request.ProtoMinor",
  "Request.Header",
  "Request.ContentLength",
  "Request.Host",
  "Request.RemoteAddr",
  "Request.RequestURI",
  "Request.TLS",
  "Request.Pattern",
  "Request.pat",
  "Request.ctx",
  "pattern.str",
  "URL.Scheme",
  "URL.Opaque",
  "URL.User",
  "URL.Host",
  "URL.Path",
  "URL.RawPath",
  "URL.ForceQuery",
  "URL.RawQuery",
  "response.conn",
  "response.req",
  "response.wroteHeader",
  "response.written",
  "response.status",
  "conn.hijackedv",
  "h2responseWriter.rws",
  "h2responseWriterState.req",
  "h2responseWriterState.status",
  "h2responseWriterState.wroteHeader",
  "h2responseWriterState.wroteBytes",
  "Response.StatusCode",
  "Response.ProtoMajor",
  "Response.ProtoMinor",
  "Response.ContentLength",
  "persistConn.conn",
  "persistConn.tlsState",
  "transportRequest.Request",
] as const;

export type FieldName = typeof FIELD_NAMES[number];

/** Fields that some Go releases lack. */
export const OPTIONAL_FIELDS: ReadonlySet<string> = new Set<FieldName>([
  "g.parentGoid",
  "Request.Pattern",
  "Request.pat",
  "pattern.str",
  "h2responseWriterState.req",
]);

/**
 * Reads a layout file's text.
 *
 * @throws {SyntaxError} when it is not a layout.
 */
export function parseLayout(text: string, name: string): GoLayout {
  const layout = JSON.parse(text) as GoLayout;
  const bad = (what: string) => new SyntaxError(`Cannot read layout ${name}: ${what}`);
  if (typeof layout.goRange !== "string") throw bad("goRange is missing");
  if (layout.headerMap !== "hmap" && layout.headerMap !== "swiss") throw bad("headerMap is unknown");
  if (!Number.isInteger(layout.gDead)) throw bad("gDead is no number");
  for (const field of FIELD_NAMES) {
    const offset = layout.fields[field];
    if (offset === null && OPTIONAL_FIELDS.has(field)) continue;
    if (!Number.isInteger(offset) || offset! < 0 || offset! > 0xffff) {
      throw bad(`offset of ${field} is ${offset}`);
    }
  }
  return layout;
}

/** The offset of a field that every Go release has. */
export function offsetOf(layout: GoLayout, field: FieldName): number {
  const offset = layout.fields[field];
  if (offset === null) throw new Error(`Cannot use layout ${layout.goRange}: it has no ${field}`);
  return offset;
}

/** Compares Go releases written as numbers with dots: "1.26" is the same as "1.26.0". */
export function compareReleases(left: string, right: string): number {
  const a = left.split(".").map(Number);
  const b = right.split(".").map(Number);
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
