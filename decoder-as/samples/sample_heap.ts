/**
 * A Go program's memory made by hand: structs are laid out by the offsets of a decoder's manifest, so that its plans
 * find in it what they would find in a process of that Go. Used for golden vectors and by tests/decoder.
 */

const HEAP_BYTES = 1 << 20;
/** Addresses look like those of a Go heap and are not offsets by chance. */
const HEAP_ADDRESS = 0xc000000000n;
/** Bytes of a field that begins at the last offset; a string header is the longest. */
const LAST_FIELD_BYTES = 16;

const encoder = new TextEncoder();

export type Text = string | Uint8Array;

/** What a server's handler got, and how it went. */
export interface SampleRequest {
  readonly method?: Text;
  readonly target?: Text;
  readonly host?: Text;
  readonly remote?: Text;
  readonly major?: number;
  readonly minor?: number;
  readonly tls?: boolean;
  readonly contentLength?: number;
  readonly pattern?: Text;
}

export interface SampleResponse {
  readonly status?: number;
  readonly written?: number;
  readonly wroteHeader?: boolean;
}

export interface SampleUrl {
  readonly scheme?: Text;
  readonly opaque?: Text;
  readonly user?: boolean;
  readonly host?: Text;
  readonly path?: Text;
  readonly rawPath?: Text;
  readonly forceQuery?: boolean;
  readonly query?: Text;
}

export interface SampleClientResponse {
  readonly status?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly contentLength?: number;
}

/** Byte offsets by field name; what is null or missing is left out of the objects. */
export type FieldOffsets = Readonly<Record<string, number | null>>;

/** Allocates Go objects; addresses are what plans start from. */
export class SampleHeap {
  readonly #fields: FieldOffsets;
  readonly #objectBytes: number;
  readonly #heap = new Uint8Array(HEAP_BYTES);
  readonly #view = new DataView(this.#heap.buffer);
  #used = 64;

  constructor(fields: FieldOffsets) {
    this.#fields = fields;
    this.#objectBytes = Math.max(...Object.values(fields).map((offset) => offset ?? 0)) + LAST_FIELD_BYTES;
  }

  /** Bytes of memory, or null where a read would fault. */
  read(address: bigint, length: number): Uint8Array | null {
    const offset = Number(address - HEAP_ADDRESS);
    if (offset < 0 || offset + length > this.#used) return null;
    return this.#heap.slice(offset, offset + length);
  }

  /** An http.Request as a server hands it to a handler. */
  serverRequest(request: SampleRequest): bigint {
    const at = this.#allocate();
    this.#string(at, "Request.Method", request.method ?? "GET");
    this.#string(at, "Request.RequestURI", request.target ?? "/");
    this.#string(at, "Request.Host", request.host ?? "");
    this.#string(at, "Request.RemoteAddr", request.remote ?? "");
    this.#word(at, "Request.ProtoMajor", request.major ?? 1);
    this.#word(at, "Request.ProtoMinor", request.minor ?? (request.major === 2 ? 0 : 1));
    this.#word(at, "Request.ContentLength", request.contentLength ?? 0);
    this.#word(at, "Request.TLS", request.tls ? this.#allocate() : 0n);
    if (request.pattern !== undefined) this.#pattern(at, request.pattern);
    return at;
  }

  /** An http.response, as finishRequest sees it. */
  response(request: bigint, { status = 0, written = 0, wroteHeader = status !== 0 }: SampleResponse): bigint {
    const at = this.#allocate();
    this.#word(at, "response.req", request);
    this.#word(at, "response.status", status);
    this.#word(at, "response.written", written);
    this.#byte(at, "response.wroteHeader", wroteHeader ? 1 : 0);
    return at;
  }

  /** An HTTP/2 response writer, as handlerDone sees it: net/http's, or for "" that of golang.org/x/net. */
  h2Writer(
    request: bigint,
    { status = 0, written = 0, wroteHeader = status !== 0 }: SampleResponse,
    prefix: "h2" | "" = "h2",
  ): bigint {
    const writer = this.#allocate();
    const state = this.#allocate();
    this.#word(writer, `${prefix}responseWriter.rws`, state);
    this.#word(state, `${prefix}responseWriterState.req`, request);
    this.#word(state, `${prefix}responseWriterState.status`, status);
    this.#word(state, `${prefix}responseWriterState.wroteBytes`, written);
    this.#byte(state, `${prefix}responseWriterState.wroteHeader`, wroteHeader ? 1 : 0);
    return writer;
  }

  /** An http.Request as a client hands it to its Transport. */
  clientRequest(method: Text, url: SampleUrl, contentLength = 0): bigint {
    const at = this.#allocate();
    const urlAt = this.#allocate();
    this.#string(at, "Request.Method", method);
    this.#word(at, "Request.URL", urlAt);
    this.#word(at, "Request.ContentLength", contentLength);
    this.#string(urlAt, "URL.Scheme", url.scheme ?? "http");
    this.#string(urlAt, "URL.Opaque", url.opaque ?? "");
    this.#word(urlAt, "URL.User", url.user ? this.#allocate() : 0n);
    this.#string(urlAt, "URL.Host", url.host ?? "example.com");
    this.#string(urlAt, "URL.Path", url.path ?? "");
    this.#string(urlAt, "URL.RawPath", url.rawPath ?? "");
    this.#byte(urlAt, "URL.ForceQuery", url.forceQuery ? 1 : 0);
    this.#string(urlAt, "URL.RawQuery", url.query ?? "");
    return at;
  }

  /** An http.Response as RoundTrip returns it. */
  clientResponse(
    { status = 200, major = 1, minor = major === 1 ? 1 : 0, contentLength = -1 }: SampleClientResponse,
  ): bigint {
    const at = this.#allocate();
    this.#word(at, "Response.StatusCode", status);
    this.#word(at, "Response.ProtoMajor", major);
    this.#word(at, "Response.ProtoMinor", minor);
    this.#word(at, "Response.ContentLength", contentLength);
    return at;
  }

  #pattern(request: bigint, pattern: Text): void {
    this.#string(request, "Request.Pattern", pattern);
    const at = this.#allocate();
    this.#string(at, "pattern.str", pattern);
    this.#word(request, "Request.pat", at);
  }

  #allocate(bytes = this.#objectBytes): bigint {
    const at = this.#used;
    this.#used += bytes + 7 & ~7;
    if (this.#used > HEAP_BYTES) throw new RangeError("Cannot allocate: the sample heap is full");
    return HEAP_ADDRESS + BigInt(at);
  }

  /** Place of a field in the heap, or null when that Go has none. */
  #place(object: bigint, field: string): number | null {
    const offset = this.#fields[field] ?? null;
    return offset === null ? null : Number(object - HEAP_ADDRESS) + offset;
  }

  #word(object: bigint, field: string, value: number | bigint): void {
    const at = this.#place(object, field);
    if (at !== null) this.#view.setBigInt64(at, BigInt(value), true);
  }

  #byte(object: bigint, field: string, value: number): void {
    const at = this.#place(object, field);
    if (at !== null) this.#heap[at] = value;
  }

  #string(object: bigint, field: string, value: Text): void {
    const header = this.#place(object, field);
    if (header === null) return;
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    const at = bytes.length === 0 ? 0n : this.#allocate(bytes.length);
    if (at !== 0n) this.#heap.set(bytes, Number(at - HEAP_ADDRESS));
    this.#view.setBigUint64(header, at, true);
    this.#view.setBigUint64(header + 8, BigInt(bytes.length), true);
  }
}
