/**
 * Attributes as OTLP has them (opentelemetry/proto/common/v1/common.proto): decoded on demand for the status
 * API and the printer, encoded for resources.
 */
import { ProtoReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from "../support/proto_reader.ts";
import { ProtoWriter } from "../support/proto_writer.ts";

/** A decoded AnyValue; integers are bigint so that they never meet doubles. */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | { readonly keyValues: readonly Attribute[] };

export interface Attribute {
  readonly key: string;
  readonly value: AttributeValue;
}

/** Values inside of values; a deeper one is refused rather than followed until the stack ends. */
const MAX_DEPTH = 16;

/** message KeyValue { string key = 1; AnyValue value = 2; } */
export function readAttribute(reader: ProtoReader, depth = 0): Attribute {
  let key = "";
  let value: AttributeValue = null;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (1 << 3 | WIRE_BYTES)) key = reader.string();
    else if (tag === (2 << 3 | WIRE_BYTES)) value = readValue(reader.message(), depth);
    else reader.skip(tag);
  }
  return { key, value };
}

/**
 * message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
 * double double_value = 4; ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
 */
function readValue(reader: ProtoReader, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) {
    throw new RangeError(`Cannot read attribute: values are nested more than ${MAX_DEPTH} deep`);
  }
  let value: AttributeValue = null;
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | WIRE_BYTES:
        value = reader.string();
        break;
      case 2 << 3 | WIRE_VARINT:
        value = reader.uint32() !== 0;
        break;
      case 3 << 3 | WIRE_VARINT:
        value = reader.int64();
        break;
      case 4 << 3 | WIRE_FIXED64:
        value = reader.double();
        break;
      case 5 << 3 | WIRE_BYTES:
        value = readRepeated(reader.message(), (item) => readValue(item, depth + 1));
        break;
      case 6 << 3 | WIRE_BYTES:
        value = { keyValues: readRepeated(reader.message(), (item) => readAttribute(item, depth + 1)) };
        break;
      case 7 << 3 | WIRE_BYTES:
        value = reader.bytes().slice();
        break;
      default:
        reader.skip(tag);
    }
  }
  return value;
}

/** Both ArrayValue and KeyValueList are { repeated ... values = 1; }. */
function readRepeated<T>(reader: ProtoReader, readItem: (item: ProtoReader) => T): T[] {
  const items: T[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (1 << 3 | WIRE_BYTES)) items.push(readItem(reader.message()));
    else reader.skip(tag);
  }
  return items;
}

/** Encodes text, whole numbers and booleans, which is all that a resource holds. */
export function writeAttribute(key: string, value: string | bigint | boolean): Uint8Array {
  const any = new ProtoWriter();
  if (typeof value === "string") any.stringField(1, value);
  else if (typeof value === "boolean") any.uint64Field(2, value ? 1 : 0);
  else any.uint64Field(3, value);
  return new ProtoWriter().stringField(1, key).bytesField(2, any.finish()).finish();
}

/** The value of `key`, or undefined. */
export function findAttribute(attributes: readonly Attribute[], key: string): AttributeValue | undefined {
  return attributes.find((attribute) => attribute.key === key)?.value;
}
