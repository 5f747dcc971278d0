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

/** Outcomes of calls whose header was to be written; together they are `armed`. */
export const ARMED = ["injected", "rewritten", "notWritten", "split", "pushFailed"] as const;

export const PROPAGATION: Readonly<Record<string, string>> = {
  traceparentAccepted: "Requests that came in with a valid traceparent",
  traceparentMalformed: "Requests that came in with one that is none: a new trace began",
  tracestateTooLong: "A tracestate of more than 256 bytes was left out",
  parentGoroutine: "Parent: the request that the calling goroutine serves",
  parentContext: "Parent: the request of the call's context.Context",
  parentCreator: "Parent: the request whose goroutine created the calling one",
  parentGoid: "Parent: found by the goroutine's number",
  parentNone: "No parent: the call began a new trace",
  armed: "Calls whose header was to be written",
  injected: "traceparent was added",
  rewritten: "A forwarded traceparent was replaced",
  notWritten: "The call ended before anything was sent",
  split: "The header was cut by two writes and left alone",
  pushFailed: "The kernel had no room to add it",
  ownHeader: "Not armed: the program sends its own traceparent",
  tls: "Not armed: the connection is encrypted",
  noSocket: "Not armed: the connection has no socket",
  untracked: "Not armed: the socket is not known",
  noHttp1Connection: "Not armed: no HTTP/1 connection",
  pendingMapFull: "Not armed: too many calls at once",
  socketsTracked: "Client sockets that were followed from their start",
  socketTrackFailed: "Client sockets that could not be followed",
  socketsAdopted: "Client sockets that were older than the agent",
};

export const PROBES: Readonly<Record<string, string>> = {
  endWithoutStart: "Ends of requests that began before the agent",
  lostQueueFull: "Notes of lost spans that found no room",
  readFault: "Memory of a process that could not be read",
  noBinding: "Probes hit before their decoder was set",
  processEventLost: "Starts and ends of processes that found no room",
  linkMapFull: "Goroutines whose creator could not be noted",
  records: "Records written to the ring buffer",
  wakeups: "Times that a program had to wake the loader",
};
