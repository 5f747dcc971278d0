import { deepEqual, equal, ok } from "node:assert/strict";
import { arrived, pageTest, show, tableRows, until } from "./page_test_case.ts";
import { TWELVE } from "./plans.ts";

/** The longest time between two requests of a view. */
const POLL_MS = 60_000;

pageTest("shows services and routes with the figures of the API", {}, async ({ page, open }) => {
  await open("");
  const services = await tableRows(page, "Services");
  deepEqual(services.map((cells) => cells.filter((text) => text !== "")), [
    ["back", "97.5", "4.00", "4.40 ms", "8.80 ms", "17.2 ms"],
    ["front", "240", "0", "1.32 ms", "2.64 ms", "5.16 ms"],
  ]);
  const routes = await tableRows(page, "Routes");
  deepEqual(routes.map(([route, service, rate]) => [route, service, rate]), [
    ["GET /orders/{id}", "front", "120"],
    ["POST /orders", "front", "120"],
    ["GET /stock/{sku}", "back", "97.5"],
  ]);
  await until(() => page.title(), (title) => title === "Services · node-1 · Tsunagi");
  equal(await page.locator("table .spark").count(), 6);
});

pageTest("follows the rates while it is open", {}, async ({ page, server, open }) => {
  await open("");
  equal((await tableRows(page, "Services"))[1]![1], "240");
  server.load = 0.5;
  await page.clock.fastForward(POLL_MS);
  await until(async () => (await tableRows(page, "Services"))[1]![1], (rate) => rate === "120");
});

pageTest(
  "keeps the sizes of everything when figures change",
  { plans: TWELVE },
  async ({ page, server, open }) => {
    await open("");
    const boxes = () =>
      page.locator("th, td, h2, .totals dt").evaluateAll((all) =>
        all.map((one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          return [x, y, width, height].map(Math.round).join(" ");
        })
      );
    const before = await boxes();
    server.services = (report) => ({
      ...report,
      services: report.services.map((service) => ({
        ...service,
        ...LONG,
        routes: service.routes.map(longer),
      })),
    });
    await page.clock.fastForward(POLL_MS);
    await until(async () => (await tableRows(page, "Services"))[4]![1], (rate) => rate === "123,456");
    const after = await boxes();
    deepEqual(after.filter((box, index) => box !== before[index]), []);
  },
);

pageTest("asks over five minutes when told so, and remembers that", {}, async ({ page, server, open }) => {
  await open("");
  await page.getByText("5 min").click();
  await until(async () => (await tableRows(page, "Services"))[1]![1], (rate) => rate === "216");
  ok(server.asked.includes("/api/v1/services?window=300"));
  server.asked.length = 0;
  await page.reload();
  await tableRows(page, "Services");
  ok(server.asked.includes("/api/v1/services?window=300"));
});

pageTest("sorts by a column, and the other way round", { plans: TWELVE }, async ({ page, open }) => {
  await open("");
  const names = async () => (await tableRows(page, "Services")).map(([name]) => name!.split(" ")[0]);
  const column = page.getByRole("table", { name: "Services" }).getByRole("columnheader", {
    name: "p99",
    exact: true,
  });
  deepEqual((await names()).slice(0, 2), ["audit", "cart"]);
  await column.getByRole("button").click();
  deepEqual((await names()).slice(0, 2), ["geo", "recommendations-for-returning-customers-v2"]);
  equal(await column.getAttribute("aria-sort"), "descending");
  await column.getByRole("button").click();
  equal((await names())[0], "audit");
  equal(await column.getAttribute("aria-sort"), "ascending");
});

pageTest("keeps rows in their places while one points at them", {}, async ({ page, server, open }) => {
  await open("");
  const rates = page.getByRole("table", { name: "Services" }).getByRole("columnheader", { name: "Rate" });
  await rates.getByRole("button").click();
  const names = async () => (await tableRows(page, "Services")).map(([name]) => name);
  deepEqual(await names(), ["front", "back"]);
  // They do so for a while only, which shall not be over by itself.
  await page.clock.pauseAt(Date.now() + 3_600_000);
  await page.getByRole("link", { name: "back", exact: true }).first().hover();
  server.services = (report) => ({
    ...report,
    services: report.services.map((one) => one.name === "back" ? { ...one, rate: 1_000 } : one),
  });
  await show(page, false);
  await show(page, true);
  await until(async () => (await tableRows(page, "Services"))[1]![1], (rate) => rate === "1,000");
  deepEqual(await names(), ["front", "back"]);
  await page.getByText("Slowest p99").hover();
  await until(names, ([first]) => first === "back");
});

pageTest(
  "leads from a service to its charts, routes and calls, and back",
  { plans: TWELVE },
  async ({ page, open }) => {
    await open("");
    await page.getByRole("link", { name: "checkout", exact: true }).first().click();
    await page.getByRole("heading", { name: "checkout", level: 1 }).waitFor();
    await until(() => page.locator(".chart canvas").count(), (count) => count === 3);
    const [chart] = await page.locator(".chart [role=img]").all();
    ok(
      (await chart!.getAttribute("aria-label"))!.startsWith(
        "Requests a second: now ",
      ),
    );
    deepEqual((await tableRows(page, "Routes of checkout")).map(([route]) => route).sort(), [
      "GET /checkout/{id}",
      "POST /checkout",
    ]);
    deepEqual((await tableRows(page, "Calls of checkout")).map(([from, to]) => `${from} > ${to}`), [
      "edge-gateway > checkout",
      "checkout > cart",
      "checkout > payment",
      "checkout > shipping",
    ]);
    await page.goBack();
    await tableRows(page, "Services");
  },
);

pageTest("leads from errors to the traces that failed", { prepare: fill }, async ({ page, open }) => {
  await open("");
  await page.getByRole("table", { name: "Services" }).getByRole("link", { name: "4.00" }).click();
  await arrived(page, "#/traces?service=back&status=error");
  await page.getByRole("heading", { name: "Recent traces" }).waitFor();
});

pageTest("says what an agent without requests does", { plans: [] }, async ({ page, server, open }) => {
  server.targets = [];
  await open("");
  await page.getByText("No requests yet").waitFor();
  await page.getByRole("link", { name: "0 processes traced, 0 refused" }).click();
  await page.getByText("No Go process is running").waitFor();
  await page.getByRole("link", { name: "Traces" }).click();
  await page.getByText("No traces yet").waitFor();
  await page.getByRole("link", { name: "Map" }).click();
  await page.getByText("No requests yet").waitFor();
});

pageTest("says when there is no such service", {}, async ({ page, open }) => {
  await open("#/service/nobody");
  await page.getByText("No service nobody").waitFor();
});

const LONG = { rate: 123_456, errorRate: 0.99994, p50Ms: 0.000999, p90Ms: 59_940, p99Ms: 7_203_000 };
const longer = <Row extends object>(row: Row) => ({ ...row, ...LONG });

function fill(_server: unknown, world: { request(): string }) {
  for (let index = 0; index < 60; index++) world.request();
}
