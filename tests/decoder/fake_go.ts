/**
 * A Go program's memory made by hand: structs are laid out by the offsets of decoder-as/layouts, so that the plans of
 * a decoder find in it what they would find in a process of that Go. Used by the tests of this folder.
 */
import type { FieldName, GoLayout } from "../../decoder-as/plans/layout.ts";

const HEAP_BYTES = 1 << 20;
/** Addresses look like those of a Go heap and are not offsets by chance. */
const HEAP_ADDRESS = 0xc000000000n;
const OBJECT_BYTES = 512;

const encoder = new TextEncoder();

export type Text = string | Uint8Array;

/** What a server's handler got, and how it went. */
export interface FakeRequest {
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

export interface FakeResponse {
  readonly status?: number;
  readonly written?: number;
  readonly wroteHeader?: boolean;
}

export interface FakeUrl {
  readonly scheme?: Text;
  readonly opaque?: Text;
  readonly user?: boolean;
  readonly host?: Text;
  readonly path?: Text;
  readonly rawPath?: Text;
  readonly forceQuery?: boolean;
  readonly query?: Text;
}

export interface FakeClientResponse {
  readonly status?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly contentLength?: number;
}

/** Allocates Go objects; addresses are what plans start from. */
export class FakeGo {
  readonly #layout: GoLayout;
  readonly #heap = new Uint8Array(HEAP_BYTES);
  readonly #view = new DataView(this.#heap.buffer);
  #used = 64;

  constructor(layout: GoLayout) {
    this.#layout = layout;
  }

  /** Bytes of memory, or null where a read would fault. */
  read(address: bigint, length: number): Uint8Array | null {
    const offset = Number(address - HEAP_ADDRESS);
    if (offset < 0 || offset + length > this.#used) return null;
    return this.#heap.slice(offset, offset + length);
  }

  /** An http.Request as a server hands it to a handler. */
  serverRequest(request: FakeRequest): bigint {
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
  response(request: bigint, { status = 0, written = 0, wroteHeader = status !== 0 }: FakeResponse): bigint {
    const at = this.#allocate();
    this.#word(at, "response.req", request);
    this.#word(at, "response.status", status);
    this.#word(at, "response.written", written);
    this.#byte(at, "response.wroteHeader", wroteHeader ? 1 : 0);
    return at;
  }

  /** An HTTP/2 response writer, as handlerDone sees it. */
  h2Writer(request: bigint, { status = 0, written = 0, wroteHeader = status !== 0 }: FakeResponse): bigint {
    const writer = this.#allocate();
    const state = this.#allocate();
    this.#word(writer, "h2responseWriter.rws", state);
    if (this.#layout.fields["h2responseWriterState.req"] !== null) {
      this.#word(state, "h2responseWriterState.req", request);
    }
    this.#word(state, "h2responseWriterState.status", status);
    this.#word(state, "h2responseWriterState.wroteBytes", written);
    this.#byte(state, "h2responseWriterState.wroteHeader", wroteHeader ? 1 : 0);
    return writer;
  }

  /** An http.Request as a client hands it to its Transport. */
  clientRequest(method: Text, url: FakeUrl, contentLength = 0): bigint {
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
    { status = 200, major = 1, minor = major === 1 ? 1 : 0, contentLength = -1 }: FakeClientResponse,
  ): bigint {
    const at = this.#allocate();
    this.#word(at, "Response.StatusCode", status);
    this.#word(at, "Response.ProtoMajor", major);
    this.#word(at, "Response.ProtoMinor", minor);
    this.#word(at, "Response.ContentLength", contentLength);
    return at;
  }

  #pattern(request: bigint, pattern: Text): void {
    if (this.#layout.fields["Request.Pattern"] !== null) {
      return this.#string(request, "Request.Pattern", pattern);
    }
    if (this.#layout.fields["Request.pat"] === null) return;
    const at = this.#allocate();
    this.#string(at, "pattern.str", pattern);
    this.#word(request, "Request.pat", at);
  }

  #allocate(bytes = OBJECT_BYTES): bigint {
    const at = this.#used;
    this.#used += bytes + 7 & ~7;
    if (this.#used > HEAP_BYTES) throw new RangeError("Cannot allocate: the fake heap is full");
    return HEAP_ADDRESS + BigInt(at);
  }

  #offset(object: bigint, field: FieldName): number {
    return Number(object - HEAP_ADDRESS) + this.#layout.fields[field]!;
  }

  #word(object: bigint, field: FieldName, value: number | bigint): void {
    this.#view.setBigInt64(this.#offset(object, field), BigInt(value), true);
  }

  #byte(object: bigint, field: FieldName, value: number): void {
    this.#heap[this.#offset(object, field)] = value;
  }

  #string(object: bigint, field: FieldName, value: Text): void {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    const at = bytes.length === 0 ? 0n : this.#allocate(bytes.length);
    if (at !== 0n) this.#heap.set(bytes, Number(at - HEAP_ADDRESS));
    const offset = this.#offset(object, field);
    this.#view.setBigUint64(offset, at, true);
    this.#view.setBigUint64(offset + 8, BigInt(bytes.length), true);
  }
}
