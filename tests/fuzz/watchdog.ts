/**
 * Ends the process when one input takes too long, and says which: nothing else can, once a parser or a decoder loops.
 * Used by main.ts and fuzz_test.ts. The watching runs in a Worker of its own.
 */

/** Far beyond what any input takes, on a machine that does other work too. */
const LIMIT_MS = 120_000;
const LABEL_BYTES = 256;

/** What the Worker does: it gets the memory that labels are written to, and complains when it stays the same. */
const SOURCE = `
  let told = "";
  let since = Date.now();
  self.onmessage = ({ data: memory }) => setInterval(() => {
    const label = String.fromCharCode(...memory).replaceAll("\\0", "");
    if (label !== told) { told = label; since = Date.now(); }
    if (label === "" || Date.now() - since < ${LIMIT_MS}) return;
    console.error("fuzz: " + label + " still runs after ${LIMIT_MS / 1000} s");
    Deno.kill(Deno.pid, "SIGKILL");
  }, 1000);
`;

/** Watches from its making until it is disposed. */
export class Watchdog implements Disposable {
  readonly #label = new Uint8Array(new SharedArrayBuffer(LABEL_BYTES));
  readonly #url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
  readonly #worker = new Worker(this.#url, { type: "module", name: "watchdog" });

  constructor() {
    this.#worker.postMessage(this.#label);
  }

  /** Says that an input begins; "" that none runs. */
  watch(label: string): void {
    this.#label.fill(0);
    for (let at = 0; at < Math.min(label.length, LABEL_BYTES); at++) this.#label[at] = label.charCodeAt(at);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    URL.revokeObjectURL(this.#url);
  }
}
