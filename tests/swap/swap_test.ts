/** Decoders swapped under load; see swap.ts. SWAPS and SPANS (environment) ask for more. */
import assert from "node:assert/strict";
import { rootTest } from "../support/root.ts";
import { proveSwaps } from "./swap.ts";

const swaps = Number(Deno.env.get("SWAPS") ?? 40);
const spans = Number(Deno.env.get("SPANS") ?? 50_000);

rootTest(
  `${swaps} swaps while ${spans} spans are made lose none, double none and decode none wrongly`,
  async () => {
    const proof = await proveSwaps({ swaps, spans, batch: 300 });
    assert.ok(proof.swaps >= swaps);
    assert.ok(proof.spans >= spans);
    assert.ok(proof.slowRequests > 0);
  },
);
