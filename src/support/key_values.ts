/**
 * "key=value,key=value" with percent-encoding, the form of OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS
 * (OpenTelemetry resource SDK and OTLP exporter specifications; both build on W3C Baggage).
 */

/**
 * Pairs in their order. Spaces around keys and values and empty entries count for nothing.
 *
 * @throws {SyntaxError} when an entry has no "=" or no key, or is not valid percent-encoded UTF-8. The
 * specification wants the whole text discarded then.
 */
export function parseKeyValues(text: string): Array<[key: string, value: string]> {
  const pairs: Array<[string, string]> = [];
  for (const entry of text.split(",")) {
    if (entry.trim() === "") continue;
    const equals = entry.indexOf("=");
    if (equals < 0) throw new SyntaxError(`Cannot read entry ${pairs.length + 1}: it has no "="`);
    const key = decode(entry.slice(0, equals), pairs.length);
    if (key === "") throw new SyntaxError(`Cannot read entry ${pairs.length + 1}: its key is empty`);
    pairs.push([key, decode(entry.slice(equals + 1), pairs.length)]);
  }
  return pairs;
}

function decode(text: string, index: number): string {
  try {
    return decodeURIComponent(text.trim());
  } catch (cause) {
    throw new SyntaxError(`Cannot read entry ${index + 1}: it is not valid percent-encoding`, { cause });
  }
}
