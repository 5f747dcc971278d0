/** Hand-written modules: what runs too long is stopped, what fuel cannot bound is refused. */
import assert from "node:assert/strict";
import { MEMORY_PAGES } from "../../decoder-as/assembly/memory_map.ts";
import { FUEL_EXPORT, harden, type HardenCode, HardenError } from "./harden.ts";
import { leb128 } from "./wasm_reader.ts";

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const I64 = 0x7e;
const VOID = 0x40;
const END = 0x0b;

const section = (id: number, ...items: number[][]) => {
  const content = [...leb128(items.length), ...items.flat()];
  return [id, ...leb128(content.length), ...content];
};
const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
const body = (locals: number[], code: number[]) => {
  const bytes = [...locals, ...code];
  return [...leb128(bytes.length), ...bytes];
};

const TYPES = section(1, [0x60, 0, 0], [0x60, 1, I32, 1, I32]);
const MEMORY = [...name("env"), ...name("memory"), 2, 0, ...leb128(MEMORY_PAGES)];
const IMPORTS = section(2, MEMORY);

interface Parts {
  readonly types?: number[];
  readonly imports?: number[];
  readonly middle?: number[];
  readonly late?: number[];
  /** After the count of local groups. */
  readonly locals?: number[];
}

/** One exported function "run" of type (i32) -> i32. */
function module(code: number[], parts: Parts = {}): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...PREAMBLE,
    ...(parts.types ?? TYPES),
    ...(parts.imports ?? IMPORTS),
    ...section(3, [1]),
    ...(parts.middle ?? []),
    ...section(7, [...name("run"), 0, 0]),
    ...(parts.late ?? []),
    ...section(10, body(parts.locals ?? [0], code)),
  ]);
}

/** The function "run" of a hardened module, and its fuel. */
function start(bytes: Uint8Array<ArrayBuffer>) {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(harden(bytes)), { env: { memory } });
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global<"i64">;
  const call = exports.run as (value: number) => number;
  return {
    fuel,
    run(value: number, given: bigint) {
      fuel.value = given;
      return call(value);
    },
  };
}

const LOOP_FOREVER = [0x03, VOID, 0x0c, 0, END, 0x41, 0, END];
/** Counts its argument down to 0 and yields it. */
const COUNT_DOWN = [
  ...[0x03, VOID], // loop
  ...[0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0], // local.tee 0 (local 0 - 1), br_if 0
  ...[END, 0x20, 0, END],
];

Deno.test("harden: a loop without end stops when the fuel is used up", () => {
  const { run, fuel } = start(module(LOOP_FOREVER));
  assert.throws(() => run(0, 1_000_000n), WebAssembly.RuntimeError);
  assert.ok(fuel.value < 0n);
});

Deno.test("harden: a recursion without end stops when the fuel is used up", () => {
  const { run, fuel } = start(module([0x20, 0, 0x10, 0, END]));
  assert.throws(() => run(0, 10_000n), WebAssembly.RuntimeError);
  assert.ok(fuel.value < 0n);
});

Deno.test("harden: a loop in a loop pays for every turn of both", () => {
  const nested = [
    ...[0x03, VOID], // loop: 1000 times
    ...[0x41, 0xe8, 0x07, 0x21, 1], // local 1 = 1000
    ...[0x03, VOID, 0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0, END],
    ...[0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0],
    ...[END, 0x20, 0, END],
  ];
  const { run, fuel } = start(module(nested, { locals: [1, 1, I32] }));
  assert.equal(run(1000, 1_000_000_000n), 0);
  const used = 1_000_000_000n - fuel.value;
  assert.ok(used >= 1_001_000n * 64n && used < 1_001_000n * 128n, String(used));
});

Deno.test("harden: what ends gives the same result and pays by the turn", () => {
  const { run, fuel } = start(module(COUNT_DOWN));
  assert.equal(run(10, 1_000_000n), 0);
  const ten = 1_000_000n - fuel.value;
  assert.equal(run(1010, 1_000_000n), 0);
  const more = 1_000_000n - fuel.value - ten;
  assert.ok(ten > 0n && more % 1000n === 0n && more / 1000n > 60n, `${ten} ${more}`);
});

Deno.test("harden: a loop with parameters stays valid", () => {
  const code = [0x20, 0, 0x03, 1, 0x41, 1, 0x6b, 0x22, 0, 0x20, 0, 0x0d, 0, END, END];
  assert.equal(start(module(code)).run(7, 100_000n), 0);
});

Deno.test("harden: clearing locals is paid for", () => {
  const many = start(module([0x41, 0, END], { locals: [1, ...leb128(40_000), I64] }));
  many.run(0, 1_000_000n);
  assert.ok(1_000_000n - many.fuel.value > 40_000n);
});

Deno.test("harden: the module's own globals keep their numbers, the fuel's lies behind them", () => {
  const globals = section(6, [I32, 1, 0x41, 5, END], [I64, 0, 0x42, 6, END]);
  assert.equal(start(module([0x23, 0, END], { middle: globals })).run(0, 1000n), 5);
});

