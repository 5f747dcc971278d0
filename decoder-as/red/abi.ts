/** The exports of the RED stage, nothing else. The host's view of them is src/red/stage.ts. */
import { removeEdges, seedEdge as takeEdge } from "./edges";
import { expire, forgetPending } from "./graph";
import { removeLatencies, seedLatency as takeLatency } from "./latencies";
import { SCRATCH_KEY_OFFSET } from "./memory_map";
import { forgetRoutes, learnRoute } from "./routes";
import { removeSeries, seedSeries as takeSeries } from "./series";
import { runRows } from "./stage";
import { reindex, tableAt } from "./table";
import { forgetTree } from "./tree";

/** Takes `bytes` bytes of whole rows; yields the bytes taken, fewer when the output is full. */
export function run(bytes: u32): u32 {
  return runRows(bytes);
}

/** Ends the waiting of sides of calls that waited too long, or of all. */
export function settle(all: u32): void {
  expire(all != 0);
}

/** Frees everything that is kept of a process. */
export function forget(resource: u32): void {
  removeSeries(0, resource);
  removeEdges(false, resource);
  removeLatencies(resource);
  forgetPending(resource);
  forgetRoutes(resource);
  forgetTree(resource);
}

/** Begins new series for metrics (bits, not 0). */
export function restartSeries(metrics: u32): void {
  removeSeries(metrics, 0);
}

export function restartEdges(): void {
  removeEdges(true, 0);
}

/** The host has laid a table out anew. */
export function resize(table: u32): void {
  reindex(tableAt(table));
}

/* What an earlier stage measured, taken into the budgets of this one. The key of a series lies in SCRATCH_KEY_OFFSET, the
 * other two 1024 bytes behind. */

export function seedSeries(bytes: u32): void {
  takeSeries(bytes);
}

export function seedEdge(bytes: u32): void {
  takeEdge(bytes);
}

export function seedLatency(bytes: u32): void {
  takeLatency(bytes);
}

/** Takes a route of an earlier stage into the budget of its process; it lies where the key of an edge does. */
export function learn(resource: u32, bytes: u32): void {
  learnRoute(resource, SCRATCH_KEY_OFFSET + 1024, bytes);
}
