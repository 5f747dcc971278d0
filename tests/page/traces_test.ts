import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import type { PageServer } from "./page_server.ts";
import { arrived, pageTest, placeOf, tableRows, until } from "./page_test_case.ts";
import { TWELVE } from "./plans.ts";
import type { World } from "./world.ts";

const REQUESTS = 60;

function fill(_server: PageServer, world: World) {
  for (let index = REQUESTS; index > 0; index--) world.request({ agoMs: index * 700 });
}

async function traceIds(page: Page): Promise<string[]> {
  return await page.locator("[data-trace]").evaluateAll((links) =>
    links.map((link) => (link as HTMLElement).dataset.trace!)
  );
}

/** What the API finds, which is what the page has to show. */
async function found(server: PageServer, query: string): Promise<string[]> {
  const response = await fetch(`${server.url}/api/v1/traces?limit=100&${query}`);
  const { traces } = await response.json();
  return traces.map(({ traceId }: { traceId: string }) => traceId);
}

pageTest("lists traces, newest first", { prepare: fill }, async ({ page, world, open }) => {
  await open("#/traces");
  const rows = await tableRows(page, "Recent traces");
  equal(rows.length, REQUESTS);
  deepEqual(await traceIds(page), world.traceIds.toReversed());
  const [start, root, services, spans, length] = rows[0]!;
  match(start!, /^\d\d:\d\d:\d\d\.\d{3}$/);
  match(root!, /^(GET \/orders\/\{id\} \/orders\/\d+|POST \/orders) (200|503)/);
  deepEqual([services, spans], ["front back", "3"]);
  match(length!, /^\d+(\.\d+)? ms$/);
  await until(() => page.locator(".scatter canvas").count(), (count) => count === 1);
});

pageTest("searches by service, route, status and duration, and says so in the address", {
  plans: TWELVE,
  prepare: fill,
}, async ({ page, server, open }) => {
  await open("#/traces");
  const all = await traceIds(page);
  const expectFound = async (query: string) => {
    const want = await found(server, query);
    ok(want.length > 0 && want.length < all.length, `${query} finds ${want.length}`);
    deepEqual(await until(() => traceIds(page), (ids) => ids.join() === want.join()), want);
    await arrived(page, `#/traces?${query}`);
  };
  await page.getByRole("combobox", { name: "Route" }).selectOption("/checkout");
  await expectFound("route=%2Fcheckout");
  await page.getByRole("combobox", { name: "Service" }).selectOption("edge-gateway");
  await page.getByRole("combobox", { name: "Status" }).selectOption("failed");
  await expectFound("service=edge-gateway&route=%2Fcheckout&status=error");
  await page.getByRole("combobox", { name: "Service" }).selectOption("any");
  await page.getByRole("combobox", { name: "Route" }).selectOption("any");
  await page.getByRole("combobox", { name: "Status" }).selectOption("any");
  await page.getByLabel("Longer than").fill("2000");
  await expectFound("min_duration_ms=2000");
});

pageTest("searches by text", { prepare: fill }, async ({ page, world, open }) => {
  await open("#/traces");
  await page.getByLabel("Search").fill(world.traceIds[30]!);
  await until(() => traceIds(page), (ids) => ids.join() === world.traceIds[30]);
  await page.getByLabel("Search").fill("nothing like this");
  await page.getByText("No trace in memory matches").waitFor();
  await page.getByRole("link", { name: "Clear the search" }).click();
  await until(() => traceIds(page), (ids) => ids.length === REQUESTS);
  await until(() => page.getByLabel("Search").inputValue(), (text) => text === "");
  // What was typed is no step of its own.
  await page.getByLabel("Search").fill("x");
  await arrived(page, "#/traces?q=x");
  await page.goBack();
  await page.getByText("No trace in memory matches").waitFor();
});

pageTest("fills the search from an address", { prepare: fill }, async ({ page, server, open }) => {
  await open("#/traces?service=back&status=error&q=stock");
  equal(await page.getByLabel("Search").inputValue(), "stock");
  equal(await page.getByRole("combobox", { name: "Service" }).inputValue(), "back");
  equal(await page.getByRole("combobox", { name: "Status" }).inputValue(), "error");
  deepEqual(await traceIds(page), await found(server, "service=back&status=error&q=stock"));
});

pageTest("says what is wrong with a search", { prepare: fill }, async ({ page, open, forgive }) => {
  await open("#/traces?min_duration_ms=soon");
  await page.getByRole("alert").getByText("min_duration_ms").waitFor();
  forgive(/status of 400/);
});

pageTest(
  "follows new traces while it is live, and only then",
  { prepare: fill },
  async ({ page, server, world, open, idle }) => {
    await open("#/traces");
    await page.locator(".pulse.open").waitFor();
    const fresh = world.request();
    await page.clock.fastForward(2_000);
    await until(() => traceIds(page), ([first]) => first === fresh);
    await page.getByRole("switch", { name: "Live" }).uncheck();
    await page.locator(".pulse.off").waitFor();
    await idle();
    const before = server.asked.length;
    world.request();
    await page.clock.fastForward(60_000);
    await page.waitForTimeout(300);
    equal(server.asked.slice(before).filter((path) => path.startsWith("/api/v1/traces")).length, 0);
    equal((await traceIds(page))[0], fresh);
  },
);

pageTest("shows more than a hundred traces when asked", {
  prepare: (_server, world) => Array.from({ length: 140 }, () => world.request()),
}, async ({ page, open }) => {
  await open("#/traces");
  await until(() => traceIds(page), (ids) => ids.length === 100);
  await page.getByRole("button", { name: "Show more" }).click();
  await until(() => traceIds(page), (ids) => ids.length === 140);
});

pageTest(
  "opens a trace by a click on its point",
  { prepare: (_server, world) => world.request() },
  async (test) => {
    const { page, world, open } = test;
    await open("#/traces");
    // The only one stands alone, at the right.
    const over = page.locator(".scatter .u-over");
    await over.waitFor();
    const { width, height } = (await over.boundingBox())!;
    const isHit = async () => (await placeOf(page)).startsWith("#/trace/");
    for (let x = width - 2; x > 0 && !await isHit(); x -= 12) {
      for (let y = 2; y < height && !await isHit(); y += 12) await over.click({ position: { x, y } });
    }
    await arrived(page, `#/trace/${world.traceIds[0]}`);
  },
);

pageTest("inserts what processes say as text", {
  plans: [{
    name: "<img src=x onerror=alert(1)>",
    routes: ["GET /<script>alert(2)</script><img>"],
    calls: [],
    ownMs: 1,
    errorShare: 1,
  }],
  prepare: fill,
}, async ({ page, world, open }) => {
  for (const hash of ["", "#/map", "#/traces", `#/trace/${world.traceIds[0]}`, "#/targets"]) {
    await open(hash);
    await page.getByText("<img src=x onerror=alert(1)>").first().waitFor({ state: "attached" });
    deepEqual([hash, await page.locator("img, body script").count()], [hash, 0]);
  }
});
