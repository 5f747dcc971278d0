import { deepEqual } from "node:assert/strict";
import { UntrackedConnections } from "./untracked_connections.ts";

Deno.test("UntrackedConnections warns once, as soon as there are any", () => {
  const codes: unknown[] = [];
  const untracked = new UntrackedConnections({ warn: (_message, fields) => codes.push(fields?.["code"]) });
  untracked.tell(0);
  deepEqual(codes, []);
  untracked.tell(3);
  untracked.tell(4);
  deepEqual(codes, ["connections-untracked"]);
});
