/// <reference lib="deno.worker" />
/**
 * The Worker behind SpanPipeline: reads the loader's pipe, routes records and posts what comes of them. It stops
 * reading while the main thread has too much to take over, so that a slow service shows as ring drops, which the
 * kernel counts, not as memory.
 */
import { describeError } from "../support/errors.ts";
import { collectGarbage } from "../support/garbage.ts";
import { RecordReader } from "../wire/records.ts";
import { Measuring } from "./measuring.ts";
import type { Command, RedSetup, Report } from "./messages.ts";
import { RecordRouter } from "./router.ts";
import type { SpanBatch } from "./span_batch.ts";

/** As much as the pipe holds. */
const CHUNK_BYTES = 1024 * 1024;
/** Span bytes that the main thread may have been posted and not taken over. */
const MAX_UNTAKEN_BYTES = 16 * 1024 * 1024;

/** Spans wait this long for company, since a message costs both threads more than the spans in it. */
const GATHER_MS = 100;
const GATHER_BYTES = 256 * 1024;

const scope = self as unknown as DedicatedWorkerGlobalScope;
let untakenBytes = 0;
let resume: (() => void) | null = null;
let gathered: SpanBatch[] = [];
let gatheredBytes = 0;
let gatherTimer: ReturnType<typeof setTimeout> | undefined;

let measuring: Measuring | null = null;
/** Made by the first command. */
let router: RecordRouter;

function begin(red: RedSetup | null): void {
  if (red) {
    measuring = new Measuring({ ...red, onFault: (message) => post({ type: "unmeasured", message }) });
  }
  router = new RecordRouter({
    onSpans: gather,
    onRecord: (record) => post({ type: "record", record }, [record.buffer]),
    onFault: (fault) => post({ type: "fault", fault }),
    measuring,
  });
}

function gather(batches: SpanBatch[]): void {
  for (const batch of batches) {
    gathered.push(batch);
    gatheredBytes += batch.bytes.length;
  }
  if (gatheredBytes >= GATHER_BYTES) postSpans();
  else gatherTimer ??= setTimeout(postSpans, GATHER_MS);
}

/** Posts a report behind the spans that were decoded before it. */
function post(report: Report, transfer: Transferable[] = []): void {
  postSpans();
  scope.postMessage(report, transfer);
}

function postSpans(): void {
  clearTimeout(gatherTimer);
  gatherTimer = undefined;
  if (gathered.length === 0) return;
  untakenBytes += gatheredBytes;
  const report: Report = { type: "spans", batches: gathered };
  scope.postMessage(report, gathered.map(({ bytes }) => bytes.buffer));
  gathered = [];
  gatheredBytes = 0;
}

function answer(id: number, run: () => unknown): void {
  try {
    post({ type: "answer", id, error: null, value: run() });
  } catch (error) {
    post({ type: "answer", id, error: describeError(error), value: null });
  }
}

async function read(path: string): Promise<void> {
  const reader = new RecordReader();
  const chunk = new Uint8Array(CHUNK_BYTES);
  const take = (record: Uint8Array, kind: number) => router.take(record, kind);
  using pipe = await Deno.open(path);
  for (;;) {
    if (untakenBytes > MAX_UNTAKEN_BYTES) await new Promise<void>((resolve) => resume = resolve);
    const count = await pipe.read(chunk);
    if (count === null) break;
    reader.push(chunk.subarray(0, count), take);
    router.flush();
  }
  reader.end();
}

async function readAndReport(path: string): Promise<void> {
  let error: string | null = null;
  try {
    await read(path);
  } catch (cause) {
    error = describeError(cause);
  }
  router.flush();
  measuring?.settle();
  post({ type: "closed", error });
}

scope.onmessage = ({ data }: MessageEvent<Command>) => {
  switch (data.type) {
    case "open":
      begin(data.red);
      readAndReport(data.path);
      break;
    case "use":
      answer(data.id, () => router.use(data.slot, data));
      break;
    case "release":
      answer(data.id, () => router.release(data.slot));
      break;
    case "counters":
      answer(data.id, () => router.counters());
      break;
    case "rules":
      answer(data.id, () => {
        router.flush();
        measuring?.setRules(data.rules);
      });
      break;
    case "process":
      router.flush();
      measuring?.setProcess(data.rules);
      break;
    case "forget":
      router.flush();
      measuring?.forget(data.resource);
      break;
    case "snapshot":
      answer(data.id, () => measuring?.changes() ?? null);
      break;
    case "rest":
      collectGarbage();
      break;
    case "taken":
      untakenBytes -= data.bytes;
      if (untakenBytes <= MAX_UNTAKEN_BYTES) resume?.();
      break;
  }
};
