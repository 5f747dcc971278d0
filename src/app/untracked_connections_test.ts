import { deepEqual, equal } from "node:assert/strict";
import { UntrackedConnections, untrackedReason } from "./untracked_connections.ts";

Deno.test("UntrackedConnections warns once, as soon as there are any", () => {
  const codes: unknown[] = [];
  const untracked = new UntrackedConnections({ warn: (_message, fields) => codes.push(fields?.["code"]) });
  untracked.tell(0);
  deepEqual(codes, []);
  untracked.tell(3);
  untracked.tell(4);
  deepEqual(codes, ["connections-untracked"]);
});

Deno.test("untrackedReason() is there when more than one connection in a hundred is not followed", () => {
  equal(untrackedReason({}), null);
  equal(untrackedReason({ sockets_tracked: 99, socket_track_failed: 1 }), null);
  equal(untrackedReason({ sockets_tracked: 98, socket_track_failed: 1 })?.code, "connections-untracked");
});
