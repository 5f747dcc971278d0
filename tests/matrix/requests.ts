/** The requests of one run of the matrix, and what each of them is to bring about. */
import type { LoadRequest } from "../support/load.ts";
import type { ContextMode } from "./contexts.ts";

/** Ways in which a request to front goes. */
export type RequestKind =
  | "ordinary"
  | "chunked"
  | "credentials"
  | "panic"
  | "refused"
  | "no route";

/** One request to front. */
export interface MatrixRequest {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** `query` as spans may show it. */
  readonly shownQuery: string;
  readonly bodyBytes: number;
  /** Spans that come of it. */
  readonly spans: number;
  readonly load: LoadRequest;
}

const STATUSES = [200, 201, 404, 503, 200];

/** How many spans each kind brings about: those of front, the call, and back as far as it goes. */
const SPANS: Readonly<Record<RequestKind, number>> = {
  ordinary: 3,
  chunked: 3,
  credentials: 3,
  panic: 3,
  refused: 2,
  "no route": 1,
};

function kindOf(n: number): RequestKind {
  const kinds: Readonly<Record<number, RequestKind>> = {
    5: "chunked",
    7: "credentials",
    11: "panic",
    13: "refused",
    14: "no route",
  };
  return kinds[n % 16] ?? "ordinary";
}

function methodOf(n: number, kind: RequestKind): string {
  // Go's client sends a POST only once: a call that panics is no call that is tried again.
  if (kind === "panic") return "POST";
  if (kind !== "ordinary") return "GET";
  if (n % 16 === 3) return "HEAD";
  if (n % 16 === 9) return "BREW";
  return n % 3 === 0 ? "POST" : "GET";
}

/** Request number `n`, by which its spans are found again: the number is in the query. */
export function matrixRequest(n: number, mode: ContextMode): MatrixRequest {
  const kind = kindOf(n);
  const method = methodOf(n, kind);
  const path = kind === "no route" ? "/nowhere" : kind === "refused" ? "/refused" : "/front";
  const options: Partial<Record<RequestKind, string>> = {
    chunked: "&chunked=1",
    panic: "&fail=9",
  };
  const plain = `n=${n}&status=${STATUSES[n % STATUSES.length]}${options[kind] ?? ""}`;
  const query = kind === "credentials" ? `${plain}&sig=c2VjcmV0&z=1` : plain;
  const shownQuery = kind === "credentials" ? `${plain}&sig=REDACTED&z=1` : plain;
  const bodyBytes = method === "POST" ? 1 + n % 97 : 0;
  const context = mode.context();
  return {
    kind,
    method,
    path,
    query,
    shownQuery,
    bodyBytes,
    spans: SPANS[kind],
    load: {
      path: `${path}?${query}`,
      method,
      ...(bodyBytes > 0 ? { body: "f".repeat(bodyBytes) } : {}),
      ...(context ? { context } : {}),
    },
  };
}

/** `count` requests, numbered from `first` on. */
export function matrixRequests(first: number, count: number, mode: ContextMode): MatrixRequest[] {
  return Array.from({ length: count }, (_, index) => matrixRequest(first + index, mode));
}
