import { equal } from "node:assert/strict";
import { displayWidth, escapeControls, fitWidth } from "./text.ts";

Deno.test("escapeControls() leaves nothing that steers a terminal", () => {
  equal(
    escapeControls("a\x1b[31mb\nc\x7f\x9b\u2028\u202ed"),
    "a\\u001b[31mb\\u000ac\\u007f\\u009b\\u2028\\u202ed",
  );
  equal(escapeControls("GET /ü/日本 😀"), "GET /ü/日本 😀");
});

Deno.test("displayWidth() counts columns, not code units", () => {
  equal(displayWidth("abc"), 3);
  equal(displayWidth("é"), 1);
  equal(displayWidth("e\u0301"), 1);
  equal(displayWidth("日本"), 4);
  equal(displayWidth("サービス・한국어"), 16);
  equal(displayWidth("ｻｰﾋﾞｽ"), 5);
  equal(displayWidth("😀"), 2);
});

Deno.test("fitWidth() yields exactly the width asked for", () => {
  for (const text of ["", "abc", "abcdef", "日本語", "a日本語b", "é😀é😀"]) {
    for (let width = 0; width < 9; width++) {
      equal(displayWidth(fitWidth(text, width)), width, `${text} ${width}`);
    }
  }
  equal(fitWidth("abcdef", 4), "abc…");
  equal(fitWidth("ab", 4), "ab  ");
});
