/** One service: rate, errors and latency over the last minutes, its routes, who calls it and whom it calls. */
import { Fragment, h } from "preact";
import { useMemo } from "preact/hooks";
import type { GraphEdge, GraphReport, ServiceReport, ServicesReport } from "../../../status/model.ts";
import { link } from "../data/location.ts";
import { Chart } from "../parts/chart.tsx";
import { counted, latency, percent, rate } from "../parts/format.ts";
import { Empty, Section, ServiceDot, Waiting } from "../parts/parts.tsx";
import { Table } from "../parts/table.tsx";
import { callColumns, routeColumns, routeLink } from "./columns.tsx";
import { nodeId } from "./nodes.ts";
import { useGraph, useServices, WindowSwitch } from "./window.tsx";

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
          href={(row) => routeLink(name, row)}
        />
      </Section>
      <Calls service={service} />
    </>
  );
}

function Charts({ service: { history }, report }: { service: ServiceReport; report: ServicesReport }) {
  const times = useMemo(() => {
    const last = Math.floor(Date.now() / 1_000);
    return history.rate.map((_value, index) => last - (history.rate.length - 1 - index) * report.stepSeconds);
  }, [report]);
  const shared = { group: "service", times };
  return (
    <div class="charts">
      <Chart
        {...shared}
        title="Requests a second"
        colour="--accent"
        values={history.rate}
        least={1}
        format={rate}
      />
      <Chart
        {...shared}
        title="Errors"
        colour="--bad"
        values={history.errorRate}
        least={0.02}
        format={(share) => `${percent(share)} %`}
      />
      <Chart
        {...shared}
        title="Latency, p99"
        colour="--warn"
        values={history.p99Ms}
        least={1}
        format={(ms) => ms === 0 ? "0" : latency(ms)}
      />
    </div>
  );
}

/** Who calls it, and whom it calls. */
function Calls({ service }: { service: ServiceReport }) {
  const { data } = useGraph();
  if (data === null) return null;
  const id = nodeId(service);
  const edges = data.edges.filter(({ from, to }) => from === id || to === id);
  if (edges.length === 0) return null;
  return (
    <Section title="Calls" aside={<a href="#/map">Map</a>}>
      <CallsTable name={`Calls of ${service.name}`} edges={edges} graph={data} />
    </Section>
  );
}

export function CallsTable(props: { name: string; edges: readonly GraphEdge[]; graph: GraphReport }) {
  const { name, edges, graph } = props;
  return (
    <Table
      name={name}
      columns={callColumns(graph)}
      rows={edges}
      rowKey={({ from, to }) => JSON.stringify([from, to])}
      sortedBy="rate"
    />
  );
}
