/**
 * Where the end record of golang.org/x/net's HTTP/2 server holds what, from the end of its head. Each value is read by
 * itself, so the places are the same for every release of that module. Imported by plans/libraries.ts, which orders
 * the reads, and by the decoder.
 */

/** Address of the responseWriterState. */
export const X_NET_STATE = 0;
export const X_NET_STATUS = 8;
export const X_NET_WRITTEN = 16;
export const X_NET_WROTE_HEADER = 24;
/** Address of the http.Request. */
export const X_NET_REQUEST = 32;
/** The pattern's text follows. */
export const X_NET_FIXED_BYTES = 40;
