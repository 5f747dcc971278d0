/** What every reader of wire bytes throws: bytes that do not keep to bpf/wire.h. */

/** Where a WireError happened. */
export interface WireErrorOptions extends ErrorOptions {
  /** Bytes of the stream, or of the record, before the fault. */
  readonly offset: number;
  /** KIND_* of the record, 0 where it could not be told. */
  readonly kind: number;
}

/** Bytes from the loader that cannot be read. The stream is lost from there on. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly offset: number;
  readonly kind: number;

  constructor(message: string, options: WireErrorOptions) {
    super(message, options);
    this.offset = options.offset;
    this.kind = options.kind;
  }
}
