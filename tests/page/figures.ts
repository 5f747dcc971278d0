/** Rate, errors and latency that belong to made-up services, as Metrics would report them. */
import type { GraphReport, RouteReport, ServiceReport, ServicesReport } from "../../src/status/model.ts";
import type { ServicePlan } from "./plans.ts";

/** Numbers from 0 to 1 that look random and are always the same. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ state >>> 13, 0x297a2d39);
    return ((mixed ^ mixed >>> 16) >>> 0) / 2 ** 32;
  };
}

/** `load` scales all rates; a longer window has seen a little less of them. */
export function servicesReport(
  plans: readonly ServicePlan[],
  windowSeconds: number,
  load = 1,
): ServicesReport {
  const random = randomNumbers(11);
  const services = plans.map((plan, index): ServiceReport => {
    const perSecond = load * 240 / (index + 1) ** 1.3;
    const errors = plan.errorShare ?? 0;
    const history = {
      rate: Array.from({ length: 30 }, () => perSecond * (0.7 + 0.6 * random())),
      errorRate: Array.from({ length: 30 }, () => errors === 0 ? 0 : errors * 2 * random()),
      p99Ms: Array.from({ length: 30 }, () => plan.ownMs * (2 + 3 * random())),
    };
    const red = (share: number, errorRate: number): Omit<RouteReport, "method" | "route"> => ({
      requests: Math.round(perSecond * share * 3_000),
      errors: Math.round(perSecond * share * 3_000 * errorRate),
      rate: perSecond * share * (windowSeconds === 60 ? 1 : 0.9),
      errorRate,
      p50Ms: plan.ownMs * 1.1,
      p90Ms: plan.ownMs * 2.2,
      p99Ms: plan.ownMs * 4.3,
    });
    return {
      name: plan.name,
      namespace: plan.namespace ?? null,
      instances: plan.instances ?? 1,
      ...red(1, errors),
      history,
      routes: plan.routes.map((route, at): RouteReport => {
        const [method = "GET", pattern = "/"] = route.split(" ");
        return { method, route: pattern, ...red(1 / plan.routes.length, at === 0 ? errors : 0) };
      }),
    };
  }).sort((a, b) => b.rate - a.rate);
  return { windowSeconds, stepSeconds: 10, services };
}

export function graphReport(plans: readonly ServicePlan[], windowSeconds: number): GraphReport {
  const known = new Map(plans.map((plan) => [plan.name, plan]));
  const idOf = (name: string) => {
    const plan = known.get(name);
    return plan?.namespace === undefined ? name : `${plan.namespace}/${name}`;
  };
  const external = plans.flatMap(({ calls }) => calls.filter((name) => !known.has(name)));
  const edge = (from: string, to: string, weight: number, errorRate: number, ms: number) => ({
    from,
    to,
    requests: Math.round(weight * 3_000),
    errors: Math.round(weight * 3_000 * errorRate),
    rate: weight,
    errorRate,
    p50Ms: ms,
    p90Ms: ms * 2,
    p99Ms: ms * 4,
  });
  if (plans.length === 0) return { windowSeconds, nodes: [], edges: [] };
  return {
    windowSeconds,
    nodes: [
      { id: "user", name: "user", kind: "user" },
      ...plans.map(({ name }) => ({ id: idOf(name), name, kind: "service" as const })),
      ...external.map((id) => ({ id, name: id.replace("external:", ""), kind: "external" as const })),
    ],
    edges: [
      edge("user", idOf(plans[0]!.name), 240, plans[0]!.errorShare ?? 0, plans[0]!.ownMs),
      ...plans.flatMap(({ name, calls }, index) =>
        calls.map((callee) => {
          const plan = known.get(callee);
          return edge(
            idOf(name),
            idOf(callee),
            200 / (index + 2),
            plan?.errorShare ?? 0,
            plan?.ownMs ?? 40,
          );
        })
      ),
    ],
  };
}
