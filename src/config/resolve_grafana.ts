/**
 * Grafana Cloud as a collector: Beyla's section grafana.otlp, as the endpoint and the header of each signal that has no
 * endpoint otherwise (pkg/export/otel/grafana.go of Beyla). Used by resolve.ts.
 */
import type { Reporter } from "./config_error.ts";
import type { Settings } from "./settings.ts";

const REQUIRED = ["cloud_zone", "cloud_instance_id", "cloud_api_key"] as const;

/** `settings` with what the section means. */
export function withGrafanaCloud(settings: Settings, report: Reporter): Settings {
  const { cloud_submit: signals, ...parts } = settings.grafana!.otlp!;
  const { cloud_zone: zone, cloud_instance_id: user, cloud_api_key: password } = parts;
  const [given] = Object.keys(parts);
  if (given === undefined) return settings;
  if (zone === undefined || user === undefined || password === undefined) {
    const missing = REQUIRED.filter((name) => parts[name] === undefined);
    report.error(["grafana", "otlp", given], `needs ${missing.join(" and ")} beside it`);
    return settings;
  }
  const authorization = `Basic ${new TextEncoder().encode(`${user}:${password}`).toBase64()}`;
  const changed = { ...settings, otlp: { ...settings.otlp! } };
  for (const signal of signals!) {
    const endpoint = `${signal}_endpoint` as const;
    if (settings.otlp!.endpoint || settings.otlp![endpoint]) continue;
    const exporter = `otel_${signal}_export` as const;
    const headers = settings[exporter]!.headers ?? settings.otlp!.headers!;
    changed.otlp[endpoint] = `https://otlp-gateway-${zone}.grafana.net/otlp/v1/${signal}`;
    // As in Beyla, one that the user gives is stronger.
    const hasOwn = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
    if (!hasOwn) {
      changed[exporter] = { ...settings[exporter]!, headers: { ...headers, Authorization: authorization } };
    }
  }
  return changed;
}
