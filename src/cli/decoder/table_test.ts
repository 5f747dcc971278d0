import { deepEqual } from "node:assert/strict";
import { alignRows } from "./table.ts";

Deno.test("alignRows() makes columns as wide as their widest cell and leaves no space at the end", () => {
  deepEqual(alignRows([["NAME", "N", "LAST"], ["go1.26", "12", ""], ["é", "3", "x"]], [1]), [
    "NAME     N  LAST",
    "go1.26  12",
    "é        3  x",
  ]);
});

Deno.test("alignRows() lets no cell steer the terminal", () => {
  deepEqual(alignRows([["a\x1b[2J", "b\nc"]]), ["a\\u001b[2J  b\\u000ac"]);
});
