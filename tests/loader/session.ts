/** The real loader with a reader on its pipe, as the service has it, for the tests of this folder. */
import { RecordReader } from "../../src/wire/records.ts";
import { LoaderClient, type LoaderClientOptions } from "../../src/loader/client.ts";
import type { Hello } from "../../src/wire/hello.ts";

/** Where `deno task build` puts it. */
export const LOADER = Deno.env.get("TSUNAGI_LOADER") ??
  new URL("../../build/tsunagi-go", import.meta.url).pathname;

/** A record that the client did not take: spans and process events. */
export interface OtherRecord {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** A loader that serves. */
export class LoaderSession implements AsyncDisposable {
  readonly client: LoaderClient;
  readonly hello: Hello;
  readonly others: OtherRecord[];
  /** Resolves when the pipe has ended. */
  readonly drained: Promise<void>;

  private constructor(client: LoaderClient, hello: Hello, others: OtherRecord[], drained: Promise<void>) {
    this.client = client;
    this.hello = hello;
    this.others = others;
    this.drained = drained;
  }

  static async start(options: Partial<LoaderClientOptions> = {}): Promise<LoaderSession> {
    const client = await LoaderClient.start({ path: LOADER, ...options });
    const others: OtherRecord[] = [];
    const drained = drain(client, others);
    return new LoaderSession(client, await client.hello, others, drained);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.drained;
  }
}

async function drain(client: LoaderClient, others: OtherRecord[]): Promise<void> {
  using file = await Deno.open(client.fifoPath);
  const reader = new RecordReader();
  const chunk = new Uint8Array(65_536);
  while (true) {
    const count = await file.read(chunk);
    if (count === null) return;
    reader.push(chunk.subarray(0, count), (record, kind) => {
      if (!client.handleRecord(record)) others.push({ kind, bytes: record.slice() });
    });
  }
}
