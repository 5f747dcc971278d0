import { equal, ok } from "node:assert/strict";
import { loadPage } from "../../src/page/files.ts";
import { pageTest } from "./page_test_case.ts";

/** The page in all, as it is, before compression. */
const MAX_BYTES = 150_000;
const MAX_COMPRESSED_BYTES = 64_000;

pageTest("weighs less than 150 kB in all, and comes compressed", {}, async ({ page, server, open }) => {
  const files = await loadPage();
  let bytes = 0;
  let compressed = 0;
  const loaded = new Set<string>();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith("/api/")) return;
    loaded.add(pathname);
    const file = files.get(pathname)!;
    bytes += file.bytes.length;
    compressed += file.gzip.length;
    equal(response.headers()["content-encoding"], "gzip", pathname);
  });
  await open("#/service/front");
  await page.locator(".chart canvas").first().waitFor();
  ok(["/", "/assets/main.js", "/assets/theme.js", "/assets/style.css"].every((path) => loaded.has(path)));
  ok(bytes < MAX_BYTES, `${bytes} bytes`);
  ok(compressed < MAX_COMPRESSED_BYTES, `${compressed} bytes compressed`);
  ok(server.asked.every((path) => path.startsWith("/api/") || loaded.has(path)), server.asked.join());
});

pageTest("is not sent again when nothing changed", {}, async ({ page, open }) => {
  await open("");
  const statuses: number[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/assets/main.js") statuses.push(response.status());
  });
  await page.reload();
  await page.locator("main table").first().waitFor();
  ok(statuses.every((status) => status === 304 || status === 200));
  const etag = await page.evaluate(async () => {
    const first = await fetch("assets/main.js", { cache: "no-store" });
    const second = await fetch("assets/main.js", {
      cache: "no-store",
      headers: { "if-none-match": first.headers.get("etag")! },
    });
    return second.status;
  });
  equal(etag, 304);
});
