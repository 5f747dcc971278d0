import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { arrived, pageTest, until } from "./page_test_case.ts";
import { GAPS, TWELVE } from "./plans.ts";

/** Level and text of each row of the waterfall. */
async function spanRows(page: Page): Promise<string[]> {
  const rows = page.getByRole("treegrid").locator("[data-span]");
  await rows.first().waitFor();
  return await rows.evaluateAll((all) =>
    all.map((row) =>
      `${row.getAttribute("aria-level")} ${(row.querySelector(".span-name") as HTMLElement).innerText}`
        .replace(/[▸▾]/g, "").replace(/\s+/g, " ").trim()
    )
  );
}

const selected = (page: Page) => page.locator("[data-span][aria-selected=true]");
const panel = (page: Page) => page.getByRole("complementary", { name: "Selected span" });

pageTest("shows a trace as a waterfall", {
  plans: GAPS,
  prepare: (_server, world) => world.request(),
}, async ({ page, world, open }) => {
  await open(`#/trace/${world.traceIds[0]}`);
  const rows = await spanRows(page);
  deepEqual(rows.toSorted(), [
    "1 front GET /report/{id} 503",
    "2 GET → back/x 200",
    "2 GET → middle/x 503",
    "3 back GET /slow 200",
    "3 middle GET /rows/{page} 503",
    "4 GET → back/x 200",
    "5 back GET /slow 200",
  ]);
  equal(await page.getByRole("heading", { level: 1 }).innerText(), "GET /report/{id}");
  equal(await page.locator(".trace-head").getByText("3 errors").count(), 1);
  equal(await page.locator(".mark").count(), 3);
  ok(await page.locator(".gap").count() > 0);
  ok(await page.locator(".critical").count() > 0);
  // Bars lie where their spans do.
  const [root, child] = await page.locator(".span-bar").evaluateAll((bars) =>
    bars.slice(0, 2).map((bar) => bar.getBoundingClientRect()).map(({ left, right }) => [left, right])
  );
  ok(root![0]! < child![0]! && child![1]! < root![1]!);
});

pageTest("opens by keyboard, goes through the spans and back to the row it came from", {
  prepare: (_server, world) => {
    for (let index = 0; index < 30; index++) world.request();
  },
}, async ({ page, world, open }) => {
  await open("#/traces");
  await page.locator("[data-trace]").first().focus();
  for (let index = 0; index < 12; index++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  const traceId = world.traceIds.at(-12)!;
  await arrived(page, `#/trace/${traceId}`);
  const [, second] = await spanRows(page);
  await page.keyboard.press("Tab");
  await until(
    async () => await page.evaluate(() => document.activeElement?.textContent),
    (text) => text === "Copy",
  );
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  equal(await page.evaluate(() => document.activeElement?.getAttribute("role")), "row");
  await page.keyboard.press("ArrowDown");
  match(second!, /^2 GET → back\/x/);
  equal(await panel(page).getByRole("heading").innerText(), "GET");
  await panel(page).getByText("http://back/x?y=1").waitFor();
  await page.keyboard.press("End");
  await panel(page).getByText("/stock/{sku}").first().waitFor();
  await page.keyboard.press("Escape");
  await until(
    () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.trace),
    (focused) => focused === traceId,
  );
});

pageTest("shows attributes, times, process and ids of the selected span", {
  prepare: (_server, world) => world.request(),
}, async ({ page, world, open }) => {
  await open(`#/trace/${world.traceIds[0]}`);
  const side = panel(page);
  const attributes = await side.locator("details").first().locator("tr").evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [row.children[0]!.textContent, row.children[1]!.textContent]))
  );
  equal(attributes["server.port"], "8080");
  equal(attributes["network.protocol.version"], "1.1");
  match(attributes["http.request.method"]!, /^(GET|POST)$/);
  equal(await side.getByText("process.runtime.version").isVisible(), false);
  await side.locator("summary", { hasText: "Process" }).click();
  await side.getByText("process.runtime.version").waitFor();
  await side.getByText("go1.26.8").waitFor();
  await side.locator("summary", { hasText: "Ids" }).click();
  await side.getByText("none", { exact: true }).waitFor();
  await side.getByText("Own time").waitFor();
});

pageTest(
  "folds and unfolds, by key and by click",
  { prepare: (_server, world) => world.request() },
  async (test) => {
    const { page, world, open } = test;
    await open(`#/trace/${world.traceIds[0]}`);
    await selected(page).focus();
    await page.keyboard.press("ArrowLeft");
    equal((await spanRows(page)).length, 1);
    equal(await selected(page).getAttribute("aria-expanded"), "false");
    await page.keyboard.press("ArrowRight");
    equal((await spanRows(page)).length, 3);
    await page.getByRole("button", { name: "Fold" }).nth(1).click();
    equal((await spanRows(page)).length, 2);
    await page.getByRole("button", { name: "Show 1 span" }).click();
    equal((await spanRows(page)).length, 3);
  },
);

pageTest(
  "goes from error to error and zooms",
  { plans: GAPS, prepare: (_server, world) => world.request() },
  async (test) => {
    const { page, world, open } = test;
    await open(`#/trace/${world.traceIds[0]}`);
    await selected(page).focus();
    await page.keyboard.press("e");
    ok((await selected(page).getAttribute("class"))!.includes("failed"));
    const width = async () => (await selected(page).locator(".span-bar").boundingBox())!.width;
    const before = await width();
    await page.keyboard.press("z");
    ok(await width() > before * 1.5);
    await page.getByRole("button", { name: "Whole trace" }).click();
    equal(await width(), before);
  },
);

pageTest(
  "copies the trace id",
  { prepare: (_server, world) => world.request() },
  async ({ page, world, open }) => {
    await open(`#/trace/${world.traceIds[0]}`);
    await page.getByRole("button", { name: "Copy the trace id" }).click();
    await page.getByText("Copied").waitFor();
    equal(await page.evaluate(() => navigator.clipboard.readText()), world.traceIds[0]);
  },
);

pageTest(
  "takes in spans that ended since",
  { prepare: (_server, world) => world.request() },
  async (test) => {
    const { page, world, open } = test;
    await open(`#/trace/${world.traceIds[0]}`);
    equal((await spanRows(page)).length, 3);
    world.continueTrace(world.traceIds[0]!);
    await page.getByRole("button", { name: "Reload" }).click();
    await until(() => spanRows(page), (rows) => rows.length === 6);
  },
);

pageTest("says when a trace is gone", {}, async ({ page, open, forgive }) => {
  await open(`#/trace/${"0af7651916cd43dd8448eb211c80319c"}`);
  await page.getByRole("alert").waitFor();
  match(await page.getByRole("alert").innerText(), /only recent ones are kept/);
  forgive(/status of 404/);
});

pageTest("fits a deep trace into a narrow window", {
  plans: TWELVE,
  width: 390,
  prepare: (_server, world) => world.request(),
}, async ({ page, world, open }) => {
  await open(`#/trace/${world.traceIds[0]}`);
  equal((await spanRows(page)).length, 36);
  equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
});
