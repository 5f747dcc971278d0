import { deepEqual, equal, ok } from "node:assert/strict";
import { layOut, type MapInput, type MapLayout } from "./map_layout.ts";

const SIZE = { nodeWidth: 100, nodeHeight: 40, gapX: 50, gapY: 10 };

/** "a>b b>c" */
function graph(text: string): MapInput {
  const edges = text.split(" ").filter((part) => part.includes(">")).map((part) => {
    const [from = "", to = ""] = part.split(">");
    return { from, to };
  });
  const ids = new Set([...text.split(/[ >]/).filter(Boolean)]);
  return { nodes: [...ids].map((id) => ({ id })), edges };
}

function layers({ nodes }: MapLayout): Record<string, number> {
  return Object.fromEntries(nodes.map(({ id, x }) => [id, x / (SIZE.nodeWidth + SIZE.gapX)]));
}

function assertApart({ nodes, width, height }: MapLayout) {
  for (const [index, a] of nodes.entries()) {
    ok(
      a.x >= 0 && a.y >= -1e-6 && a.x + SIZE.nodeWidth <= width + 1e-6 &&
        a.y + SIZE.nodeHeight <= height + 1e-6,
      a.id,
    );
    for (const b of nodes.slice(index + 1)) {
      const apart = a.x !== b.x || Math.abs(a.y - b.y) >= SIZE.nodeHeight + SIZE.gapY - 1e-6;
      ok(apart, `${a.id} ${b.id}`);
    }
  }
}

Deno.test("layOut() puts callers left of the called", () => {
  deepEqual(layers(layOut(graph("user>a a>b b>c a>c"), SIZE)), { user: 0, a: 1, b: 2, c: 3 });
});

Deno.test("layOut() puts a caller that nobody calls right before the first that it calls", () => {
  deepEqual(layers(layOut(graph("a>b b>c c>d x>d"), SIZE)), { a: 0, b: 1, c: 2, d: 3, x: 2 });
});

Deno.test("layOut() draws one edge of a circle backwards and leaves out calls to oneself", () => {
  const { edges } = layOut(graph("a>b b>c c>a a>a"), SIZE);
  deepEqual(edges.map(({ from, to, back }) => [from, to, back]), [["a", "b", false], ["b", "c", false], [
    "c",
    "a",
    true,
  ]]);
  const back = edges[2]!.points;
  ok(back[0]![0] > back.at(-1)![0], "it begins at its caller");
});

Deno.test("layOut() leads edges from the right side of the caller to the left side of the called", () => {
  const layout = layOut(graph("a>b b>c a>c"), SIZE);
  for (const { from, to, points } of layout.edges) {
    const [start, end] = [from, to].map((id) => layout.nodes.find((node) => node.id === id)!);
    deepEqual(points[0], [start!.x + SIZE.nodeWidth, start!.y + SIZE.nodeHeight / 2]);
    deepEqual(points.at(-1), [end!.x, end!.y + SIZE.nodeHeight / 2]);
  }
});

Deno.test("layOut() leads a long edge around the nodes between", () => {
  const layout = layOut(graph("a>b b>c a>c"), SIZE);
  const long = layout.edges.find(({ from, to }) => from === "a" && to === "c")!;
  const b = layout.nodes.find(({ id }) => id === "b")!;
  const passing = long.points.filter(([x]) => x >= b.x && x <= b.x + SIZE.nodeWidth);
  equal(passing.length, 2);
  for (const [, y] of passing) ok(y < b.y || y > b.y + SIZE.nodeHeight);
});

Deno.test("layOut() untangles what need not cross", () => {
  const layout = layOut(graph("a>z b>y c>x r>a r>b r>c"), SIZE);
  const y = (id: string) => layout.nodes.find((node) => node.id === id)!.y;
  deepEqual(
    ["a", "b", "c"].sort((m, n) => y(m) - y(n)),
    ["z", "y", "x"].sort((m, n) => y(m) - y(n)).map((id) => ({ z: "a", y: "b", x: "c" })[id]),
  );
});

Deno.test("layOut() keeps nodes apart and inside, up to thirty of them, and is the same whatever their order", () => {
  for (const size of [1, 2, 7, 30]) {
    const edges = Array.from({ length: size * 2 }, (_value, index) => ({
      from: `n${index % size}`,
      to: `n${(index * index + 3 * index + 1) % size}`,
    }));
    const nodes = Array.from({ length: size }, (_value, index) => ({ id: `n${index}` }));
    const layout = layOut({ nodes, edges }, SIZE);
    equal(layout.nodes.length, size);
    assertApart(layout);
    deepEqual(layOut({ nodes: nodes.toReversed(), edges: edges.toReversed() }, SIZE).nodes, layout.nodes);
  }
});

Deno.test("layOut() of nothing is nothing, and unknown ends are left out", () => {
  deepEqual(layOut({ nodes: [], edges: [] }, SIZE).nodes, []);
  equal(layOut({ nodes: [{ id: "a" }], edges: [{ from: "a", to: "gone" }] }, SIZE).edges.length, 0);
});
