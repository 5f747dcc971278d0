/** Routes of spans that have none of their own: patterns, every way of `unmatched`, and that all of it is bounded. */
import assert from "node:assert/strict";
import type { RouteRules } from "../../src/config/config.ts";
import { RedTotals } from "../../src/metrics/totals.ts";
import type { RedSnapshot } from "../../src/red/types.ts";
import { Random } from "../fuzz/random.ts";
import { rulesWith, server, StageFixture } from "./rows.ts";

function routeOf(path: string, routes: Partial<RouteRules>): string | undefined {
  const [span] = new StageFixture(rulesWith({ routes })).run(server(path));
  const route = span!.attributes["http.route"];
  assert.equal(span!.name, route === undefined ? "GET" : `GET ${route}`);
  return route as string | undefined;
}

Deno.test("routes: a pattern that matches names the route", () => {
  const patterns = [
    "/orders/{id}",
    "/orders/:id/items",
    "/files/*",
    "/v1/*/end",
    "/report-*.pdf",
    "/",
    "/ä/{x}",
  ];
  const cases: Readonly<Record<string, string | undefined>> = {
    "/orders/17": "/orders/{id}",
    "/orders/17/": "/orders/{id}",
    "/orders/": undefined,
    "/orders": undefined,
    "/orders//items": undefined,
    "/orders/17/items": "/orders/:id/items",
    "/orders/17/items/3": undefined,
    "/files/a/b/c": "/files/*",
    "/files/": "/files/*",
    "/files": "/files/*",
    "/filesystem": undefined,
    "/v1/x/end": "/v1/*/end",
    "/v1/x/y/end": "/v1/*/end",
    "/v1/end/end": "/v1/*/end",
    "/v1/end": undefined,
    "/v1/x/end/y": undefined,
    "/report-2024.pdf": "/report-*.pdf",
    "/report-2024.txt": undefined,
    "/": "/",
    "/ä/ö": "/ä/{x}",
    "*": undefined,
    "": undefined,
  };
  for (const [path, route] of Object.entries(cases)) {
    assert.equal(routeOf(path, { patterns, unmatched: "unset" }), route, path);
  }
});

Deno.test("routes: what is spelt out comes before a variable, that before any rest; of equals the first counts", () => {
  const patterns = ["/a/*", "/a/:id", "/a/{other}", "/a/b*", "/a/b", "*", "/a/*/c", "/x/*/y/*", "plain/{id}"];
  const cases: Readonly<Record<string, string>> = {
    "/a/b": "/a/b",
    "/a/bc": "/a/b*",
    "/a/1": "/a/:id",
    "/a": "/a/*",
    "/a/1/2": "/a/*",
    "/a/1/2/c": "/a/*/c",
    "/a/c": "/a/:id",
    "/": "*",
    "/x/1/2/y": "/x/*/y/*",
    "/x/1/y/2/3": "/x/*/y/*",
    "/x/y": "*",
    "/plain/7": "plain/{id}",
    [`/a${"/s".repeat(40)}`]: "/a/*",
    [`/a${"/s".repeat(40)}/c`]: "/a/*",
  };
  for (const [path, route] of Object.entries(cases)) {
    assert.equal(routeOf(path, { patterns, unmatched: "unset" }), route, path);
  }
});

Deno.test("routes: unset, path and wildcard", () => {
  assert.equal(routeOf("/a/1", { unmatched: "unset" }), undefined);
  assert.equal(routeOf("/a/1", { unmatched: "path" }), "/a/1");
  assert.equal(routeOf(`/${"ä".repeat(200)}`, { unmatched: "path" }), `/${"ä".repeat(127)}`);
  assert.equal(routeOf("/a/1", { unmatched: "wildcard" }), "/**");
});

Deno.test("routes: the heuristic keeps words and replaces what varies", () => {
  const cases: Readonly<Record<string, string>> = {
    "/": "/",
    "/users": "/users",
    "/users/": "/users",
    "/users/4711": "/users/*",
    "/users/4711/orders/0af7651916cd43dd8448eb211c80319c": "/users/*/orders/*",
    "/api/v2/getUserById/550e8400-e29b-41d4-a716-446655440000": "/api/v2/getUserById/*",
    "/v1beta1/sign-in": "/v1beta1/sign-in",
    "/oauth2/token": "/oauth2/token",
    "/.well-known/openid-configuration": "/.well-known/openid-configuration",
    "/static/main.3f2a1b9c.js": "/static/*",
    "/people/jane@example.com": "/people/*",
    "/deadbeef": "/*",
    "/cafe": "/cafe",
    "/xkcdqwzt": "/*",
    "/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0": "/*",
    "/aGVsbG8gd29ybGQ": "/*",
    "/how-to-cook-rice-in-ten-minutes": "/*",
    "/a%20b": "/*",
    "/日本": "/*",
    "/healthz": "/healthz",
    "/graphql": "/graphql",
    "/a/b/c/d/e/f/g/h/i/j": "/a/b/c/d/e/f/g/h/**",
    [`/${"users/".repeat(8)}`]: "/users/users/users/users/users/users/users/users",
    [`/${"x".repeat(300)}`]: "/*",
  };
  for (const [path, route] of Object.entries(cases)) {
    assert.equal(routeOf(path, { unmatched: "heuristic" }), route, path);
  }
  assert.equal(routeOf("/users/4711", { unmatched: "heuristic", wildcard: "{id}" }), "/users/{id}");
});

const routesIn = ({ series }: RedSnapshot) =>
  new Set(series.map(({ attributes }) => attributes["http.route"]));

