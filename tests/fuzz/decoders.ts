/**
 * Target "decoders": every built decoder is fed mutated records at full speed. Run by main.ts and fuzz_test.ts.
 * Batches come in epochs, each of which follows from the seed and begins with an empty decoder, so that a failure is
 * repeated by its epoch.
 */
import assert from "node:assert/strict";
import {
  FAULT_NONE,
  WORD_FAULT,
  WORD_IN_FLIGHT,
  WORD_ORPHANS,
  WORD_SPANS,
} from "../../decoder-as/assembly/memory_map.ts";
import { decodeSpan } from "../../src/trace/otlp_span.ts";
import { readBatches } from "../decoder/spans.ts";
import { BatchMaker } from "./decoder_batch.ts";
import { type Corpus, makeCorpus } from "./decoder_corpus.ts";
import type { DecoderFile } from "./decoder_files.ts";
import { DecoderProbe } from "./decoder_probe.ts";
import { FuzzFailure, type FuzzLimits, type FuzzReport } from "./failure.ts";
import { PairingModel } from "./pairing_model.ts";
import { Random } from "./random.ts";

const BATCHES_PER_EPOCH = 64;
const BREAK_FRAMING_EVERY = 100;
const DROP_EVERY = 24;
const READ_EVERY = 32;
const ROWS_READ = 16;
const COMPARE_EVERY = 21;
/** Epochs in which every record is fed by itself and checked against the model. */
const MODEL_EVERY = 12;
const OFFSETS_NS = [0n, 1_764_000_000_000_000_000n, -1n, 0x7fff_ffff_ffff_ffffn];

/** One decoder with what it takes to fuzz it. */
export class DecoderTarget {
  readonly name: string;
  readonly #corpus: Corpus;
  readonly #probe: DecoderProbe;
  readonly #left: DecoderProbe;
  readonly #right: DecoderProbe;
  #compared = 0;
  #read = 0;

  constructor({ name, manifest, code }: DecoderFile) {
    this.name = name;
    const module = new WebAssembly.Module(code);
    this.#corpus = makeCorpus(manifest, new Random("corpus", name));
    [this.#probe, this.#left, this.#right] = [0, 1, 2].map(() => new DecoderProbe(this.name, module)) as [
      DecoderProbe,
      DecoderProbe,
      DecoderProbe,
    ];
  }

  /** @throws {FuzzFailure} */
  run({ seed, inputs, seconds, onInput }: FuzzLimits): FuzzReport {
    const started = performance.now();
    const totals = { spans: 0, orphans: 0, inFlight: 0 };
    let records = 0;
    let epoch = 0;
    const elapsed = () => (performance.now() - started) / 1000;
    while (records < inputs && elapsed() < seconds) {
      onInput?.(`decoders-${this.name}-seed${seed}-epoch${epoch}`);
      records += this.epoch(seed, epoch++, () => elapsed() < seconds);
      totals.spans += this.#probe.word(WORD_SPANS);
      totals.orphans += this.#probe.word(WORD_ORPHANS);
      totals.inFlight += this.#probe.word(WORD_IN_FLIGHT);
    }
    const outcomes = {
      ...totals,
      read: this.#read,
      compared: this.#compared,
      mostFuel: this.#probe.fuelUsed,
    };
    return { name: `decoders ${this.name}`, inputs: records, seconds: elapsed(), outcomes };
  }

