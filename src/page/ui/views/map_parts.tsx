/** What the service map is drawn of: nodes, lines and the figures beside them. */
import { Fragment, h } from "preact";
import type { GraphEdge, GraphNode } from "../../../status/model.ts";
import { link } from "../data/location.ts";
import { serviceClass } from "../parts/colours.ts";
import { latency, percent, rate } from "../parts/format.ts";
import { isFailing, redText } from "../parts/parts.tsx";
import type { PlacedEdge } from "./map_layout.ts";
import { namespaceOf, nodeName } from "./nodes.ts";

export const NODE_WIDTH = 176;
export const NODE_HEIGHT = 50;
/** Two lines of figures beside an edge. */
const LABEL_HEIGHT = 32;
/** Letters that fit into a node. */
const MAX_NAME = 20;

export interface NodeFigures {
  readonly rate: number;
  readonly errorRate: number;
  readonly p99Ms: number | null;
}

interface NodeProps {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly red: NodeFigures | null;
  readonly lit: boolean;
  readonly focus: () => void;
  readonly blur: () => void;
}

export function NodeBox({ node, x, y, red, lit, focus, blur }: NodeProps) {
  const failing = isFailing(red?.errorRate ?? 0);
  const body = (
    <>
      <title>{node.name}</title>
      <rect
        class="map-node"
        width={NODE_WIDTH}
        height={NODE_HEIGHT}
        rx={node.kind === "service" ? 4 : 25}
      />
      {node.kind === "service" && (
        <rect class={`map-stripe ${serviceClass(node.name)}`} width="4" height={NODE_HEIGHT} rx="2" />
      )}
      <text class="map-name" x="14" y={red === null ? 30 : 20}>
        {shorten(nodeName(node))}
      </text>
      {red !== null && (
        <text class="map-figures" x="14" y="38">
          {rate(red.rate)}/s
          {red.errorRate > 0 && (
            <tspan class={failing ? "map-bad" : ""} dx="6">{percent(red.errorRate)} %</tspan>
          )}
          <tspan dx="6">{latency(red.p99Ms)}</tspan>
        </text>
      )}
    </>
  );
  const shared = {
    class: `map-item map-${node.kind}${lit ? " lit" : ""}${failing ? " failing" : ""}`,
    transform: `translate(${x} ${y})`,
    onPointerEnter: focus,
    onPointerLeave: blur,
  };
  if (node.kind !== "service") return <g {...shared}>{body}</g>;
  return (
    <a
      {...shared}
      href={link(["service", node.name], { namespace: namespaceOf(node) })}
      onFocus={focus}
      onBlur={blur}
    >
      {body}
    </a>
  );
}

function shorten(name: string): string {
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 1)}…`;
}

interface EdgeProps {
  readonly placed: PlacedEdge;
  readonly edge: GraphEdge;
  readonly lit: boolean;
}

export function EdgeLine({ placed, edge, lit }: EdgeProps) {
  const failing = isFailing(edge.errorRate) ? " failing" : "";
  return (
    <path
      class={`map-edge${lit ? " lit" : ""}${failing}${placed.back ? " back" : ""}${
        edge.rate === 0 ? " still" : ""
      }`}
      d={curve(placed.points)}
      stroke-width={strokeWidth(edge.rate)}
      marker-end="url(#arrow)"
    >
      <title>{`${placed.from} → ${placed.to}: ${redText(edge)}, p99 ${latency(edge.p99Ms)}`}</title>
    </path>
  );
}

/** A hundred times the rate doubles the width. */
function strokeWidth(perSecond: number): number {
  return Math.min(4, 1.2 + Math.log10(1 + perSecond) * 0.6);
}

/** Level at each point, so that it leaves and enters nodes straight. */
function curve(points: PlacedEdge["points"]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let [x, y] = first;
  let path = `M${x} ${y}`;
  for (const [toX, toY] of rest) {
    const middle = (x + toX) / 2;
    path += toY === y ? `H${toX}` : `C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  }
  return path;
}

/** Where the figures of edges stand: in the middle of the last stretch, which most often is of one edge alone. */
export function labelPlaces(
  edges: readonly PlacedEdge[],
): Map<PlacedEdge, { readonly x: number; readonly y: number }> {
  const lowest = new Map<number, number>();
  const middles = edges.map((edge) => {
    const [[x1, y1], [x2, y2]] = [edge.points.at(-2)!, edge.points.at(-1)!];
    return { edge, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
  });
  return new Map(
    middles.sort((a, b) => a.y - b.y).map(({ edge, x, y }) => {
      const free = Math.max(y, (lowest.get(x) ?? -LABEL_HEIGHT) + LABEL_HEIGHT);
      lowest.set(x, free);
      return [edge, { x, y: free }];
    }),
  );
}

export function EdgeLabel({ edge, lit, x, y }: Omit<EdgeProps, "placed"> & { x: number; y: number }) {
  return (
    <text class={`map-label${lit ? " lit" : ""}`} x={x} y={y - 5} aria-hidden="true">
      {rate(edge.rate)}/s
      {edge.errorRate > 0 && (
        <tspan class={isFailing(edge.errorRate) ? "map-bad" : ""} dx="4">{percent(edge.errorRate)} %</tspan>
      )}
      <tspan x={x} y={y + 13}>{latency(edge.p99Ms)}</tspan>
    </text>
  );
}
