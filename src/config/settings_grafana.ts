/** Keys of Grafana Cloud as a collector, Beyla's section grafana.otlp; resolve_grafana.ts says what they mean. */
import { Type } from "../schema/mod.ts";
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