Deno.test("harden: custom sections are left out", () => {
  const custom = [0, 5, ...name("abc"), 9];
  const hardened = harden(Uint8Array.from([...module(COUNT_DOWN), ...custom]));
  assert.deepEqual(hardened, harden(module(COUNT_DOWN)));
});

const SIMD_PARTS: Parts = { locals: [1, 1, 0x7b] };
const GLOBAL = section(6, [I32, 1, 0x41, 5, END]);
const importing = (...imports: number[][]) => module([0x41, 0, END], { imports: section(2, ...imports) });
const having = (middle: number[]) => module([0x41, 0, END], { middle });
const memoryOf = (...limits: number[]) => importing([...name("env"), ...name("memory"), 2, ...limits]);
const code = (...bytes: number[]) => module([...bytes, END]);

const REFUSED: [what: string, bytes: Uint8Array, code: HardenCode, message: RegExp][] = [
  ["memory.copy", code(0xfc, 10, 0, 0), "decoder-instruction", /memory\.copy at byte \d+/],
  ["memory.fill", code(0xfc, 11, 0), "decoder-instruction", /memory\.fill/],
  ["memory.init", code(0xfc, 8, 0, 0), "decoder-instruction", /memory\.init/],
  ["data.drop", code(0xfc, 9, 0), "decoder-instruction", /data\.drop/],
  ["table.init", code(0xfc, 12, 0, 0), "decoder-instruction", /table\.init/],
  ["elem.drop", code(0xfc, 13, 0), "decoder-instruction", /elem\.drop/],
  ["table.copy", code(0xfc, 14, 0, 0), "decoder-instruction", /table\.copy/],
  ["table.grow", code(0xfc, 15, 0), "decoder-instruction", /table\.grow/],
  ["table.fill", code(0xfc, 17, 0), "decoder-instruction", /table\.fill/],
  ["an opcode behind 0xfc that is none", code(0xfc, 90), "decoder-instruction", /opcode 0xfc 90/],
  ["memory.grow", code(0x41, 1, 0x40, 0), "decoder-instruction", /memory\.grow/],
  ["table.get", code(0x41, 0, 0x25, 0), "decoder-instruction", /table\.get/],
  ["table.set", code(0x41, 0, 0x26, 0), "decoder-instruction", /table\.set/],
  ["a tail call", code(0x41, 0, 0x12, 0), "decoder-instruction", /tail calls/],
  ["an indirect tail call", code(0x41, 0, 0x13, 0, 0), "decoder-instruction", /tail calls/],
  ["call_ref", code(0x14, 0), "decoder-instruction", /function references/],
  ["try", code(0x06, VOID, END), "decoder-instruction", /exceptions/],
  ["throw", code(0x08, 0), "decoder-instruction", /exceptions/],
  ["try_table", code(0x1f, VOID, 0, END), "decoder-instruction", /exceptions/],
  ["ref.null", code(0xd0, 0x70), "decoder-instruction", /references/],
  ["select of references", code(0x1c, 1, 0x70), "decoder-instruction", /select of references/],
  ["struct.new", code(0xfb, 0, 0), "decoder-instruction", /garbage collection/],
  ["an atomic", code(0xfe, 0, 2, 0), "decoder-instruction", /threads/],
  ["an unknown opcode", code(0xff), "decoder-instruction", /opcode 0xff/],
  ["relaxed SIMD", module([0xfd, 0x80, 2, END], SIMD_PARTS), "decoder-instruction", /relaxed SIMD/],
  [
    "a load of another memory",
    code(0x41, 0, 0x28, 0x42, 1, 0),
    "decoder-instruction",
    /more than one memory/,
  ],
  ["a reference as block type", code(0x02, 0x70, END), "decoder-instruction", /block type/],
  [
    "a reference as local",
    module([0x41, 0, END], { locals: [1, 1, 0x70] }),
    "decoder-instruction",
    /no number/,
  ],
  [
    "more locals than an engine takes",
    module([0x41, 0, END], { locals: [1, ...leb128(2 ** 32 - 1), I32] }),
    "decoder-instruction",
    /more than 50000 locals/,
  ],
  ["reading the fuel", code(0x23, 0, 0xa7), "decoder-instruction", /a global that the module does not have/],
  [
    "setting the fuel",
    module([0x42, 1, 0x24, 1, 0x41, 0, END], { middle: GLOBAL }),
    "decoder-instruction",
    /a global that the module does not have/,
  ],
  [
    "an export of the fuel under another name",
    Uint8Array.from([...PREAMBLE, ...TYPES, ...IMPORTS, ...section(7, [...name("x"), 3, 0])]),
    "decoder-instruction",
    /a global that it does not have/,
  ],
  [
    "an export of that name",
    Uint8Array.from([...PREAMBLE, ...IMPORTS, ...GLOBAL, ...section(7, [...name(FUEL_EXPORT), 3, 0])]),
    "decoder-instruction",
    /tsunagi\.fuel/,
  ],
  ["code that is not valid", code(0x6a), "decoder-instruction", /not valid/],
  ["code behind the end", module([0x41, 0, END, END]), "decoder-instruction", /behind its end/],
  ["a start function", module([0x41, 0, END], { late: [8, 1, 0] }), "decoder-instruction", /start function/],
  ["a section of exceptions", having([13, 3, 1, 0, 0]), "decoder-instruction", /section 13/],
  ["sections out of order", having(IMPORTS), "decoder-instruction", /out of order/],
  [
    "a type that is no function",
    module([], { types: section(1, [0x5f, 0]) }),
    "decoder-instruction",
    /no function/,
  ],
  [
    "a global that another begins with",
    having(section(6, [I32, 0, 0x23, 0, END])),
    "decoder-instruction",
    /no constant/,
  ],
  [
    "a function import",
    importing(MEMORY, [...name("env"), ...name("abort"), 0, 0]),
    "decoder-imports",
    /env\.abort/,
  ],
  [
    "a global import",
    importing(MEMORY, [...name("env"), ...name("g"), 3, I32, 0]),
    "decoder-imports",
    /env\.g/,
  ],
  ["no memory import", importing(), "decoder-imports", /must import/],
  ["the memory twice", importing(MEMORY, MEMORY), "decoder-imports", /once/],
  ["a memory of its own", having(section(5, [0, 1])), "decoder-memory", /of its own/],
  [
    "a memory that is too large",
    memoryOf(0, ...leb128(MEMORY_PAGES + 1)),
    "decoder-memory",
    /531 pages, there are 530/,
  ],
  ["a memory that may not be large enough", memoryOf(1, 1, 2), "decoder-memory", /at most 2 pages/],
  ["a shared memory", memoryOf(3, 1, ...leb128(MEMORY_PAGES)), "decoder-memory", /flags 3/],
  ["a 64-bit memory", memoryOf(4, 1), "decoder-memory", /flags 4/],
  ["a large table", having(section(4, [0x70, 0, ...leb128(1025)])), "decoder-memory", /more than 1024/],
  [
    "a table that may grow large",
    having(section(4, [0x70, 1, 1, ...leb128(9999)])),
    "decoder-memory",
    /more than 1024/,
  ],
  ["two tables", having(section(4, [0x70, 0, 1], [0x70, 0, 1])), "decoder-memory", /2 tables/],
  [
    "a number of more than 32 bits",
    having([6, 6, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]),
    "decoder-truncated",
    /32 bits/,
  ],
  ["a huge count", having([6, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]), "decoder-truncated", /4294967295 items/],
  ["a section that goes on", having([6, 2, 0, 0]), "decoder-truncated", /behind its items/],
  ["a section beyond the end", Uint8Array.from([...PREAMBLE, 1, 90]), "decoder-truncated", /ends within/],
  ["a name of bytes that are no text", importing([1, 0xff, 1, 0x61, 2, 0, 1]), "decoder-truncated", /UTF-8/],
  ["something else", new TextEncoder().encode("\x7fELF0000"), "decoder-truncated", /no WebAssembly/],
  ["nothing", new Uint8Array(0), "decoder-truncated", /ends within/],
];

