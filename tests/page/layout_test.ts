import { deepEqual, ok } from "node:assert/strict";
import { makeTrouble, pageTest } from "./page_test_case.ts";
import { TWELVE } from "./plans.ts";
import { walk } from "./walk.ts";

for (const width of [360, 390, 768, 1_024, 1_360, 1_920]) {
  pageTest(`fits into ${width} pixels, whatever the view`, {
    width,
    plans: TWELVE,
    prepare: makeTrouble,
  }, async ({ page, server }) => {
    await walk(page, server.url, async (place) => {
      const wider = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth;
      });
      deepEqual([place, wider], [place, false]);
    });
  });
}

pageTest("has rate, errors and median of each service in sight on a telephone", {
  width: 390,
  plans: TWELVE,
}, async ({ page, open }) => {
  await open("");
  const table = page.getByRole("table", { name: "Services", exact: true });
  await table.locator("tbody tr").first().waitFor();
  for (const row of [table.locator("thead tr"), table.locator("tbody tr").first()]) {
    const rights = await row.locator(".number").evaluateAll((cells) =>
      cells.map((cell) => cell.getBoundingClientRect().right)
    );
    ok(rights.slice(0, 3).every((right) => right <= 390), rights.join());
  }
});
