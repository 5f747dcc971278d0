/**
 * Replaces the values of query parameters that hold credentials, as the HTTP conventions of OpenTelemetry ask by
 * default: AWSAccessKeyId, Signature, sig and X-Goog-Signature.
 */
import { copy, equal, find } from "./cursor";
import {
  QUERY_AWS_ACCESS_KEY_ID,
  QUERY_AWS_ACCESS_KEY_ID_BYTES,
  QUERY_GOOG_SIGNATURE,
  QUERY_GOOG_SIGNATURE_BYTES,
  QUERY_SIG,
  QUERY_SIG_BYTES,
  QUERY_SIGNATURE,
  QUERY_SIGNATURE_BYTES,
  TEXT_REDACTED,
  TEXT_REDACTED_BYTES,
} from "./keys.gen";

const AMPERSAND: u32 = 38;
const EQUALS: u32 = 61;

/** Writes the query without those values; yields the place behind. It grows by at most seven bytes a parameter. */
export function redacted(to: usize, at: usize, bytes: u32): usize {
  let done: u32 = 0;
  while (done < bytes) {
    const parameter = at + done;
    const left = bytes - done;
    const parameterBytes = find(parameter, left, AMPERSAND);
    const nameBytes = find(parameter, parameterBytes, EQUALS);
    if (nameBytes < parameterBytes && isSensitive(parameter, nameBytes)) {
      to = copy(copy(to, parameter, nameBytes + 1), TEXT_REDACTED, TEXT_REDACTED_BYTES);
      if (parameterBytes < left) to = copy(to, parameter + parameterBytes, 1);
    } else {
      to = copy(to, parameter, min(parameterBytes + 1, left));
    }
    done += parameterBytes + 1;
  }
  return to;
}

/** Whether some parameter's value must not be told. */
export function hasSensitive(at: usize, bytes: u32): bool {
  let done: u32 = 0;
  while (done < bytes) {
    const left = bytes - done;
    const parameterBytes = find(at + done, left, AMPERSAND);
    const nameBytes = find(at + done, parameterBytes, EQUALS);
    if (nameBytes < parameterBytes && isSensitive(at + done, nameBytes)) return true;
    done += parameterBytes + 1;
  }
  return false;
}

function isSensitive(name: usize, bytes: u32): bool {
  if (bytes == QUERY_SIG_BYTES) return equal(name, QUERY_SIG, bytes);
  if (bytes == QUERY_SIGNATURE_BYTES) return equal(name, QUERY_SIGNATURE, bytes);
  if (bytes == QUERY_AWS_ACCESS_KEY_ID_BYTES) return equal(name, QUERY_AWS_ACCESS_KEY_ID, bytes);
  if (bytes == QUERY_GOOG_SIGNATURE_BYTES) return equal(name, QUERY_GOOG_SIGNATURE, bytes);
  return false;
}
