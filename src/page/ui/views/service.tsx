/** One service: rate, errors and latency over the last minutes, its routes, who calls it and whom it calls. */
import { Fragment, h } from "preact";
import { useMemo } from "preact/hooks";
import type { GraphEdge, GraphReport, ServiceReport, ServicesReport } from "../../../status/model.ts";
import { Chart } from "../parts/chart.tsx";
import { counted, duration, latency, percent, rate } from "../parts/format.ts";
import { link } from "../data/location.ts";
import { Empty, ErrorRate, nodeName, Section, ServiceDot, ServiceLink, Waiting } from "../parts/parts.tsx";
import { usePoll } from "../data/poll.ts";
import { routeColumns, useServices, useWindow, WindowSwitch } from "./services.tsx";
import { type Column, Table } from "../parts/table.tsx";

const GRAPH_EVERY_MS = 10_000;

export function Service({ name, namespace }: { name: string; namespace: string | null }) {
  const { data, refused } = useServices();
  if (data === null) return <Waiting refused={refused} />;
  const service = data.services.find((other) =>
    other.name === name && (namespace === null || other.namespace === namespace)
  );
  if (service === undefined) {
    return (
      <Empty title={`No service ${name}`} top>
        <p>
          It had no request since the agent began. <a href="#/">All services</a>
        </p>
      </Empty>
    );
  }
  return (
    <>
      <div class="headline">
        <div class="title">
          <h1>
            <ServiceDot name={name} />
            {name}
          </h1>
          {service.namespace !== null && <span class="faint">{service.namespace}</span>}
          <span class="faint">
            {counted(service.instances, "process", "processes")}
          </span>
          <a href={link(["traces"], { service: name })}>Traces</a>
          <a href={link(["targets"], { q: name })}>Targets</a>
        </div>
        <WindowSwitch />
      </div>
      <Charts service={service} report={data} />
      <Section title="Routes" aside={counted(service.routes.length, "route")}>
        <Table
          name={`Routes of ${name}`}
          columns={routeColumns(() => name)}
          rows={service.routes}
          rowKey={({ method, route }) => JSON.stringify([method, route])}
          sortedBy="rate"
          href={({ route }) => link(["traces"], { service: name, route })}
        />
      </Section>
      <Calls service={service} />
    </>
  );
}

function Charts({ service, report }: { service: ServiceReport; report: ServicesReport }) {
  const { rate: rates, errorRate, p99Ms } = service.history;
  const { stepSeconds } = report;
  const times = useMemo(() => {
    const last = Math.floor(Date.now() / 1_000);
    return rates.map((_value, index) => last - (rates.length - 1 - index) * stepSeconds);
  }, [report]);
  const shares = useMemo(() => errorRate.map((share) => share), [report]);
  return (
    <div class="charts">
      <Chart
        title="Requests a second"
        group="service"
        times={times}
        lines={[{ name: "Rate", colour: "--accent", values: rates, filled: true }]}
        format={rate}
      />
      <Chart
        title="Errors"
        group="service"
        times={times}
        lines={[{ name: "Errors", colour: "--bad", values: shares, filled: true }]}
        format={(share) => `${percent(share)} %`}
      />
      <Chart
        title="Latency, p99"
        group="service"
        times={times}
        lines={[{ name: "p99", colour: "--warn", values: p99Ms }]}
        format={(ms) => ms === 0 ? "0" : duration(ms * 1e6)}
      />
    </div>
  );
}

function Calls({ service }: { service: ServiceReport }) {
  const [seconds] = useWindow();
  const { data } = usePoll<GraphReport>(`graph?window=${seconds}`, GRAPH_EVERY_MS);
  if (data === null) return null;
  const id = service.namespace === null ? service.name : `${service.namespace}/${service.name}`;
  const edges = data.edges.filter(({ from, to }) => from === id || to === id);
  if (edges.length === 0) return null;
  return (
    <Section title="Calls" aside={<a href="#/map">Map</a>}>
      <CallsTable name={`Calls of ${service.name}`} edges={edges} graph={data} />
    </Section>
  );
}

/** Who calls whom, as a table. */
export function CallsTable(props: { name: string; edges: readonly GraphEdge[]; graph: GraphReport }) {
  const { name, edges, graph } = props;
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const shown = (id: string) => {
    const node = nodes.get(id);
    if (node?.kind !== "service") {
      return <span class="outside clip">{node === undefined ? id : nodeName(node)}</span>;
    }
    const namespace = id === node.name ? null : id.slice(0, -node.name.length - 1);
    return <ServiceLink name={node.name} namespace={namespace} />;
  };
  const columns: readonly Column<GraphEdge>[] = [
    { id: "from", title: "From", cell: ({ from }) => shown(from), value: ({ from }) => from },
    { id: "to", title: "To", cell: ({ to }) => shown(to), value: ({ to }) => to },
    {
      id: "rate",
      title: "Rate",
      unit: "/s",
      numeric: true,
      cell: (edge) => rate(edge.rate),
      value: (edge) => edge.rate,
    },
    {
      id: "errors",
      title: "Errors",
      unit: "%",
      numeric: true,
      cell: ({ errorRate }) => <ErrorRate share={errorRate} />,
      value: ({ errorRate }) => errorRate,
    },
    {
      id: "p50",
      title: "p50",
      numeric: true,
      cell: ({ p50Ms }) => latency(p50Ms),
      value: ({ p50Ms }) => p50Ms,
    },
    {
      id: "p90",
      title: "p90",
      numeric: true,
      cell: ({ p90Ms }) => latency(p90Ms),
      value: ({ p90Ms }) => p90Ms,
    },
    {
      id: "p99",
      title: "p99",
      numeric: true,
      cell: ({ p99Ms }) => latency(p99Ms),
      value: ({ p99Ms }) => p99Ms,
    },
  ];
  return (
    <Table
      name={name}
      columns={columns}
      rows={edges}
      rowKey={({ from, to }) => JSON.stringify([from, to])}
      sortedBy="rate"
    />
  );
}
