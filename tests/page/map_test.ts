import { deepEqual, equal, ok } from "node:assert/strict";
import { arrived, pageTest, tableRows, until } from "./page_test_case.ts";
import { THIRTY, TWELVE } from "./plans.ts";

pageTest("draws who calls whom, with figures on few edges", {}, async ({ page, open }) => {
  await open("#/map");
  const map = page.locator("svg.map");
  await map.waitFor();
  deepEqual((await map.locator(".map-name").allTextContents()).sort(), ["back", "front", "outside callers"]);
  deepEqual((await map.locator(".map-label").allTextContents()).sort(), [
    "100/s4.00 %16.0 ms",
    "240/s4.80 ms",
  ]);
  equal(await map.locator(".map-edge.failing").count(), 1);
  deepEqual((await tableRows(page, "Calls")).map((cells) => cells.slice(0, 3)), [
    ["outside callers", "front", "240"],
    ["front", "back", "100"],
  ]);
});

pageTest("keeps nodes apart and inside, also thirty of them", { plans: THIRTY }, async ({ page, open }) => {
  await open("#/map");
  const boxes = await page.locator(".map-node").evaluateAll((nodes) =>
    nodes.map((node) => node.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({
      left,
      right,
      top,
      bottom,
    }))
  );
  equal(boxes.length, 31);
  for (const [index, a] of boxes.entries()) {
    for (const b of boxes.slice(index + 1)) {
      ok(
        a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top,
        JSON.stringify([a, b]),
      );
    }
  }
  // Names can still be read.
  ok(boxes[0]!.right - boxes[0]!.left > 120);
});

pageTest("keeps names inside of their nodes", { plans: TWELVE }, async ({ page, open }) => {
  await open("#/map");
  const outside = await page.locator(".map-item").evaluateAll((items) =>
    items.filter((item) => {
      const box = item.querySelector(".map-node")!.getBoundingClientRect();
      return [...item.querySelectorAll("text")].some((text) =>
        text.getBoundingClientRect().right > box.right
      );
    }).map((item) => item.textContent)
  );
  deepEqual(outside, []);
});

pageTest(
  "shows the neighbours of the node one points at, and leads to it",
  { plans: TWELVE },
  async ({ page, open }) => {
    await open("#/map");
    await page.locator("a.map-item", { hasText: "payment" }).hover();
    await until(
      async () => (await page.locator(".map-item.lit title").allTextContents()).sort().join(),
      (lit) => lit === "api.acquirer.example:443,checkout,fraud,payment",
    );
    await until(() => page.locator(".map-label").count(), (count) => count === 3);
    await page.mouse.move(0, 400);
    await until(() => page.locator(".map-label").count(), (count) => count === 0);
    // The same by keyboard.
    await page.locator("a.map-item", { hasText: "payment" }).focus();
    await until(() => page.locator(".map-item.lit").count(), (count) => count === 4);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "payment", level: 1 }).waitFor();
    await arrived(page, "#/service/payment?namespace=shop");
  },
);

pageTest(
  "leaves nodes where they are when figures change",
  { plans: TWELVE },
  async ({ page, server, open }) => {
    await open("#/map");
    const places = () =>
      page.locator(".map-item").evaluateAll((items) => items.map((item) => item.getAttribute("transform")));
    const before = await places();
    server.graph = (report) => ({
      ...report,
      nodes: report.nodes.toReversed(),
      edges: report.edges.toReversed().map((edge) => ({ ...edge, rate: 1.23 })),
    });
    // The longest time between two requests.
    await page.clock.fastForward(60_000);
    await page.getByRole("cell", { name: "1.23" }).first().waitFor();
    deepEqual((await places()).sort(), before.sort());
  },
);

pageTest("keeps figures of edges apart where lines run close", {}, async ({ page, server, open }) => {
  server.graph = (report) => {
    const [edge] = report.edges;
    const service = (name: string) => ({ id: name, name, kind: "service" as const });
    const calls = [["user", "shop"], ["user", "stock"], ["shop", "stock"], ["shop", "external:h"]];
    return {
      ...report,
      nodes: [
        { id: "user", name: "user", kind: "user" },
        service("shop"),
        service("stock"),
        { id: "external:h", name: "h", kind: "external" },
      ],
      edges: calls.map(([from = "", to = ""]) => ({ ...edge!, from, to, errorRate: 0.05 })),
    };
  };
  await open("#/map");
  const labels = page.locator(".map-label");
  await labels.first().waitFor();
  const boxes = await labels.evaluateAll((all) =>
    all.map((one) => one.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({
      left,
      right,
      top,
      bottom,
    }))
  );
  equal(boxes.length, 4);
  for (const [index, a] of boxes.entries()) {
    for (const b of boxes.slice(index + 1)) {
      ok(
        a.right < b.left || b.right < a.left || a.bottom <= b.top || b.bottom <= a.top,
        JSON.stringify([a, b]),
      );
    }
  }
});
