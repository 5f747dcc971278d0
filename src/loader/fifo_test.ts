import assert from "node:assert/strict";
import { Fifo } from "./fifo.ts";
import { LoaderExitError } from "./loader_error.ts";

Deno.test("Fifo.create() says where the pipe was to be when it cannot be made", async () => {
  await assert.rejects(Fifo.create("/no/such/folder"), (error) => {
    assert.ok(error instanceof LoaderExitError);
    assert.equal(error.reason.code, "loader-not-started");
    assert.match(error.reason.message, /^Cannot make the loader's pipe in \/no\/such\/folder: No such file/);
    return true;
  });
});
