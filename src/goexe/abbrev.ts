/**
 * DWARF abbreviations: which attributes the entries of a compile unit have and how long they are. Used by
 * dwarf.ts. Format: DWARF 4 and 5 standards, section 7.5.
 */
import { type Bytes } from "./bytes.ts";
import { corrupt } from "./refusal.ts";

const MAX_ABBREVIATIONS = 65_536;
const MAX_ATTRIBUTES = 256;
export const FORM_IMPLICIT_CONST = 0x21;

/** One kind of entry. */
export interface Abbreviation {
  readonly tag: number;
  readonly children: boolean;
  /** Attribute, form, implicit value, again and again. */
  readonly attributes: readonly number[];
}

/** A place in bytes that moves on with each read. */
export class Cursor {
  constructor(readonly bytes: Bytes, public at: number) {}

  /** Unsigned LEB128; what is beyond 2^53 loses precision, as no offset is. */
  uleb(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.bytes.u8(this.at);
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
      if (scale > 2 ** 63) {
        throw corrupt(`${this.bytes.name} holds a number without end at ${this.at}`);
      }
    }
  }
}

/** Reads the abbreviations that begin at `offset`: code -> abbreviation. */
export function readAbbreviations(section: Bytes, offset: number): Map<number, Abbreviation> {
  const found = new Map<number, Abbreviation>();
  const cursor = new Cursor(section, offset);
  for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
    const tag = cursor.uleb();
    const children = section.u8(cursor.at) !== 0;
    cursor.at += 1;
    const attributes: number[] = [];
    for (;;) {
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      const implicit = form === FORM_IMPLICIT_CONST ? cursor.uleb() : 0;
      if (attribute === 0 && form === 0) {
        break;
      }
      attributes.push(attribute, form, implicit);
      if (attributes.length > 3 * MAX_ATTRIBUTES) {
        throw corrupt(`${section.name} gives an entry more than ${MAX_ATTRIBUTES} attributes`);
      }
    }
    if (found.has(code)) {
      throw corrupt(`${section.name} has two kinds of entries of number ${code}`);
    }
    found.set(code, { tag, children, attributes });
    if (found.size > MAX_ABBREVIATIONS) {
      throw corrupt(`${section.name} has more than ${MAX_ABBREVIATIONS} kinds of entries`);
    }
  }
  return found;
}

/** Sizes that decide how long an attribute is. */
export interface UnitFormat {
  readonly version: number;
  readonly addressBytes: number;
  /** 4, or 8 in 64-bit DWARF. */
  readonly offsetBytes: number;
}

const FIXED_BYTES: Readonly<Record<number, number>> = {
  0x0b: 1, // data1
  0x05: 2, // data2
  0x06: 4, // data4
  0x07: 8, // data8
  0x1e: 16, // data16
  0x0c: 1, // flag
  0x19: 0, // flag_present
  0x11: 1, // ref1
  0x12: 2, // ref2
  0x13: 4, // ref4
  0x14: 8, // ref8
  0x20: 8, // ref_sig8
  0x1c: 4, // ref_sup4
  0x24: 8, // ref_sup8
  0x25: 1, // strx1
  0x26: 2, // strx2
  0x27: 3, // strx3
  0x28: 4, // strx4
  0x29: 1, // addrx1
  0x2a: 2, // addrx2
  0x2b: 3, // addrx3
  0x2c: 4, // addrx4
  [FORM_IMPLICIT_CONST]: 0,
};

/** Moves over one attribute. */
export function skipForm(cursor: Cursor, form: number, format: UnitFormat): void {
  const fixed = FIXED_BYTES[form];
  if (fixed !== undefined) {
    cursor.at += fixed;
    return;
  }
  switch (form) {
    case 0x08: // string
      cursor.at += stringLength(cursor) + 1;
      return;
    case 0x0d: // sdata
    case 0x0f: // udata
    case 0x15: // ref_udata
    case 0x1a: // strx
    case 0x1b: // addrx
    case 0x22: // loclistx
    case 0x23: // rnglistx
      cursor.uleb();
      return;
    case 0x0e: // strp
    case 0x17: // sec_offset
    case 0x1d: // strp_sup
    case 0x1f: // line_strp
      cursor.at += format.offsetBytes;
      return;
    case 0x10: // ref_addr
      cursor.at += format.version === 2 ? format.addressBytes : format.offsetBytes;
      return;
    case 0x01: // addr
      cursor.at += format.addressBytes;
      return;
    case 0x09: // block
    case 0x18: { // exprloc
      const length = cursor.uleb();
      cursor.at += length;
      return;
    }
    case 0x0a: // block1
      cursor.at += 1 + cursor.bytes.u8(cursor.at);
      return;
    case 0x03: // block2
      cursor.at += 2 + cursor.bytes.u16(cursor.at);
      return;
    case 0x04: // block4
      cursor.at += 4 + cursor.bytes.u32(cursor.at);
      return;
    case 0x16: // indirect: the form stands before the value
      skipForm(cursor, directForm(cursor), format);
      return;
    default:
      throw corrupt(`${cursor.bytes.name} has an attribute of unknown form ${form}`);
  }
}

/** The form an indirect attribute has; it cannot be indirect again. */
function directForm(cursor: Cursor): number {
  const form = cursor.uleb();
  if (form === 0x16) {
    throw corrupt(`${cursor.bytes.name} has an attribute without a form`);
  }
  return form;
}

/** Bytes of the NUL-terminated text under the cursor. */
export function stringLength(cursor: Cursor): number {
  const end = cursor.bytes.data.indexOf(0, cursor.at);
  if (end < 0) {
    throw corrupt(`${cursor.bytes.name} has no end of the text at ${cursor.at}`);
  }
  return end - cursor.at;
}