function refusal(bytes: Uint8Array): HardenError | null {
  try {
    harden(bytes);
    return null;
  } catch (error) {
    assert.ok(error instanceof HardenError, String(error));
    return error;
  }
}

for (const [what, bytes, expected, message] of REFUSED) {
  Deno.test(`harden: refuses ${what}`, () => {
    const error = refusal(bytes);
    assert.equal(error?.code, expected);
    assert.match(error.message, message);
  });
}

Deno.test("harden: refuses data and elements that only bulk instructions could use", () => {
  const passive = Uint8Array.from([...module([0x41, 0, END]), ...section(11, [1, 1, 0])]);
  assert.match(refusal(passive)!.message, /data at byte \d+ is not put into the memory at once/);
  const table = section(4, [0x70, 0, 1]);
  const elements = module([0x41, 0, END], { middle: table, late: section(9, [1, 0, 1, 0]) });
  assert.match(refusal(elements)!.message, /elements at byte \d+ are not put into the table at once/);
});

Deno.test("harden: takes every SIMD instruction with the immediates that the engine reads", () => {
  let taken = 0;
  for (let opcode = 0; opcode < 0x100; opcode++) {
    const immediates = [[], [0], [0, 0], [0, 0, 0], new Array(16).fill(0)];
    for (const immediate of immediates) {
      // Behind `unreachable` operands may be anything; `drop` and a result make the rest valid.
      for (const after of [[0x1a], []]) {
        const bytes = module([
          ...[0x00, 0xfd, ...leb128(opcode), ...immediate, ...after, 0x00, END],
        ]);
        if (!WebAssembly.validate(bytes)) continue;
        taken++;
        assert.equal(refusal(bytes), null, `opcode ${opcode} with ${immediate.length} bytes`);
      }
    }
  }
  assert.ok(taken > 230, String(taken));
});
