/**
 * Places the nodes of a service map in layers from left to right (after Sugiyama): callers before the called, as few
 * crossings as some sweeps find, long edges led around the nodes between. Pure; map.tsx draws what it answers.
 */

export interface MapSize {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** Between layers, and between nodes of a layer. */
  readonly gapX: number;
  readonly gapY: number;
}

export interface PlacedNode {
  readonly id: string;
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  /** From the right side of one node to the left side of the other, by way of the layers between. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Goes against the direction of all others: part of a circle of calls. */
  readonly back: boolean;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export interface MapInput {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** A node, or the place where a long edge crosses a layer. */
interface Slot {
  readonly id: string;
  readonly layer: number;
  readonly height: number;
  readonly before: Slot[];
  readonly after: Slot[];
  /** Middle. */
  y: number;
}

const SWEEPS = 8;
const BEND_HEIGHT = 14;

/** Nodes and edges come out in the order of their ids, whatever order they came in. */
export function layOut(input: MapInput, size: MapSize): MapLayout {
  const ids = input.nodes.map(({ id }) => id).sort();
  const known = new Set(ids);
  const edges = input.edges.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to)
    .map(({ from, to }) => ({ from, to })).sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
  const back = backEdges(ids, edges);
  const forward = edges.map((edge) =>
    back.has(edge) ? { edge, from: edge.to, to: edge.from } : { edge, ...edge }
  );
  const layers = assignLayers(ids, forward);

  const slots = new Map<string, Slot>(ids.map((id) => [id, newSlot(id, layers.get(id)!, size.nodeHeight)]));
  const rows: Slot[][] = Array.from({ length: Math.max(0, ...layers.values()) + 1 }, () => []);
  for (const id of ids) rows[layers.get(id)!]!.push(slots.get(id)!);
  const paths = forward.map(({ edge, from, to }) => {
    const path = [slots.get(from)!];
    for (let layer = layers.get(from)! + 1; layer < layers.get(to)!; layer++) {
      const bend = newSlot(`${from} ${to} ${layer}`, layer, BEND_HEIGHT);
      rows[layer]!.push(bend);
      path.push(bend);
    }
    path.push(slots.get(to)!);
    for (let index = 1; index < path.length; index++) {
      path[index - 1]!.after.push(path[index]!);
      path[index]!.before.push(path[index - 1]!);
    }
    return { edge, path };
  });

  order(rows);
  place(rows, size.gapY);
  const top = Math.min(0, ...rows.flat().map(({ y, height }) => y - height / 2));
  const step = size.nodeWidth + size.gapX;
  const bottom = Math.max(0, ...rows.flat().map(({ y, height }) => y + height / 2));
  return {
    width: rows.length === 0 ? 0 : rows.length * step - size.gapX,
    height: bottom - top,
    nodes: ids.map((id) => {
      const { layer, y, height } = slots.get(id)!;
      return { id, x: layer * step, y: y - height / 2 - top };
    }),
    edges: paths.map(({ edge, path }) => {
      const points = path.flatMap(({ layer, y }, index): [number, number][] => {
        const [left, right] = [layer * step, layer * step + size.nodeWidth];
        if (index === 0) return [[right, y - top]];
        return index === path.length - 1 ? [[left, y - top]] : [[left, y - top], [right, y - top]];
      });
      return { ...edge, points: back.has(edge) ? points.reverse() : points, back: back.has(edge) };
    }),
  };
}

type Edge = { readonly from: string; readonly to: string };

function newSlot(id: string, layer: number, height: number): Slot {
  return { id, layer, height, before: [], after: [], y: 0 };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Edges that close a circle, found depth first from the nodes that nobody calls. */
function backEdges(ids: readonly string[], edges: readonly Edge[]): ReadonlySet<Edge> {
  const out = Map.groupBy(edges, ({ from }) => from);
  const called = new Set(edges.map(({ to }) => to));
  const back = new Set<Edge>();
  const state = new Map<string, "open" | "done">();
  const visit = (root: string) => {
    if (state.has(root)) return;
    state.set(root, "open");
    const stack = [{ id: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = out.get(top.id)?.[top.next++];
      if (edge === undefined) {
        state.set(top.id, "done");
        stack.pop();
      } else if (state.get(edge.to) === "open") {
        back.add(edge);
      } else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        stack.push({ id: edge.to, next: 0 });
      }
    }
  };
  ids.filter((id) => !called.has(id)).forEach(visit);
  ids.forEach(visit);
  return back;
}

/** The longest way from a node that nobody calls; those in turn stand right before the first that they call. */
function assignLayers(ids: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const layers = new Map(ids.map((id) => [id, 0]));
  // No circle is left, so this ends after as many rounds as the longest way has edges.
  for (let moved = true; moved;) {
    moved = false;
    for (const { from, to } of edges) {
      if (layers.get(to)! > layers.get(from)!) continue;
      layers.set(to, layers.get(from)! + 1);
      moved = true;
    }
  }
  const called = new Set(edges.map(({ to }) => to));
  for (const id of ids) {
    const targets = edges.filter(({ from }) => from === id).map(({ to }) => layers.get(to)!);
    if (!called.has(id) && targets.length > 0) layers.set(id, Math.min(...targets) - 1);
  }
  return layers;
}

/** Sorts each layer by the mean place of its neighbours, to and fro, and keeps the order with the fewest crossings. */
function order(rows: Slot[][]): void {
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    const sequence = down ? rows.slice(1) : rows.slice(0, -1).reverse();
    for (const row of sequence) {
      const beside = rows[row[0]!.layer + (down ? -1 : 1)]!;
      const place = new Map(beside.map((slot, index) => [slot, index]));
      const wish = new Map(row.map((slot, index) => {
        const near = (down ? slot.before : slot.after).map((other) => place.get(other)!);
        return [slot, near.length === 0 ? index : mean(near)];
      }));
      row.sort((a, b) => wish.get(a)! - wish.get(b)!);
    }
    const now = crossings(rows);
    if (now < fewest) [fewest, best] = [now, rows.map((row) => [...row])];
  }
  rows.forEach((row, index) => row.splice(0, row.length, ...best[index]!));
}

function crossings(rows: readonly Slot[][]): number {
  let total = 0;
  for (const [index, row] of rows.entries()) {
    const place = new Map((rows[index + 1] ?? []).map((slot, at) => [slot, at]));
    const ends = row.flatMap((slot) => slot.after.map((other) => place.get(other)!).sort((a, b) => a - b));
    for (let i = 0; i < ends.length; i++) {
      for (let j = i + 1; j < ends.length; j++) if (ends[i]! > ends[j]!) total++;
    }
  }
  return total;
}

/** Moves each slot towards its neighbours as far as the order and the gaps allow. */
function place(rows: readonly Slot[][], gap: number): void {
  const distance = (a: Slot, b: Slot) => (a.height + b.height) / 2 + gap;
  for (const row of rows) {
    let y = 0;
    row.forEach((slot, index) => slot.y = index === 0 ? 0 : y += distance(row[index - 1]!, slot));
    row.forEach((slot) => slot.y -= y / 2);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const wishes = row.map((slot) => {
        const near = down ? slot.before : slot.after;
        return near.length === 0 ? slot.y : mean(near.map(({ y }) => y));
      });
      spread(row, wishes, distance);
    }
  }
}

/** The places nearest to the wishes that keep order and distance: neighbours that would overlap move as one block. */
function spread(
  row: readonly Slot[],
  wishes: readonly number[],
  distance: (a: Slot, b: Slot) => number,
): void {
  // In coordinates in which the least distance is zero, a block stands at the mean of its members' wishes.
  let offset = 0;
  const blocks: { sum: number; members: { slot: Slot; offset: number }[] }[] = [];
  row.forEach((slot, index) => {
    if (index > 0) offset += distance(row[index - 1]!, slot);
    blocks.push({ sum: wishes[index]! - offset, members: [{ slot, offset }] });
    for (let last = blocks.at(-1)!; blocks.length > 1; last = blocks.at(-1)!) {
      const before = blocks.at(-2)!;
      if (before.sum / before.members.length < last.sum / last.members.length) break;
      before.sum += last.sum;
      before.members.push(...last.members);
      blocks.pop();
    }
  });
  for (const { sum, members } of blocks) {
    for (const { slot, offset } of members) slot.y = sum / members.length + offset;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