  /** Runs one epoch, or its beginning; yields the records fed. */
  epoch(seed: number, epoch: number, goOn: () => boolean = () => true): number {
    const random = new Random(seed, this.name, epoch);
    const maker = new BatchMaker(this.#corpus, random);
    const model = epoch % MODEL_EVERY === 0 ? new PairingModel() : null;
    let records = 0;
    this.#probe.reset(random.pick(OFFSETS_NS));
    for (let batch = 0; batch < BATCHES_PER_EPOCH && goOn(); batch++) {
      const length = maker.make();
      if (!model && random.once(BREAK_FRAMING_EVERY)) maker.breakFraming(length);
      try {
        if (model) this.#feedByModel(model, maker.bytes, length);
        else {
          const onRows = batch % READ_EVERY === 0 ? () => this.#readRows(random) : undefined;
          this.#probe.decode(maker.bytes, length, onRows);
        }
        if (random.once(DROP_EVERY)) {
          const pid = random.pick([0, 1000, 1001, 1002, 0xffffffff]);
          this.#probe.drop(pid);
          model?.drop(pid);
        }
        if (batch % COMPARE_EVERY === COMPARE_EVERY - 1) this.#compare(maker.bytes, length);
      } catch (error) {
        const label = `decoders-${this.name}-seed${seed}-epoch${epoch}-batch${batch}`;
        throw new FuzzFailure(label, maker.bytes.slice(0, length), error);
      }
      records += maker.records;
    }
    return records;
  }

  #feedByModel(model: PairingModel, batch: Uint8Array, length: number): void {
    const word = (index: number) => this.#probe.word(index);
    const view = new DataView(batch.buffer, batch.byteOffset, length);
    for (let at = 0; at < length;) {
      const record = batch.subarray(at, at + view.getUint32(at, true));
      model.look(word);
      this.#probe.decode(record, record.length);
      model.check(record, word);
      at += record.length;
    }
  }

  /** Feeds the records of one failure to an empty decoder. */
  feedAlone(records: Uint8Array): void {
    this.#probe.reset();
    this.#probe.decode(records, records.length, () => this.#readRows(new Random(0)));
    this.#compare(records, records.length);
  }

  #readRows(random: Random): void {
    const rows = this.#probe.rows();
    for (let count = Math.min(ROWS_READ, rows.length); count > 0; count--) {
      const row = random.pick(rows);
      const [span] = readBatches([{ pid: 0, count: 1, bytes: row.slice(8) as Uint8Array<ArrayBuffer> }]);
      const again = decodeSpan(row.subarray(row.length - spanBytes(row)));
      assert.equal(again.spanId, span!.spanId);
      assert.equal(again.attributes.length, Object.keys(span!.attributes).length);
      this.#read++;
    }
  }

  /** What comes of records must not depend on what else is in the memory: on bytes next to them above all. */
  #compare(batch: Uint8Array, length: number): void {
    const rows: Uint8Array[][] = [[], []];
    for (const [side, probe] of [this.#left, this.#right].entries()) {
      probe.reset();
      probe.poison(side === 0 ? 0x00 : 0xff);
      const keep = () => rows[side]!.push(...probe.rows().map((row) => row.slice()));
      if (side === 0) {
        probe.decode(batch, length, keep);
        continue;
      }
      const view = new DataView(batch.buffer, batch.byteOffset, length);
      for (let at = 0; at < length;) {
        const size = view.getUint32(at, true);
        const isFramed = size >= 24 && size <= length - at && size % 8 === 0;
        const end = isFramed ? at + size : length;
        probe.decode(batch.subarray(at, end), end - at, keep);
        at = end;
      }
    }
    const [left, right] = rows as [Uint8Array[], Uint8Array[]];
    assert.deepEqual(
      this.#left.counters,
      this.#right.counters,
      "counters depend on bytes beside the records",
    );
    assert.equal(this.#left.word(WORD_FAULT), FAULT_NONE);
    for (const [index, row] of left.entries()) {
      const other = right[index]!;
      if (row.length !== other.length || row.some((byte, at) => byte !== other[at])) {
        throw new Error(
          `a span depends on bytes beside its records:\n${new TextDecoder().decode(row)}\n${
            new TextDecoder().decode(other)
          }`,
        );
      }
    }
    this.#compared += left.length;
  }
}

/** Bytes of the span in a row: what follows tag and length. */
function spanBytes(row: Uint8Array): number {
  let bytes = 0;
  for (let shift = 0;; shift += 7) {
    const byte = row[9 + shift / 7]!;
    bytes += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return bytes;
  }
}
