/** The service map: who calls whom, how often, with what success. The same as a table below it. */
import { Fragment, h } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { GraphEdge, GraphNode, GraphReport, ServiceReport } from "../../../status/model.ts";
import { Section, Waiting } from "../parts/parts.tsx";
import { layOut } from "./map_layout.ts";
import {
  EdgeLabel,
  EdgeLine,
  labelPlaces,
  NODE_HEIGHT,
  NODE_WIDTH,
  NodeBox,
  type NodeFigures,
} from "./map_parts.tsx";
import { nodeId } from "./nodes.ts";
import { CallsTable } from "./service.tsx";
import { NoServices } from "./services.tsx";
import { useGraph, useServices, WindowSwitch } from "./window.tsx";

const SIZE = { nodeWidth: NODE_WIDTH, nodeHeight: NODE_HEIGHT, gapX: 104, gapY: 18 };
/** Without figures on the edges there need be less room for them. */
const NARROW_GAP_X = 84;
/** A larger map is drawn smaller, down to this; then one scrolls. */
const LEAST_SCALE = 0.85;
const MARGIN = 12;
/** With more edges than that, figures appear only on those one points at. */
const MAX_LABELLED = 14;

export function ServiceMap() {
  const { data, refused } = useGraph();
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
  const layout = useMemo(
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
  const figured = drawn.filter(({ lit }) => lit || labelled);
  const places = labelPlaces(figured.map(({ placed }) => placed));
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
        {figured.map(({ placed, edge, lit }) => (
          <EdgeLabel key={`${placed.from} ${placed.to}`} edge={edge} lit={lit} {...places.get(placed)!} />
        ))}
      </svg>
    </div>
  );
}

/** Of a service its own figures; of what is outside those of the calls to it. */
function redOf(
  node: GraphNode,
  services: readonly ServiceReport[],
  edges: readonly GraphEdge[],
): NodeFigures | null {
  if (node.kind === "user") return null;
  const service = services.find((one) => nodeId(one) === node.id);
  if (service !== undefined) return service;
  const calls = edges.filter(({ to }) => to === node.id);
  const total = calls.reduce((sum, call) => sum + call.rate, 0);
  const failed = calls.reduce((sum, call) => sum + call.rate * call.errorRate, 0);
  const slowest = Math.max(-1, ...calls.map(({ p99Ms }) => p99Ms ?? -1));
  return { rate: total, errorRate: total === 0 ? 0 : failed / total, p99Ms: slowest < 0 ? null : slowest };
}
