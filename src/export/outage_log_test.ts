import { deepEqual } from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { createLogger } from "../support/log.ts";
import { OutageLog } from "./outage_log.ts";

Deno.test("OutageLog tells the begin and the end of an outage, and of a long one each minute", async () => {
  const lines: string[] = [];
  const log = createLogger({ write: (line) => lines.push(line) });
  const clock = new FakeClock();
  const outage = new OutageLog({ log, clock, what: "spans", to: "http://127.0.0.1:4318" });
  outage.succeeded();
  for (let second = 0; second < 70; second++) {
    outage.failed("refused");
    await clock.advance(1_000);
  }
  outage.succeeded();
  outage.succeeded();
  outage.failed("busy");
  deepEqual(lines.map((line) => line.replace(/^time=\S+ /, "").trim()), [
    'level=warn msg="cannot export spans, trying again" to=http://127.0.0.1:4318 why=refused failures=1',
    'level=warn msg="cannot export spans, trying again" to=http://127.0.0.1:4318 why=refused failures=61',
    'level=info msg="export of spans works again" to=http://127.0.0.1:4318 failures=70',
    'level=warn msg="cannot export spans, trying again" to=http://127.0.0.1:4318 why=busy failures=1',
  ]);
});
