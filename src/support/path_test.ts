import assert from "node:assert/strict";
import { dirname } from "node:path";
import { directoryOf } from "./path.ts";

Deno.test("directoryOf() says of a file what node:path says", () => {
  for (
    const path of ["/etc/tsunagi/agent.yaml", "/agent.yaml", "agent.yaml", "./agent.yaml", "a/b", "../b"]
  ) {
    assert.equal(directoryOf(path), dirname(path), path);
  }
});
