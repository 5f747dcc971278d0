import { deepEqual } from "node:assert/strict";
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
