/** The service map: who calls whom, how often, with what success. The same as a table below it. */
import { Fragment, h } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { GraphEdge, GraphNode, GraphReport, ServiceReport } from "../../../status/model.ts";
import { serviceClass } from "../parts/colours.ts";
import { latency, percent, rate } from "../parts/format.ts";
import { link } from "../data/location.ts";
import { layOut, type MapLayout, type PlacedEdge } from "./map_layout.ts";
import { isFailing, nodeName, redText, Section, Waiting } from "../parts/parts.tsx";
import { usePoll } from "../data/poll.ts";
import { CallsTable } from "./service.tsx";
import { NoServices, useServices, useWindow, WindowSwitch } from "./services.tsx";

const EVERY_MS = 5_000;
const SIZE = { nodeWidth: 176, nodeHeight: 50, gapX: 104, gapY: 18 };
/** Without figures on the edges there need be less room for them. */
const NARROW_GAP_X = 84;
/** A larger map is drawn smaller, down to this; then one scrolls. */
const LEAST_SCALE = 0.75;
const MARGIN = 12;
/** With more edges than that, figures appear only on those one points at. */
const MAX_LABELLED = 14;
const MAX_NAME = 20;

export function ServiceMap() {
  const [seconds] = useWindow();
  const { data, refused } = usePoll<GraphReport>(`graph?window=${seconds}`, EVERY_MS);
  const services = useServices().data?.services ?? [];
  if (data === null) return <Waiting refused={refused} />;
  if (data.nodes.length === 0) return <NoServices />;
  return (
    <>
      <div class="headline">
        <div class="title">
          <h1>Service map</h1>
        </div>
        <WindowSwitch />
      </div>
      <Drawing graph={data} services={services} />
      <Section title="Calls">
        <CallsTable name="Calls" edges={data.edges} graph={data} />
      </Section>
    </>
  );
}

function Drawing({ graph, services }: { graph: GraphReport; services: readonly ServiceReport[] }) {
  const [focused, setFocused] = useState<string | null>(null);
  // Figures change all the time, who calls whom seldom: only the latter makes a new layout.
  const shape = JSON.stringify([
    graph.nodes.map(({ id }) => id).sort(),
    graph.edges.map(({ from, to }) => [from, to]).sort(),
  ]);
  const labelled = graph.edges.length <= MAX_LABELLED;
  const layout: MapLayout = useMemo(
    () => layOut(graph, labelled ? SIZE : { ...SIZE, gapX: NARROW_GAP_X }),
    [shape],
  );
  const edges = new Map(graph.edges.map((edge) => [JSON.stringify([edge.from, edge.to]), edge]));
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const near = new Set(
    graph.edges.filter(({ from, to }) => from === focused || to === focused).flatMap((
      { from, to },
    ) => [from, to]),
  );
  const drawn = layout.edges.flatMap((placed) => {
    const edge = edges.get(JSON.stringify([placed.from, placed.to]));
    return edge === undefined
      ? []
      : [{ placed, edge, lit: placed.from === focused || placed.to === focused }];
  });
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  return (
    <div class="map-box" tabIndex={0} role="group" aria-label="Service map; the table below says the same">
      <svg
        class={focused === null ? "map" : "map map-focused"}
        viewBox={`${-MARGIN} ${-MARGIN} ${width} ${height}`}
        width={width}
        height={height}
        style={{ minWidth: `${width * LEAST_SCALE}px` }}
        onPointerLeave={() =>
          setFocused(null)}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 .8L7 4L0 7.2Z" class="map-arrow" />
          </marker>
        </defs>
        {drawn.map(({ placed, edge, lit }) => (
          <EdgeLine key={`${placed.from} ${placed.to}`} placed={placed} edge={edge} lit={lit} />
        ))}
        {layout.nodes.map(({ id, x, y }) => {
          const node = nodes.get(id);
          return node && (
            <NodeBox
              key={id}
              node={node}
              x={x}
              y={y}
              red={redOf(node, services, graph.edges)}
              lit={id === focused || near.has(id)}
              focus={() => setFocused(id)}
              blur={() =>
                setFocused(null)}
            />
          );
        })}
        {drawn.filter(({ lit }) =>
          lit || labelled
        ).map(({ placed, edge, lit }) => (
          <EdgeLabel key={`${placed.from} ${placed.to}`} placed={placed} edge={edge} lit={lit} />
        ))}
      </svg>
    </div>
  );
}

interface NodeFigures {
  readonly rate: number;
  readonly errorRate: number;
  readonly p99Ms: number | null;
}

/** Of a service its own figures; of what is outside those of the calls to it. */
function redOf(
  node: GraphNode,
  services: readonly ServiceReport[],
  edges: readonly GraphEdge[],
): NodeFigures | null {
  if (node.kind === "user") return null;
  const service = services.find(({ name, namespace }) =>
    node.id === (namespace === null ? name : `${namespace}/${name}`)
  );
  if (service !== undefined) return service;
  const calls = edges.filter(({ to }) => to === node.id);
  const total = calls.reduce((sum, call) => sum + call.rate, 0);
  const failed = calls.reduce((sum, call) => sum + call.rate * call.errorRate, 0);
  const slowest = Math.max(-1, ...calls.map(({ p99Ms }) => p99Ms ?? -1));
  return { rate: total, errorRate: total === 0 ? 0 : failed / total, p99Ms: slowest < 0 ? null : slowest };
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

function NodeBox({ node, x, y, red, lit, focus, blur }: NodeProps) {
  const failing = isFailing(red?.errorRate ?? 0);
  const body = (
    <>
      <title>{node.name}</title>
      <rect
        class="map-node"
        width={SIZE.nodeWidth}
        height={SIZE.nodeHeight}
        rx={node.kind === "service" ? 4 : 25}
      />
      {node.kind === "service" && (
        <rect class={`map-stripe ${serviceClass(node.name)}`} width="4" height={SIZE.nodeHeight} rx="2" />
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
  const namespace = node.id === node.name ? null : node.id.slice(0, -node.name.length - 1);
  return (
    <a {...shared} href={link(["service", node.name], { namespace })} onFocus={focus} onBlur={blur}>{body}</a>
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

function EdgeLine({ placed, edge, lit }: EdgeProps) {
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

function EdgeLabel({ placed, edge, lit }: EdgeProps) {
  // The last stretch belongs to this edge alone more often than the first.
  const [[x1, y1], [x2, y2]] = [placed.points.at(-2)!, placed.points.at(-1)!];
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
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
