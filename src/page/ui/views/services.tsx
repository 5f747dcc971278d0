/** The first view: every service with its rate, errors and latency of now and of the last minutes, and all routes. */
import { Fragment, h } from "preact";
import type { RouteReport, ServiceReport, TargetReport, TargetsAnswer } from "../../../status/model.ts";
import { link } from "../data/location.ts";
import { usePoll } from "../data/poll.ts";
import { count, counted, latency, percent, rate } from "../parts/format.ts";
import { Empty, isFailing, Section, ServiceLink, Waiting } from "../parts/parts.tsx";
import { Table } from "../parts/table.tsx";
import { routeColumns, routeLink, SERVICE_COLUMNS } from "./columns.tsx";
import { useServices, WindowSwitch } from "./window.tsx";

const TARGETS_EVERY_MS = 5_000;

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
          columns={ROUTE_COLUMNS}
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
  const targets = usePoll<TargetsAnswer>("targets", TARGETS_EVERY_MS).data?.targets ?? [];
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
function serviceKey({ name, namespace }: ServiceReport): string {
  return JSON.stringify([namespace, name]);
}

const ROUTE_COLUMNS = routeColumns<RouteReport & { readonly service: ServiceReport }>(
  ({ service }) => service.name,
  [{
    id: "service",
    title: "Service",
    width: "24%",
    cell: ({ service: { name, namespace } }) => <ServiceLink name={name} namespace={namespace} />,
    value: ({ service }) => service.name,
  }],
);
