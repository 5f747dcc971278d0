/** The exporter of an agent without a collector: spans that reached the printer and the store count as exported. */
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { Resource } from "../trace/resource.ts";
import type { ExportStats, SpanExporter } from "./span_exporter.ts";

export class LocalExporter implements SpanExporter {
  #exported = 0;

  push(_resource: Resource, { count }: SpanBatch): void {
    this.#exported += count;
  }

  stats(): ExportStats {
    return { exported: this.#exported, queued: 0, lost: {}, batches: 0, retries: 0, lastError: null };
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
