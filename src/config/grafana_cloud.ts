/**
 * Grafana Cloud as a collector: Beyla's section grafana.otlp, as the endpoint and the header of each signal that has no
 * endpoint otherwise (pkg/export/otel/grafana.go of Beyla). Used by resolve.ts and settings.ts.
 */
import { Type } from "../schema/mod.ts";
import type { Reporter } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { key, NAME, oneOf, section, textThat } from "./setting_types.ts";
import { ValueError } from "./value.ts";

const SIGNALS = ["traces", "metrics"] as const;

const ZONE = textThat("text", (zone) => {
  if (!/^[a-z0-9-]+$/i.test(zone)) throw new ValueError("must be a zone such as prod-eu-west-0");
});

export const GRAFANA = section({
  otlp: Type.Optional(section({
    cloud_zone: key(ZONE, {
      meaning:
        "Zone of the stack, such as prod-eu-west-0. Signals without an endpoint go to its OTLP gateway",
      env: ["GRAFANA_CLOUD_ZONE"],
      beyla: "same",
    }),
    cloud_instance_id: key(NAME, {
      meaning: "User name for it, mostly a number",
      env: ["GRAFANA_CLOUD_INSTANCE_ID"],
      beyla: "same",
    }),
    cloud_api_key: key(NAME, {
      meaning: "Key for it",
      env: ["GRAFANA_CLOUD_API_KEY"],
      beyla: "same",
    }),
    cloud_submit: key(Type.Array(oneOf(SIGNALS)), {
      meaning: "What goes there",
      default: ["traces"],
      env: ["GRAFANA_CLOUD_SUBMIT"],
      beyla: "same",
    }),
  })),
}, { description: "Grafana Cloud as the collector; Beyla's section" });

/** `settings` with what the section means. */
export function withGrafanaCloud(settings: Settings, report: Reporter): Settings {
  const { cloud_submit: signals, ...parts } = settings.grafana!.otlp!;
  const { cloud_zone: zone, cloud_instance_id: user, cloud_api_key: password } = parts;
  const [given] = Object.keys(parts);
  if (given === undefined) return settings;
  if (zone === undefined || user === undefined || password === undefined) {
    report.error(
      ["grafana", "otlp", given],
      "is not enough; cloud_zone, cloud_instance_id and cloud_api_key are needed",
    );
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
