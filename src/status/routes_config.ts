/** The configuration: what is in force; with the token, reading it again. */
import type { Config } from "../config/config.ts";
import { configReport } from "./config_report.ts";
import { type Endpoint, endpoint, Refusal } from "./endpoint.ts";
import type { ConfigState } from "./model.ts";
import { CONFIG_ANSWER } from "./schemas/config.ts";
import { CONFIG_STATE } from "./schemas/status.ts";

/** What the routes need of the one who holds the configuration. */
export interface ConfigControl {
  /** What is in force. */
  current(): Config;
  state(): ConfigState;
  /** Reads file and environment again; what is wrong is in the state then, and the old one stays in force. */
  reload(): Promise<ConfigState>;
}

export function configRoutes({ config }: { readonly config: ConfigControl }): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/api/v1/config",
      tag: "Configuration",
      summary: "What is in force, without secrets",
      answer: CONFIG_ANSWER,
      handle: () => ({ state: config.state(), config: configReport(config.current()) }),
    }),
    endpoint({
      method: "POST",
      path: "/api/v1/config/reload",
      tag: "Configuration",
      summary: "Read the configuration again",
      changes: true,
      answer: CONFIG_STATE,
      refusals: { 422: "It is wrong; what was in force stays so" },
      timeLimitMs: 60_000,
      handle: async () => {
        const state = await config.reload();
        if (state.error === null) return state;
        return new Refusal(422, {
          code: "config-refused",
          message: state.error,
          remedy: "Correct it; what was in force stays so",
        });
      },
    }),
  ];
}
