/**
 * The strings of a capture: their numbers and the longest copy the kernel makes of each. Imported by the plan
 * builder, which orders the copies, and by the decoder, which takes them apart in the same order.
 */

/** Server start. */
export const SERVER_METHOD = 0;
export const SERVER_METHOD_BYTES = 32;
export const SERVER_TARGET = 1;
export const SERVER_TARGET_BYTES = 512;
export const SERVER_HOST = 2;
export const SERVER_HOST_BYTES = 128;
export const SERVER_REMOTE = 3;
export const SERVER_REMOTE_BYTES = 64;

/** Server end. */
export const SERVER_PATTERN = 0;
export const SERVER_PATTERN_BYTES = 128;

/** Client start. */
export const CLIENT_METHOD = 0;
export const CLIENT_METHOD_BYTES = 32;
export const CLIENT_SCHEME = 1;
export const CLIENT_SCHEME_BYTES = 16;
export const CLIENT_HOST = 2;
export const CLIENT_HOST_BYTES = 128;
export const CLIENT_PATH = 3;
export const CLIENT_PATH_BYTES = 352;
export const CLIENT_RAW_PATH = 4;
export const CLIENT_RAW_PATH_BYTES = 256;
export const CLIENT_QUERY = 5;
export const CLIENT_QUERY_BYTES = 352;
export const CLIENT_OPAQUE = 6;
export const CLIENT_OPAQUE_BYTES = 192;

/** Appended by the kernel to a server start, after all strings of the plan. */
export const TRACESTATE = 7;
