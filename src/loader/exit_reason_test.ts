import assert from "node:assert/strict";
import { exitReason, isPermanent } from "./exit_reason.ts";

const LOG_H = new URL("../../loader/log.h", import.meta.url);

Deno.test("exitReason() is null only for an end without fault", () => {
  assert.equal(exitReason({ code: 0, signal: null, lastLine: "" }), null);
  assert.equal(exitReason({ code: 137, signal: "SIGKILL", lastLine: "" })?.code, "loader-died");
});

Deno.test("exitReason() knows every exit code of loader/log.h by a code of its own", () => {
  const codes = [...Deno.readTextFileSync(LOG_H).matchAll(/^\tEXIT_(\w+) = (\d+),$/gm)].map(([, , code]) =>
    Number(code)
  );
  assert.ok(codes.length >= 10);
  const names = codes.filter((code) => code !== 0).map((code) =>
    exitReason({ code, signal: null, lastLine: "" })?.code
  );
  assert.equal(new Set(names).size, names.length);
  assert.ok(!names.includes("loader-died"));
});

Deno.test("exitReason() quotes the loader's own sentence", () => {
  const reason = exitReason({ code: 3, signal: null, lastLine: "cannot start: no cap_bpf" });
  assert.equal(reason?.message, "cannot start: no cap_bpf");
  assert.equal(reason?.code, "loader-permission");
});

Deno.test("isPermanent() is true for what cannot get better by itself", () => {
  const permanent = (code: number, signal: string | null = null) => {
    const reason = exitReason({ code, signal, lastLine: "" });
    assert.ok(reason);
    return isPermanent(reason);
  };
  assert.deepEqual([2, 3, 4, 5, 7, 8, 9, 10].map((code) => permanent(code)), new Array(8).fill(true));
  assert.equal(permanent(6), false);
  assert.equal(permanent(1), false);
  assert.equal(permanent(137, "SIGKILL"), false);
});
