/** The page's entry: which view the address means, and its title. */
import { h, render } from "preact";
import { useEffect } from "preact/hooks";
import type { StatusReport } from "../../status/model.ts";
import { useEvents } from "./data/events.ts";
import { type Location, useLocation } from "./data/location.ts";
import { noteChange, type Polled, usePoll } from "./data/poll.ts";
import { Empty } from "./parts/parts.tsx";
import { useFocusOnChange } from "./shell/focus.ts";
import { Shell } from "./shell/shell.tsx";
import { VIEWS } from "./shell/views.ts";
import { Agent } from "./views/agent.tsx";
import { Decoders } from "./views/decoders.tsx";
import { ServiceMap } from "./views/map.tsx";
import { Service } from "./views/service.tsx";
import { Services } from "./views/services.tsx";
import { Targets } from "./views/targets.tsx";
import { TraceView } from "./views/trace.tsx";
import { Traces } from "./views/traces.tsx";

const STATUS_EVERY_MS = 60_000;
const STATUS_EVERY_MS_SHOWN = 5_000;

function Page() {
  const place = useLocation();
  const [view = "", what = ""] = place.path;
  const status = usePoll<StatusReport>("status", view === "agent" ? STATUS_EVERY_MS_SHOWN : STATUS_EVERY_MS);
  useEvents({
    types: "activity,target,decoder,config",
    enabled: true,
    leastMs: STATUS_EVERY_MS_SHOWN,
    onEvents: noteChange,
  });
  const host = status.data?.kernel?.hostName;
  const name = titleOf(view, what);
  useEffect(() => {
    document.title = [name, host, "Tsunagi"].filter(Boolean).join(" · ");
  }, [name, host]);
  useFocusOnChange(place.path.join("/"));
  return <Shell view={view} status={status.data}>{viewOf(place, status)}</Shell>;
}

/** What the tab of the browser is called. */
function titleOf(view: string, what: string): string {
  if (view === "service") return what;
  if (view === "trace") return `Trace ${what.slice(0, 8)}`;
  return VIEWS.find(({ parts }) => parts.includes(view))?.title ?? "";
}

function viewOf({ path: [view = "", what = ""], query }: Location, status: Polled<StatusReport>) {
  switch (view) {
    case "":
      return <Services />;
    case "service":
      return <Service key={what} name={what} namespace={query.get("namespace")} />;
    case "map":
      return <ServiceMap />;
    case "traces":
      return <Traces query={query} />;
    case "trace":
      return <TraceView key={what} traceId={what} selectedId={query.get("span")} />;
    case "targets":
      return <Targets query={query} />;
    case "decoders":
      return <Decoders />;
    case "agent":
      return <Agent {...status} />;
    default:
      return (
        <Empty title="There is nothing here" top>
          <p>
            <a href="#/">To the services</a>
          </p>
        </Empty>
      );
  }
}

render(<Page />, document.body);
