import { deepEqual } from "node:assert/strict";
import { problems } from "./accessibility.ts";
import { makeTrouble, pageTest } from "./page_test_case.ts";
import { GAPS, TWELVE } from "./plans.ts";

for (const dark of [false, true]) {
  for (const width of [1_360, 390]) {
    pageTest(`is accessible, ${dark ? "dark" : "light"}, ${width} pixels wide`, {
      dark,
      width,
      plans: TWELVE,
      prepare: makeTrouble,
    }, async ({ page, world, open }) => {
      for (
        const hash of [
          "",
          "#/service/payment",
          "#/map",
          "#/traces",
          `#/trace/${world.traceIds[3]}`,
          "#/targets",
          "#/decoders",
          "#/agent",
        ]
      ) {
        await open(hash);
        await page.waitForTimeout(200);
        deepEqual([hash, ...await problems(page)], [hash]);
      }
      await open("#/targets");
      await page.locator("tbody button").first().click();
      deepEqual(["probes", ...await problems(page)], ["probes"]);
      await page.keyboard.press("?");
      deepEqual(["keys", ...await problems(page)], ["keys"]);
    });
  }
}

pageTest(
  "is accessible where there is nothing, or an error",
  { plans: [] },
  async ({ page, open, forgive }) => {
    for (const hash of ["", "#/map", "#/traces", "#/traces?q=x", "#/trace/x", "#/nowhere"]) {
      await open(hash);
      deepEqual([hash, ...await problems(page)], [hash]);
    }
    forgive(/status of 400/);
  },
);

pageTest("is accessible with errors and gaps in a trace", {
  plans: GAPS,
  prepare: (_server, world) => world.request(),
}, async ({ page, world, open }) => {
  await open(`#/trace/${world.traceIds[0]}`);
  deepEqual(await problems(page), []);
});
