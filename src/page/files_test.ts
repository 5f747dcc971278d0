import { equal, match, rejects } from "node:assert/strict";
import { loadPage } from "./files.ts";

const FILES: Readonly<Record<string, string>> = {
  "index.html": "<!doctype html><title>T</title>",
  "main.js": "export {};",
  "theme.js": "0;",
  "style.css": "a{}",
  "icon.svg": "<svg/>",
};

async function withFiles(files: Readonly<Record<string, string>>, test: (directory: URL) => Promise<void>) {
  const path = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/${name}`, text);
    await test(new URL(`file://${path}/`));
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("loadPage() has each file by its path, with type, validator and compressed form", async () => {
  await withFiles(FILES, async (directory) => {
    const page = await loadPage(directory);
    const types: Record<string, string> = {
      "/": "text/html; charset=utf-8",
      "/assets/main.js": "text/javascript; charset=utf-8",
      "/assets/theme.js": "text/javascript; charset=utf-8",
      "/assets/style.css": "text/css; charset=utf-8",
      "/assets/icon.svg": "image/svg+xml",
    };
    for (const [path, type] of Object.entries(types)) {
      const file = page.get(path)!;
      equal(file.contentType, type);
      match(file.etag, /^"[0-9a-f]{32}"$/);
      const plain = new Blob([file.gzip]).stream().pipeThrough(new DecompressionStream("gzip"));
      const text = new TextDecoder().decode(file.bytes);
      equal(await new Response(plain).text(), text);
      equal(text, FILES[path === "/" ? "index.html" : path.slice("/assets/".length)]);
    }
  });
});

Deno.test("loadPage() knows no other path", async () => {
  await withFiles(FILES, async (directory) => {
    const page = await loadPage(directory);
    for (const path of ["", "/index.html", "/main.js", "/assets/", "/assets/../index.html", "/etc/passwd"]) {
      equal(page.get(path), null, path);
    }
  });
});

Deno.test("loadPage() gives another validator to other bytes", async () => {
  const etagOf = async (text: string) => {
    let etag = "";
    await withFiles({ ...FILES, "main.js": text }, async (directory) => {
      etag = (await loadPage(directory)).get("/assets/main.js")!.etag;
    });
    return etag;
  };
  equal(await etagOf("1") === await etagOf("2"), false);
  equal(await etagOf("1"), await etagOf("1"));
});

Deno.test("loadPage() says which file is missing and what helps", async () => {
  const { "style.css": _, ...others } = FILES;
  await withFiles(others, async (directory) => {
    await rejects(loadPage(directory), /Cannot read .*style\.css of the page: .*; run deno task build$/);
  });
});
