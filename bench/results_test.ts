import assert from "node:assert/strict";
import { withSection, writeSection } from "./results.ts";

const THREE = "# A\n\none\n\n# B\n\n## B of A\n\ntwo\n\n# C\n\nthree\n";

Deno.test("withSection replaces a section at the start, in the middle and at the end, and no other", () => {
  assert.equal(withSection(THREE, "# A\n\nnew\n"), THREE.replace("one", "new"));
  assert.equal(withSection(THREE, "# B\n\nnew\n"), THREE.replace("## B of A\n\ntwo", "new"));
  assert.equal(withSection(THREE, "# C\n\nnew\n"), THREE.replace("three", "new"));
});

Deno.test("withSection appends a section whose heading is only part of another", () => {
  assert.equal(withSection("# A and B\n\none\n", "# A\n\nnew\n"), "# A and B\n\none\n\n# A\n\nnew\n");
  assert.equal(withSection("# B\n\n## A\n", "# A\n\nnew\n"), "# B\n\n## A\n\n# A\n\nnew\n");
});

Deno.test("withSection keeps text before the first heading", () => {
  assert.equal(withSection("before\n\n# A\n\none\n", "# A\n\nnew\n"), "before\n\n# A\n\nnew\n");
});

Deno.test("withSection refuses a section without heading, with text before it and with two", () => {
  for (const section of ["new\n", "new\n# A\n", "# A\n\n# B\n"]) {
    assert.throws(() => withSection(THREE, section), /^Error: Cannot place a section/);
  }
});

Deno.test("withSection changes no byte of bench/RESULTS.md when its own sections are written again", async () => {
  const text = await Deno.readTextFile(new URL("RESULTS.md", import.meta.url));
  for (const section of text.split(/^(?=# )/m)) assert.equal(withSection(text, section), text);
});

Deno.test("writeSection makes the file, then keeps what another measurement wrote", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/RESULTS.md`;
    await writeSection("# A\n\none\n", file);
    await writeSection("# B\n\ntwo\n", file);
    await writeSection("# A\n\nnew\n", file);
    assert.equal(await Deno.readTextFile(file), "# A\n\nnew\n\n# B\n\ntwo\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
