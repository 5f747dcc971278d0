/** Columns of the tables of services, routes and calls. Rate, errors and quantiles are the same in all of them. */
import { h } from "preact";
import type { GraphEdge, GraphReport, RouteReport, ServiceReport } from "../../../status/model.ts";
import { link } from "../data/location.ts";
import { counted, latency, rate } from "../parts/format.ts";
import { ErrorRate, ServiceLink } from "../parts/parts.tsx";
import { Spark } from "../parts/spark.tsx";
import type { Column } from "../parts/table.tsx";
import { namespaceOf, nodeName } from "./nodes.ts";

type Figures = Pick<GraphEdge, "rate" | "errorRate" | "p50Ms" | "p90Ms" | "p99Ms">;

/** What the errors of a row lead to. */
type Place<Row> = (row: Row) => { readonly service?: string; readonly route?: string | null };

function rateColumn<Row extends Figures>(): Column<Row> {
  return {
    id: "rate",
    title: "Rate",
    unit: "/s",
    numeric: true,
    cell: (row) => rate(row.rate),
    value: (row) => row.rate,
  };
}

function errorColumn<Row extends Figures>(place: Place<Row>): Column<Row> {
  return {
    id: "errors",
    title: "Errors",
    unit: "%",
    numeric: true,
    cell: (row) => <ErrorRate share={row.errorRate} {...place(row)} />,
    value: (row) => row.errorRate,
  };
}

function quantileColumns<Row extends Figures>(): readonly Column<Row>[] {
  return (["p50", "p90", "p99"] as const).map((title) => {
    const value = (row: Row) => row[`${title}Ms`];
    return { id: title, title, numeric: true, cell: (row) => latency(value(row)), value };
  });
}

function figureColumns<Row extends Figures>(place: Place<Row>): readonly Column<Row>[] {
  return [rateColumn(), errorColumn(place), ...quantileColumns<Row>()];
}

function sparkColumn(title: string, cell: Column<ServiceReport>["cell"]): Column<ServiceReport> {
  return { id: title, title, untitled: true, width: "11%", cell };
}

export const SERVICE_COLUMNS: readonly Column<ServiceReport>[] = [
  {
    id: "name",
    title: "Service",
    class: "main-cell",
    cell: ({ name, namespace, instances }) => (
      <span class="name-cell">
        <ServiceLink name={name} namespace={namespace} />
        {namespace !== null && <small class="tag">{namespace}</small>}
        {instances > 1 && (
          <small class="tag" title={counted(instances, "process", "processes")}>× {instances}</small>
        )}
      </span>
    ),
    value: ({ name }) => name,
  },
  rateColumn(),
  sparkColumn("Rate over time", ({ history }) => <Spark values={history.rate} form="line" />),
  errorColumn(({ name }) => ({ service: name })),
  // A tenth fills the height, so that one error in a thousand does not look like an outage.
  sparkColumn(
    "Errors over time",
    ({ history }) => <Spark values={history.errorRate} form="bars" least={0.1} />,
  ),
  ...quantileColumns<ServiceReport>(),
  sparkColumn("p99 over time", ({ history }) => <Spark values={history.p99Ms} form="line" />),
];

/** Where a row of a route leads. */
export function routeLink(service: string, { route }: Pick<RouteReport, "route">): string {
  return link(["traces"], { service, route });
}

/** `others` stand after the route. */
export function routeColumns<Row extends RouteReport>(
  service: (row: Row) => string,
  others: readonly Column<Row>[] = [],
): readonly Column<Row>[] {
  return [
    {
      id: "route",
      title: "Route",
      cell: (row) => (
        <a class="route-link" href={routeLink(service(row), row)} title={row.route ?? "No route is known"}>
          <b>{row.method}</b>
          <span class={row.route === null ? "faint" : "clip"}>{row.route ?? "no route"}</span>
        </a>
      ),
      // Those without a route come last.
      value: (row) => `${row.route ?? "\uffff"} ${row.method}`,
    },
    ...others,
    ...figureColumns<Row>((row) => ({ service: service(row), route: row.route })),
  ];
}

/** Who calls whom. */
export function callColumns({ nodes }: GraphReport): readonly Column<GraphEdge>[] {
  const shown = (id: string) => {
    const node = nodes.find((node) => node.id === id);
    if (node?.kind !== "service") {
      return <span class="outside clip">{node === undefined ? id : nodeName(node)}</span>;
    }
    return <ServiceLink name={node.name} namespace={namespaceOf(node)} />;
  };
  return [
    { id: "from", title: "From", cell: ({ from }) => shown(from), value: ({ from }) => from },
    { id: "to", title: "To", cell: ({ to }) => shown(to), value: ({ to }) => to },
    ...figureColumns<GraphEdge>(() => ({})),
  ];
}
