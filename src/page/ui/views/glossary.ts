/** What the agent's counters mean, in a line each; docs/architecture.md says more. Names are those of the API. */

export const LOSSES: Readonly<Record<string, string>> = {
  ringFull: "The ring buffer had no room at the start of the span",
  spanMapFull: "Too many spans were in flight in the kernel",
  endRingFull: "The ring buffer had no room at the end of the span",
  abandoned: "The goroutine began another call before this one had an end",
  tableFull: "Too many spans were in flight in the decoder",
  processExited: "The process ended with the span in flight",
  badRecord: "What was read from the process made no sense",
  noDecoder: "Its decoder was gone",
  decoderFault: "Its decoder failed and was replaced",
  loaderEnded: "The loader ended with the span in flight",
  queue_full: "The export queue was full: the collector is too slow or away",
  rejected: "The collector refused it (partial success)",
  retries_exhausted: "The collector did not take it in time",
  shutdown: "The agent ended before the collector took it",
  malformed: "It could not be encoded",
};

/** Why spans are measured but in no trace. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  ignored: "Their route is one of routes.ignored_patterns",
  filtered: "A filter leaves them out",
  notExported: "Their process exports no traces",
};

/** Counters that belong together, with what each counts. */
export interface CounterGroup {
  readonly title: string;
  readonly counters: Readonly<Record<string, string>>;
}

/** Outcomes of calls whose header was to be written; together they are `armed`. */
export const ARMED: CounterGroup = {
  title: "Propagation",
  counters: {
    injected: "traceparent was added to the call",
    rewritten: "A traceparent that a proxy forwards was replaced",
    notWritten: "The call ended before anything was sent",
    split: "The header was cut by two writes and left alone",
    pushFailed: "The kernel had no room to add it",
  },
};

/** The other counters of `propagation`. */
export const PROPAGATION: readonly CounterGroup[] = [
  {
    title: "Calls without a header",
    counters: {
      tls: "The connection is encrypted",
      ownHeader: "The program sends its own traceparent",
      noSocket: "The connection has no socket",
      untracked: "The socket is not known",
      noHttp1Connection: "It is no HTTP/1 connection",
      pendingMapFull: "Too many calls at once",
    },
  },
  {
    title: "Parents of calls",
    counters: {
      parentGoroutine: "The request that the calling goroutine serves",
      parentContext: "The request of the call's context.Context",
      parentCreator: "The request whose goroutine created the calling one",
      parentGoid: "Found by the goroutine's number",
      parentNone: "None: a new trace began",
    },
  },
  {
    title: "Incoming requests, sockets",
    counters: {
      traceparentAccepted: "Requests with a valid traceparent",
      traceparentMalformed: "Requests with one that is none: a new trace began",
      tracestateTooLong: "A tracestate of more than 256 bytes was left out",
      socketsTracked: "Client sockets followed from their start",
      socketsAdopted: "Client sockets that were older than the agent",
      socketTrackFailed: "Client sockets that could not be followed",
    },
  },
];

export const PROBES: CounterGroup = {
  title: "Probes",
  counters: {
    records: "Records written to the ring buffer",
    wakeups: "Times that a program had to wake the loader",
    endWithoutStart: "Ends of requests that began before the agent",
    readFault: "Memory of a process that could not be read",
    noBinding: "Probes hit before their decoder was set",
    lostQueueFull: "Notes of lost spans that found no room",
    processEventLost: "Starts and ends of processes that found no room",
    linkMapFull: "Goroutines whose creator could not be noted",
  },
};
