import assert from "node:assert/strict";
import type { AttributeSelection } from "../config/config.ts";
import * as map from "../../decoder-as/red/memory_map.ts";
import { selectAttributes, SPAN_ATTRIBUTES } from "./attributes.ts";

const SERVER_DURATION = 0;
const CLIENT_DURATION = 1;

function select(...selections: readonly Partial<AttributeSelection>[]) {
  const whole = selections.map((one) => ({ metric: "*", include: null, exclude: [], ...one }));
  return selectAttributes(whole, SPAN_ATTRIBUTES);
}

Deno.test("SPAN_ATTRIBUTES: has the numbers that the stage knows", () => {
  assert.deepEqual(
    SPAN_ATTRIBUTES.slice(0, map.ATTRIBUTE_COUNT),
    [
      ...[[map.ATTRIBUTE_METHOD, "http.request.method"], [map.ATTRIBUTE_STATUS, "http.response.status_code"]],
      ...[[map.ATTRIBUTE_ROUTE, "http.route"], [map.ATTRIBUTE_SCHEME, "url.scheme"]],
      ...[[map.ATTRIBUTE_PATH, "url.path"], [map.ATTRIBUTE_FULL_URL, "url.full"]],
      ...[[map.ATTRIBUTE_SERVER_ADDRESS, "server.address"], [
        map.ATTRIBUTE_REQUEST_SIZE,
        "http.request.body.size",
      ]],
      [map.ATTRIBUTE_RESPONSE_SIZE, "http.response.body.size"],
    ].sort(([left], [right]) => Number(left) - Number(right)).map(([, name]) => name),
  );
});

Deno.test("selectAttributes: servers have a route by default, clients an address", () => {
  const selected = select();
  assert.ok(selected[SERVER_DURATION]!.includes("http.route"));
  assert.ok(!selected[SERVER_DURATION]!.includes("server.address"));
  assert.ok(selected[CLIENT_DURATION]!.includes("server.address"));
  assert.ok(!selected[CLIENT_DURATION]!.includes("http.route"));
});

Deno.test("selectAttributes: what is included adds up, what is excluded goes, by the metric's name", () => {
  assert.deepEqual(select({ include: ["url.*"], exclude: ["url.full", "url.query"] })[SERVER_DURATION], [
    "url.scheme",
    "url.path",
  ]);
  assert.deepEqual(select({ include: ["url.p*"] }, { include: ["error.type"] })[SERVER_DURATION], [
    "url.path",
    "error.type",
  ]);
  assert.deepEqual(
    select({ include: ["url.p*", "error.type"] }, { exclude: ["url.*"] }, { include: ["{url.scheme,x}"] })[
      SERVER_DURATION
    ],
    ["url.scheme", "error.type"],
  );
  const selected = select({ metric: "http.server.*", exclude: ["*"] });
  assert.deepEqual([selected[SERVER_DURATION]!.length, selected[CLIENT_DURATION]!.length], [0, 6]);
});

Deno.test("selectAttributes: a first selection that includes nothing begins with the defaults", () => {
  const defaults = select()[SERVER_DURATION]!;
  assert.deepEqual(
    select({ exclude: ["http.route"] })[SERVER_DURATION],
    defaults.filter((name) => name !== "http.route"),
  );
  assert.deepEqual(select({ include: ["no.such"] }, { include: ["error.type"] })[SERVER_DURATION], defaults);
  assert.deepEqual(
    select({ exclude: ["*"] }, { exclude: ["a"] })[SERVER_DURATION],
    [],
    "a later one does not",
  );
});
