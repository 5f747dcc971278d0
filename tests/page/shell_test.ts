import { equal, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { statusReport, TROUBLED_STATUS } from "./agent_state.ts";
import { pageTest, placeOf, show, tableRows, until } from "./page_test_case.ts";
import { settled } from "./walk.ts";

const background = (page: Page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
const LIGHT = "rgb(251, 250, 247)";
const DARK = "rgb(18, 21, 24)";
/** What the browser says of a server that is not there. */
const UNREACHED =
  /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING/;

pageTest(
  "is light or dark as the system is, or as chosen, also after a reload",
  {},
  async ({ page, open }) => {
    await open("");
    equal(await background(page), LIGHT);
    await page.emulateMedia({ colorScheme: "dark" });
    equal(await background(page), DARK);
    const button = page.getByRole("button", { name: /^Theme: / });
    await button.click();
    await button.click();
    equal(await button.getAttribute("aria-label"), "Theme: light. Change it.");
    equal(await background(page), LIGHT);
    await page.reload();
    equal(await background(page), LIGHT);
    await settled(page);
    await page.keyboard.press("t");
    await until(() => background(page), (colour) => colour === DARK);
  },
);

pageTest("draws charts in the colours of the theme", {}, async ({ page, open }) => {
  await open("#/service/front");
  const canvas = page.locator(".chart canvas").first();
  await canvas.waitFor();
  const colours = () => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
  const before = await colours();
  await page.keyboard.press("t");
  await until(colours, (now) => now !== before);
});

pageTest("goes from view to view by keys, and shows the keys", {}, async ({ page, open }) => {
  await open("");
  const views = ["#/", "#/map", "#/traces", "#/targets", "#/decoders", "#/agent"];
  for (const [index, hash] of views.entries()) {
    await page.keyboard.press(String(index + 1));
    await page.locator(`nav [href="${hash}"][aria-current=page]`).waitFor();
    equal(await placeOf(page), hash);
  }
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  // Keys do nothing else while the dialog is open.
  await page.keyboard.press("1");
  equal(await placeOf(page), "#/agent");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  await until(() => page.evaluate(() => document.activeElement?.tagName), (tag) => tag === "INPUT");
  equal(await placeOf(page), "#/traces");
  await page.keyboard.type("3?t");
  equal(await page.getByRole("textbox", { name: "Search" }).inputValue(), "3?t");
});

pageTest(
  "leads to its content with the first Tab, and shows where the focus is",
  {},
  async ({ page, open }) => {
    await open("");
    await tableRows(page, "Services");
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the content" });
    ok((await skip.boundingBox())!.y >= 0);
    await page.keyboard.press("Enter");
    equal(await page.evaluate(() => document.activeElement?.id), "main");
    equal(await placeOf(page), "");
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    equal(outline, "solid");
  },
);

pageTest("goes back and forth through what was looked at", {}, async ({ page, world, open }) => {
  world.request();
  await open("");
  await page.getByRole("link", { name: "Traces" }).click();
  await page.locator("[data-trace]").click();
  await page.getByRole("treegrid").waitFor();
  await page.getByRole("complementary").getByRole("link", { name: "front" }).click();
  await page.getByRole("heading", { name: "front", level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole("treegrid").waitFor();
  await page.goBack();
  await page.locator("[data-trace]").waitFor();
  await page.goBack();
  await tableRows(page, "Services");
  await page.goForward();
  await page.locator("[data-trace]").waitFor();
});

pageTest("says what it does not know", {}, async ({ page, open }) => {
  await open("#/nowhere/at/all");
  await page.getByText("There is nothing here").waitFor();
  await page.getByRole("link", { name: "To the services" }).click();
  await tableRows(page, "Services");
});

pageTest(
  "asks for nothing while it is hidden, and at once when it is seen again",
  {},
  async ({ page, server, open, idle }) => {
    await open("#/traces");
    await page.locator(".pulse.open").waitFor();
    await show(page, false);
    await page.locator(".pulse:not(.open)").waitFor();
    await idle();
    const before = server.asked.length;
    await page.clock.fastForward(120_000);
    await page.waitForTimeout(300);
    equal(server.asked.length, before);
    await show(page, true);
    await page.locator(".pulse.open").waitFor();
    await until(
      () => Promise.resolve(server.asked.slice(before)),
      (asked) => asked.some((path) => path === "/api/v1/status"),
    );
  },
);

pageTest(
  "asks seldom where nothing changes: two cheap requests a minute",
  {},
  async ({ page, server, open, idle }) => {
    await open("");
    await tableRows(page, "Services");
    // From now on only the test lets time pass, however long an answer takes.
    await page.clock.pauseAt(Date.now() + 3_600_000);
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await page.clock.runFor(1_000);
        await idle();
      }
    };
    await pass(90);
    server.asked.length = 0;
    await pass(120);
    const times = (path: string) => server.asked.filter((asked) => asked === path).length;
    const [services, status] = [times("/api/v1/services?window=60"), times("/api/v1/status")];
    ok(services >= 1 && services <= 2 && status <= 2, server.asked.join());
    equal(server.asked.length, services + status, server.asked.join());
  },
);

pageTest("asks again as soon as the agent tells of a change", {}, async (test) => {
  const { page, server, world, open, idle } = test;
  await open("");
  const [before = ""] = await tableRows(page, "Services");
  await page.clock.fastForward(90_000);
  await idle();
  server.load = 3;
  server.asked.length = 0;
  world.request();
  await page.clock.fastForward(5_000);
  await until(() => tableRows(page, "Services"), ([row = ""]) => row !== before);
  await until(() => Promise.resolve(server.asked), (asked) => asked.includes("/api/v1/status"));
});

pageTest("says when the agent is gone, keeps what it knew and comes back by itself", {}, async (test) => {
  const { page, server, open, forgive } = test;
  await open("");
  const rows = await tableRows(page, "Services");
  const before = await page.locator("main").boundingBox();
  await server.stop();
  await page.clock.fastForward(5_000);
  await page.getByText("The agent does not answer.").waitFor();
  await page.getByText(/What you see is of \d\d:\d\d:\d\d\./).waitFor();
  await page.getByRole("link", { name: "no answer" }).waitFor();
  equal((await tableRows(page, "Services")).join(), rows.join());
  // Nothing moves.
  equal((await page.locator("main").boundingBox())!.y, before!.y);
  await server.resume();
  await page.clock.fastForward(15_000);
  await page.getByText("The agent does not answer.").waitFor({ state: "hidden" });
  await page.getByRole("link", { name: "healthy" }).waitFor();
  forgive(UNREACHED);
});

pageTest(
  "is not healthy while nothing can be delivered, and says what helps",
  {},
  async ({ page, server, open }) => {
    const { export: exporter } = statusReport({ spans: 1, store: server.world.traces.stats() });
    const reason = { code: "collector-refused", message: "Nothing listens there", remedy: "Start it" };
    server.status = { export: { ...exporter, reason } };
    await open("#/agent");
    await page.getByRole("link", { name: "export fails" }).waitFor();
    await page.getByText("Nothing listens there. Start it").waitFor();
  },
);

pageTest("is not healthy while calls carry no header, and says why", {
  prepare: (server) => server.status = { propagationReason: TROUBLED_STATUS.propagationReason! },
}, async ({ page, open }) => {
  await open("#/agent");
  await page.getByRole("link", { name: "calls not joined" }).waitFor();
  await page.getByText("Let only one tool write headers.").waitFor();
});

pageTest("says what a failing agent says, and comes back by itself", {}, async (test) => {
  const { page, server, forgive } = test;
  let failing = true;
  server.services = (report) => {
    if (failing) throw new Error("Cannot measure");
    return report;
  };
  await page.goto(server.url);
  await page.getByText("The agent could not answer; its log says why").waitFor();
  await page.getByText("Asking the agent …").waitFor();
  failing = false;
  await tableRows(page, "Services");
  forgive(/status of 500/);
});

pageTest("tries again when told so", {}, async (test) => {
  const { page, server, open, idle, forgive } = test;
  await open("");
  await server.stop();
  await page.clock.fastForward(5_000);
  await page.getByText("The agent does not answer.").waitFor();
  // It shall not try again by itself.
  await page.clock.pauseAt(Date.now() + 3_600_000);
  await idle();
  await server.resume();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText("The agent does not answer.").waitFor({ state: "hidden" });
  forgive(UNREACHED);
});
