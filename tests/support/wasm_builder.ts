/**
 * Writes small WebAssembly modules by hand, for tests of what becomes of decoders that are none.
 * Format: WebAssembly core specification, chapter 5, binary format.
 */

export const I32 = 0x7f;
export const I64 = 0x7e;

/** Bytes of a few instructions. */
export const code = {
  i32: (value: number): number[] => [0x41, ...signed(value)],
  call: (index: number): number[] => [0x10, ...unsigned(index)],
  localGet: (index: number): number[] => [0x20, ...unsigned(index)],
  /** `loop void br 0 end` */
  forever: [0x03, 0x40, 0x0c, 0x00, 0x0b],
  unreachable: [0x00],
  /** i32.store at the address and of the value on the stack. */
  store: [0x36, 0x02, 0x00],
  load: [0x28, 0x02, 0x00],
  drop: [0x1a],
  /** `memory.grow`: pages on the stack, the old size or -1 after it. */
  memoryGrow: [0x40, 0x00],
  /** `memory.fill`: address, byte, length on the stack. */
  memoryFill: [0xfc, 0x0b, 0x00],
} as const;

export interface WasmFunction {
  /** Its name as an export; without one it is not exported. */
  readonly name?: string;
  readonly parameters?: readonly number[];
  readonly results?: readonly number[];
  /** i32 locals. */
  readonly locals?: number;
  /** Instructions without the final `end`. */
  readonly body: readonly number[];
}

export interface WasmModule {
  /** Limits of env.memory; null: it is not imported. */
  readonly memory?: { readonly minimum: number; readonly maximum?: number } | null;
  /** Functions without parameters and results to import. */
  readonly imports?: readonly { readonly module: string; readonly name: string }[];
  readonly functions: readonly WasmFunction[];
  /** Limits of a memory of its own. */
  readonly ownMemory?: { readonly minimum: number };
  /** Index of a function to run at instantiation; imports count. */
  readonly start?: number;
  readonly data?: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

/** The module's bytes. */
export function wasm(module: WasmModule): Uint8Array<ArrayBuffer> {
  const { imports = [], functions, ownMemory, start, data = [] } = module;
  const memory = module.memory === undefined ? { minimum: 1 } : module.memory;
  const types = [
    [0x60, 0x00, 0x00],
    ...functions.map(({ parameters = [], results = [] }) => [
      0x60,
      ...vector(parameters.map((type) => [type])),
      ...vector(results.map((type) => [type])),
    ]),
  ];
  const imported = [
    ...memory ? [[...text("env"), ...text("memory"), 0x02, ...limits(memory)]] : [],
    ...imports.map(({ module, name }) => [...text(module), ...text(name), 0x00, 0x00]),
  ];
  const exported = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [[...text(name), 0x00, ...unsigned(imports.length + index)]]
  );
  const bodies = functions.map(({ locals = 0, body }) => {
    const declared = locals > 0 ? [1, ...unsigned(locals), I32] : [0];
    return [...unsigned(declared.length + body.length + 1), ...declared, ...body, 0x0b];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...imported.length > 0 ? section(2, vector(imported)) : [],
    ...section(3, vector(functions.map((_, index) => unsigned(index + 1)))),
    ...ownMemory ? section(5, vector([limits(ownMemory)])) : [],
    ...section(7, vector(exported)),
    ...start === undefined ? [] : section(8, unsigned(start)),
    ...section(10, vector(bodies)),
    ...data.length > 0
      ? section(
        11,
        vector(
          data.map(({ at, bytes }) => [0x00, ...code.i32(at), 0x0b, ...unsigned(bytes.length), ...bytes]),
        ),
      )
      : [],
  ]);
}

function limits({ minimum, maximum }: { minimum: number; maximum?: number }): number[] {
  return maximum === undefined
    ? [0x00, ...unsigned(minimum)]
    : [0x01, ...unsigned(minimum), ...unsigned(maximum)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...unsigned(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** Signed LEB128 of an i32. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value | 0;; left >>= 7) {
    const byte = left & 0x7f;
    const isLast = left >> 7 === (byte & 0x40 ? -1 : 0);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}
