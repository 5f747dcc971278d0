/** What the kernel's counters mean, in a line each; docs/architecture.md says more. Names are those of the API. */

/** Counters that belong together, with what each counts. */
export interface CounterGroup {
  readonly title: string;
  readonly counters: Readonly<Record<string, string>>;
}

/** Outcomes of calls whose header was to be written; together they are `armed`. */
export const ARMED: CounterGroup = {
  title: "Propagation",
  counters: {
    injected: "A header was added",
    rewritten: "A forwarded one was replaced",
    not_written: "Nothing was sent",
    split: "Two writes cut the headers: left alone",
    push_failed: "The kernel had no room to add it",
  },
};

/** The other counters of `propagation`. */
export const PROPAGATION: readonly CounterGroup[] = [
  {
    title: "Calls without a header",
    counters: {
      tls: "The connection is encrypted",
      own_header: "The program sends its own",
      no_socket: "The connection has no socket",
      untracked: "The socket is not known",
      no_http1_connection: "It is HTTP/2, or no connection came about",
      pending_map_full: "Too many calls at once",
    },
  },
  {
    title: "Parents of calls",
    counters: {
      parent_goroutine: "The request that its goroutine serves",
      parent_context: "That of the call's context.Context",
      parent_creator: "That of the goroutine that created this one",
      parent_goid: "By the goroutine's number",
      parent_none: "None: a new trace began",
    },
  },
  {
    title: "Incoming requests, client sockets",
    counters: {
      traceparent_accepted: "Requests with a valid one",
      traceparent_malformed: "A new trace began instead",
      tracestate_too_long: "More than 256 bytes: left out",
      sockets_tracked: "Followed from their start",
      sockets_adopted: "Older than the agent",
      socket_track_failed: "Not followed",
    },
  },
];

export const PROBES: CounterGroup = {
  title: "Probes",
  counters: {
    records: "Records written to the ring buffer",
    wakeups: "Times the loader was woken",
    end_without_start: "Ends of requests that began before the agent",
    read_fault: "Memory that could not be read",
    no_binding: "Probes hit before their decoder was set",
    lost_queue_full: "Notes of losses that found no room",
    process_event_lost: "Process events that found no room",
    link_map_full: "Goroutines whose creator was not noted",
  },
};
