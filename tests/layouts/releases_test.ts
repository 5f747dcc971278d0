/** How scripts/toolchain_layouts.ts finds the releases to read. */
import assert from "node:assert/strict";
import { layoutsOf, parseReleases, type Reading, readRuns } from "../../scripts/toolchain_layouts.ts";
import { FIELD_NAMES } from "../../decoder-as/plans/layout.ts";

const RELEASES = Array.from({ length: 15 }, (_, patch) => `1.26.${patch}`);

/** A release whose offset of response.status is `status`. */
function readingOf(release: string, status: number): Reading {
  const fields = Object.fromEntries(
    FIELD_NAMES.map((field) => [field, field === "response.status" ? status : 0]),
  );
  return { release, structs: { headerMap: "swiss", gDead: 6, fields } };
}

/** Reads releases of which those from `changed` on have another layout; yields the layouts and what was read. */
async function layoutsChangedAt(...changed: number[]) {
  const read: string[] = [];
  const readings = await readRuns(RELEASES, (release) => {
    read.push(release);
    const patch = Number(release.split(".")[2]);
    return Promise.resolve(readingOf(release, changed.filter((first) => patch >= first).length));
  });
  return { ranges: [...layoutsOf(readings, RELEASES).values()].map(({ goRange }) => goRange), read };
}

Deno.test("readRuns reads the first and the last release of equal ones alone", async () => {
  const { ranges, read } = await layoutsChangedAt();
  assert.deepEqual(ranges, [">=1.26 <1.27"]);
  assert.deepEqual(read, ["1.26.0", "1.26.14"]);
});

Deno.test("readRuns finds the release with which the layout changes, wherever it is", async () => {
  for (let first = 1; first < RELEASES.length; first++) {
    const { ranges, read } = await layoutsChangedAt(first);
    assert.deepEqual(ranges, [`>=1.26 <1.26.${first}`, `>=1.26.${first} <1.27`]);
    assert.ok(read.length <= 6, `${read.length} releases read`);
    assert.equal(new Set(read).size, read.length, "none is read twice");
  }
});

Deno.test("readRuns finds several changes", async () => {
  const { ranges } = await layoutsChangedAt(3, 4, 11);
  assert.deepEqual(ranges, [">=1.26 <1.26.3", ">=1.26.3 <1.26.4", ">=1.26.4 <1.26.11", ">=1.26.11 <1.27"]);
});

Deno.test("layoutsOf names the releases that were read", async () => {
  const readings = await readRuns(RELEASES, (release) => Promise.resolve(readingOf(release, 1)));
  assert.deepEqual(layoutsOf(readings, RELEASES).get("go1.26")?.toolchains, ["go1.26.0", "go1.26.14"]);
});

Deno.test("parseReleases takes releases for linux/amd64 since Go 1.17, in order", () => {
  const versions = [
    "v0.0.1-go1.16.15.linux-amd64",
    "v0.0.1-go1.21.10.linux-amd64",
    "v0.0.1-go1.21.9.linux-amd64",
    "v0.0.1-go1.18.linux-amd64",
    "v0.0.1-go1.21.9.linux-arm64",
    "v0.0.1-go1.27rc1.linux-amd64",
  ];
  assert.deepEqual(parseReleases(`golang.org/toolchain ${versions.join(" ")}`), [
    "1.18",
    "1.21.9",
    "1.21.10",
  ]);
});
