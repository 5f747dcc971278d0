/**
 * Plans for third-party modules that a program may link: one set for each range of the module's releases, put into
 * every decoder's manifest by family.ts or makePack. The registry adds those that fit an executable to its slot.
 */
import {
  PROBE_SERVER_ABORT_X_NET,
  PROBE_SERVER_END_X_NET,
  REG_OBJECT,
  SIZEOF_SPAN,
} from "../../bpf/wire.gen.ts";
import type { LibraryPlans, Plan } from "../../src/decoder/manifest.ts";
import * as places from "../assembly/x_net.ts";
import xNet from "../modules/golang.org_x_net.json" with { type: "json" };
import { type Fields, patternOf } from "./capture.ts";
import type { ModuleLayout, ModuleLayouts } from "./module_layout.ts";
import { PlanBuilder } from "./plan_builder.ts";

const WORD_BYTES = 8;

/** Makes the plans of one module from its own fields and those of Go. */
type MakePlans = (layout: ModuleLayout, go: Fields) => Plan[];

const LIBRARIES: readonly (readonly [ModuleLayouts, MakePlans])[] = [[xNet, xNetServerEnds]];

/** The plans of every known module for programs of the Go whose fields are given. */
export function librariesOf(go: { readonly fields: Fields }): LibraryPlans[] {
  return LIBRARIES.flatMap(([{ module, toolchain, method, layouts }, makePlans]) =>
    layouts.map((layout) => ({
      module,
      range: layout.range,
      fields: layout.fields,
      plans: makePlans(layout, go.fields),
      provenance: {
        toolchains: [toolchain],
        method: `${method}: ${layout.versions.join(", ")}`,
      },
    }))
  );
}

/** handlerDone and the deferred closure of runHandler of x/net/http2: the state behind its response writer. */
function xNetServerEnds({ range, fields }: ModuleLayout, go: Fields): Plan[] {
  const offset = (name: string) => {
    const value = fields[name] ?? null;
    if (value === null) throw new Error(`Cannot plan golang.org/x/net ${range}: it has no ${name}`);
    return value;
  };
  return [PROBE_SERVER_END_X_NET, PROBE_SERVER_ABORT_X_NET].map((probe) => {
    const plan = new PlanBuilder(probe);
    const word = (source: number, field: string, place: number) => {
      const from = offset(field);
      const at = plan.read(source, from, from + WORD_BYTES).at(from);
      if (at !== SIZEOF_SPAN + place) throw new Error(`Cannot plan ${field}: it lies at ${at}`);
      return at;
    };
    const state = word(plan.register(REG_OBJECT), "responseWriter.rws", places.X_NET_STATE);
    word(state, "responseWriterState.status", places.X_NET_STATUS);
    word(state, "responseWriterState.wroteBytes", places.X_NET_WRITTEN);
    word(state, "responseWriterState.wroteHeader", places.X_NET_WROTE_HEADER);
    patternOf(plan, go, word(state, "responseWriterState.req", places.X_NET_REQUEST));
    return plan.finish();
  });
}
