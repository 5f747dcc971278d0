/** Why a running decoder was stopped. Thrown by host.ts and output_rows.ts, told to the main thread by the router. */

export type DecoderFaultCode = "decoder-trapped" | "decoder-too-slow" | "decoder-framing";

/** A decoder that did what none may do; it must not be called again. */
export class DecoderFault extends Error {
  readonly code: DecoderFaultCode;

  constructor(code: DecoderFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DecoderFault";
    this.code = code;
  }
}
