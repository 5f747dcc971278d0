/** The first view: every service with its rate, errors and latency of now and of the last minutes, and all routes. */
import { Fragment, h } from "preact";
import type {
  RouteReport,
  ServiceReport,
  ServicesReport,
  TargetReport,
  TargetsAnswer,
} from "../../../status/model.ts";
import { count, counted, latency, percent, rate } from "../parts/format.ts";
import { link } from "../data/location.ts";
import { Empty, ErrorRate, isFailing, Section, ServiceLink, Waiting } from "../parts/parts.tsx";
import { usePoll } from "../data/poll.ts";
import { Spark } from "../parts/spark.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { usePreference } from "../data/preference.ts";

export const WINDOWS = ["60", "300"] as const;
const WINDOW_NAMES: Readonly<Record<string, string>> = { "60": "1 min", "300": "5 min" };
const EVERY_MS = 5_000;

/** The report over the window that is chosen. */
export function useServices() {
  const [seconds] = useWindow();
  return usePoll<ServicesReport>(`services?window=${seconds}`, EVERY_MS);
}

export function useWindow() {
  return usePreference("window", WINDOWS);
}

/** Chooses how far rates and quantiles look back. */
export function WindowSwitch() {
  const [seconds, choose] = useWindow();
  return (
    <fieldset class="switch">
      <legend class="hidden">Figures of the last</legend>
      {WINDOWS.map((option) => (
        <label key={option}>
          <input type="radio" name="window" checked={option === seconds} onChange={() => choose(option)} />
          <span>{WINDOW_NAMES[option]}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Services() {
  const { data, refused } = useServices();
  if (data === null) return <Waiting refused={refused} />;
  const { services } = data;
  if (services.length === 0) return <NoServices />;
  return (
    <>
      <div class="headline">
        <h1 class="hidden">Services</h1>
        <Totals services={services} />
        <WindowSwitch />
      </div>
      <Section title="Services" aside={counted(services.length, "service")}>
        <Table
          name="Services"
          columns={SERVICE_COLUMNS}
          rows={services}
          rowKey={serviceKey}
          sortedBy="name"
          href={({ name, namespace }) => link(["service", name], { namespace })}
        />
      </Section>
      <Section title="Routes" aside="of all services">
        <Table
          name="Routes"
          columns={ALL_ROUTES_COLUMNS}
          rows={services.flatMap((service) => service.routes.map((route) => ({ ...route, service })))}
          rowKey={(row) => JSON.stringify([serviceKey(row.service), row.method, row.route])}
          sortedBy="rate"
          href={(row) => routeLink(row.service.name, row)}
        />
      </Section>
    </>
  );
}

/** Explains why there is nothing: how many processes could have had a request, and where to look if that is none. */
export function NoServices() {
  const targets = usePoll<TargetsAnswer>("targets", EVERY_MS).data?.targets ?? [];
  const number = (state: TargetReport["state"]) => targets.filter((target) => target.state === state).length;
  return (
    <Empty title="No requests yet" top>
      <p>Services appear with their first request.</p>
      <p>
        <a href="#/targets">
          {counted(number("traced"), "process", "processes")} traced, {count(number("refused"))} refused
        </a>
      </p>
    </Empty>
  );
}

function Totals({ services }: { services: readonly ServiceReport[] }) {
  const total = services.reduce((sum, service) => sum + service.rate, 0);
  const failed = services.reduce((sum, service) => sum + service.rate * service.errorRate, 0);
  const slowest = services.reduce<ServiceReport | null>(
    (worst, service) => (service.p99Ms ?? -1) > (worst?.p99Ms ?? -1) ? service : worst,
    null,
  );
  return (
    <dl class="totals">
      <div>
        <dt>Requests</dt>
        <dd>
          {rate(total)} <small>/s</small>
        </dd>
      </div>
      <div>
        <dt>Errors</dt>
        <dd class={isFailing(failed / total) ? "bad" : ""}>
          {percent(total === 0 ? 0 : failed / total)} <small>%</small>
        </dd>
      </div>
      <div>
        <dt>Slowest p99</dt>
        <dd>
          {latency(slowest?.p99Ms ?? null)}
          {slowest?.p99Ms != null && <small class="clip">{slowest.name}</small>}
        </dd>
      </div>
    </dl>
  );
}

/** Services of one name in two namespaces are two. */
export function serviceKey({ name, namespace }: Pick<ServiceReport, "name" | "namespace">): string {
  return JSON.stringify([namespace, name]);
}

export function routeLink(service: string, { route }: Pick<RouteReport, "route">): string {
  return link(["traces"], { service, route });
}

type Quantiles = Pick<RouteReport, "p50Ms" | "p90Ms" | "p99Ms">;

function quantile<Row extends Quantiles>(id: keyof Quantiles, title: string): Column<Row> {
  return { id, title, numeric: true, cell: (row) => latency(row[id]), value: (row) => row[id] };
}

const SERVICE_COLUMNS: readonly Column<ServiceReport>[] = [
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
  {
    id: "rate",
    title: "Rate",
    unit: "/s",
    numeric: true,
    cell: (service) => rate(service.rate),
    value: (service) => service.rate,
  },
  {
    id: "rateSpark",
    title: "Rate over time",
    untitled: true,
    width: "11%",
    cell: ({ history }) => <Spark values={history.rate} form="line" />,
  },
  {
    id: "errors",
    title: "Errors",
    unit: "%",
    numeric: true,
    cell: ({ errorRate, name }) => <ErrorRate share={errorRate} service={name} />,
    value: ({ errorRate }) => errorRate,
  },
  {
    id: "errorSpark",
    title: "Errors over time",
    untitled: true,
    width: "11%",
    // A tenth fills the height, so that one error in a thousand does not look like an outage.
    cell: ({ history }) => <Spark values={history.errorRate} form="bars" least={0.1} />,
  },
  quantile("p50Ms", "p50"),
  quantile("p90Ms", "p90"),
  quantile("p99Ms", "p99"),
  {
    id: "p99Spark",
    title: "p99 over time",
    untitled: true,
    width: "11%",
    cell: ({ history }) => <Spark values={history.p99Ms} form="line" />,
  },
];

/** Rate, errors and quantiles of one route. */
export function routeColumns<Row extends RouteReport>(
  service: (row: Row) => string,
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
      value: (row) => `${row.route ?? "￿"} ${row.method}`,
    },
    {
      id: "rate",
      title: "Rate",
      unit: "/s",
      numeric: true,
      cell: (row) => rate(row.rate),
      value: (row) => row.rate,
    },
    {
      id: "errors",
      title: "Errors",
      unit: "%",
      numeric: true,
      cell: (row) => <ErrorRate share={row.errorRate} service={service(row)} route={row.route} />,
      value: (row) => row.errorRate,
    },
    quantile("p50Ms", "p50"),
    quantile("p90Ms", "p90"),
    quantile("p99Ms", "p99"),
  ];
}

type ServiceRoute = RouteReport & { readonly service: ServiceReport };

const [ROUTE, ...FIGURES] = routeColumns<ServiceRoute>(({ service }) => service.name);
const ALL_ROUTES_COLUMNS: readonly Column<ServiceRoute>[] = [
  ROUTE!,
  {
    id: "service",
    title: "Service",
    width: "24%",
    cell: ({ service }) => <ServiceLink name={service.name} namespace={service.namespace} />,
    value: ({ service }) => service.name,
  },
  ...FIGURES,
];