Deno.test("routes: a process has at most 200 routes of the heuristic, others their own", () => {
  const fixture = new StageFixture();
  for (const pid of [1, 2]) {
    fixture.stage.setProcess({ pid, resource: pid, routes: 0, traces: true, metrics: true });
  }
  const words = [
    "users",
    "orders",
    "items",
    "stock",
    "books",
    "files",
    "pages",
    "posts",
    "teams",
    "plans",
    "tasks",
  ];
  const paths = words.flatMap((a) => words.flatMap((b) => words.map((c) => `/${a}/${b}/${c}`)));
  for (const path of paths) fixture.run(server(path, { pid: 1 }));
  assert.equal(routesIn(fixture.snapshot()).size, 201);
  const [first, last] = fixture.run(server(paths[0]!, { pid: 1 }), server(paths.at(-1)!, { pid: 1 }));
  assert.deepEqual([first!.name, last!.name], [`GET ${paths[0]}`, "GET /**"]);
  assert.equal(fixture.run(server(paths.at(-1)!, { pid: 2 }))[0]!.name, `GET ${paths.at(-1)}`);
  fixture.stage.forget(1);
  assert.equal(fixture.run(server(paths.at(-1)!, { pid: 1 }))[0]!.name, `GET ${paths.at(-1)}`);
});

Deno.test("routes: low-cardinality collapses a place with more than ten values", () => {
  const fixture = new StageFixture(rulesWith({ routes: { unmatched: "low-cardinality" } }));
  const names = (...paths: readonly string[]) =>
    fixture.run(...paths.map((path) => server(path))).map(({ name }) => name);
  for (let id = 0; id < 10; id++) assert.deepEqual(names(`/orders/${id}/items`), [`GET /orders/${id}/items`]);
  assert.deepEqual(names("/orders/3/items", "/orders/10/items", "/orders/3/items", "/users/3"), [
    "GET /orders/3/items",
    "GET /orders/*/items",
    "GET /orders/*/items",
    "GET /users/3",
  ]);
  for (let id = 0; id < 20_000; id++) {
    assert.match(names(`/users/${id}/x${id}`)[0]!, id < 9 ? /^GET/ : /x|\*/);
  }
  assert.deepEqual(names("/users/77/y"), ["GET /users/*/*"]);
  assert.deepEqual(names("/a/b/c/d/e/f/g/h/i/j"), ["GET /a/b/c/d/e/f/g/h/**"]);
});

Deno.test("routes: an answer of 404 teaches no route, and has one that is known, or a pattern", () => {
  const answered = (path: string, status: number) =>
    server(path, { attributes: { "http.response.status_code": status } });
  const name = (fixture: StageFixture, span: ReturnType<typeof server>) => fixture.run(span)[0]!.name;
  const heuristic = new StageFixture();
  assert.equal(name(heuristic, answered("/orders/17", 404)), "GET");
  assert.equal(name(heuristic, answered("/orders/17", 200)), "GET /orders/*");
  assert.equal(name(heuristic, answered("/orders/18", 404)), "GET /orders/*");
  assert.equal(name(heuristic, answered("/wp-login", 404)), "GET");
  const tree = new StageFixture(rulesWith({ routes: { unmatched: "low-cardinality" } }));
  for (let id = 0; id < 20; id++) assert.equal(name(tree, answered(`/x${id}`, 404)), "GET");
  assert.equal(name(tree, answered("/orders", 200)), "GET /orders");
  const patterns = new StageFixture(rulesWith({ routes: { patterns: ["/orders/{id}"] } }));
  assert.equal(name(patterns, answered("/orders/17", 404)), "GET /orders/{id}");
});

/** Paths of the shapes that services have, and of shapes that nobody has. */
function randomPath(random: Random): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const token = () =>
    Array.from({ length: 2 + random.below(20) }, () => letters[random.below(letters.length)]).join("");
  const word = () => Array.from({ length: 3 + random.below(6) }, () => letters[random.below(26)]).join("");
  const segment = () => random.pick([token, word, () => String(random.bits()), () => crypto.randomUUID()])();
  return Array.from({ length: 1 + random.below(4) }, () => `/${segment()}`).join("");
}

for (const unmatched of ["heuristic", "low-cardinality", "wildcard", "path"] as const) {
  Deno.test(`routes: series of 10,000 random paths stay in the budget over restarts, ${unmatched}`, () => {
    const random = new Random("paths", unmatched);
    const totals = new RedTotals();
    const rules = rulesWith({ measure: { maxSeries: 500 }, routes: { unmatched } });
    const raw = new Set<string>();
    for (let life = 0; life < 3; life++) {
      const fixture = new StageFixture(rules, { previous: totals.with(null) });
      for (let batch = 0; batch < 100; batch++) {
        const paths = Array.from({ length: 100 }, () => randomPath(random));
        paths.forEach((path) => raw.add(path));
        fixture.run(...paths.map((path) => server(path)));
      }
      fixture.stage.settle();
      totals.fold(fixture.snapshot());
      const { series, routes } = totals.with(null);
      assert.ok(series.filter(({ overflow }) => !overflow).length <= 500);
      assert.ok(routes.filter(({ overflow }) => !overflow).length <= 2048);
      assert.equal(series.reduce((sum, { histogram }) => sum + histogram.count, 0), 10_000 * (life + 1));
      if (unmatched === "heuristic") assert.ok(routesIn(totals.with(null)).size <= 202);
    }
  });
}
