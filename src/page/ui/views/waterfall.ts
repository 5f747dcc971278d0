/**
 * What a waterfall shows of a trace: its spans as a tree, where the time went, and the critical path. Pure; trace.tsx
 * draws it.
 */

/** A value in OTLP's JSON. */
export interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpAttribute[] };
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** A span as GET /api/v1/traces/{traceId} has it. */
export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly droppedAttributesCount: number;
  readonly events: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes: readonly OtlpAttribute[];
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: readonly OtlpAttribute[];
  }[];
  readonly status: { readonly code: number; readonly message?: string };
  readonly serviceName: string;
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
}

/** From and to, in ns since the begin of the trace. */
export type Stretch = readonly [fromNs: number, toNs: number];

export interface Row {
  readonly span: TraceSpan;
  readonly depth: number;
  /** Whether its parent is of another service, or not here. */
  readonly entry: boolean;
  /** Spans below it, at any depth. */
  readonly below: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly error: boolean;
  /** Time in which no child ran: own work, waiting, or something that is not traced. */
  readonly own: readonly Stretch[];
  /** Parts of `own` that made the trace as long as it is. */
  readonly critical: readonly Stretch[];
  /** Parts of `own` between or beside children that take more than a tenth of the trace. */
  readonly gaps: readonly Stretch[];
}

export interface Waterfall {
  readonly startUnixNano: bigint;
  readonly durationNs: number;
  /** Depth first, children by their start. */
  readonly rows: readonly Row[];
}

const STATUS_ERROR = 2;
const GAP_SHARE = 0.1;

interface Node {
  readonly span: TraceSpan;
  readonly fromNs: number;
  readonly toNs: number;
  readonly children: Node[];
  readonly critical: Stretch[];
}

export function waterfall(spans: readonly TraceSpan[]): Waterfall {
  const startUnixNano = spans.reduce<bigint | null>((first, { startTimeUnixNano }) => {
    const start = BigInt(startTimeUnixNano);
    return first === null || start < first ? start : first;
  }, null) ?? 0n;
  const nodes = spans.map((span): Node => {
    const fromNs = Number(BigInt(span.startTimeUnixNano) - startUnixNano);
    const toNs = Math.max(fromNs, Number(BigInt(span.endTimeUnixNano) - startUnixNano));
    return { span, fromNs, toNs, children: [], critical: [] };
  });
  const roots = grow(nodes);
  const durationNs = Math.max(0, ...nodes.map(({ toNs }) => toNs));
  const last = roots.reduce<Node | null>((late, root) => root.toNs > (late?.toNs ?? -1) ? root : late, null);
  if (last !== null) markCritical(last);
  const rows: Row[] = [];
  const walk = (node: Node, depth: number, above: string | null): number => {
    const at = rows.length;
    const own = uncovered(node);
    const row = {
      span: node.span,
      depth,
      entry: node.span.serviceName !== above,
      fromNs: node.fromNs,
      toNs: node.toNs,
      error: node.span.status.code === STATUS_ERROR,
      own,
      critical: node.critical,
      gaps: node.children.length === 0 ? [] : own.filter(([from, to]) => to - from > durationNs * GAP_SHARE),
    };
    rows.push({ ...row, below: 0 });
    const below = node.children.reduce(
      (total, child) => total + 1 + walk(child, depth + 1, node.span.serviceName),
      0,
    );
    rows[at] = { ...row, below };
    return below;
  };
  roots.forEach((root) => walk(root, 0, null));
  return { startUnixNano, durationNs, rows };
}

/** Hangs children below their parents, and answers those that hang nowhere, in the order of their start. */
function grow(nodes: readonly Node[]): Node[] {
  const byStart = [...nodes].sort((a, b) => a.fromNs - b.fromNs || b.toNs - a.toNs);
  const byId = new Map(byStart.map((node) => [node.span.spanId, node]));
  const parentOf = (node: Node) => byId.get(node.span.parentSpanId);
  const roots: Node[] = [];
  for (const node of byStart) {
    const parent = parentOf(node);
    if (parent === undefined || inCircle(node, parentOf)) roots.push(node);
    else parent.children.push(node);
  }
  return roots;
}

/** Whether a span is its own ancestor. The circle is cut at each of its members. */
function inCircle(node: Node, parentOf: (node: Node) => Node | undefined): boolean {
  const passed = new Set<Node>();
  for (let at = parentOf(node); at !== undefined && !passed.has(at); at = parentOf(at)) {
    if (at === node) return true;
    passed.add(at);
  }
  return false;
}

/**
 * Walks back from the end: what ended last is what was waited for, and before it began, what had ended by then. A
 * child that outlives its parent counts up to the parent's end.
 */
function markCritical(root: Node): void {
  const stack: { node: Node; untilNs: number }[] = [{ node: root, untilNs: root.toNs }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node } = next;
    let cursor = Math.min(node.toNs, next.untilNs);
    const lastFirst = [...node.children].sort((a, b) => b.toNs - a.toNs);
    for (const child of lastFirst) {
      const end = Math.min(child.toNs, node.toNs, next.untilNs);
      if (end > cursor || child.fromNs >= cursor) continue;
      if (end < cursor) node.critical.push([end, cursor]);
      stack.push({ node: child, untilNs: end });
      cursor = Math.max(node.fromNs, child.fromNs);
    }
    if (cursor > node.fromNs) node.critical.push([node.fromNs, cursor]);
    node.critical.reverse();
  }
}

/** The stretches of a span in which none of its children ran. */
function uncovered({ fromNs, toNs, children }: Node): Stretch[] {
  const free: Stretch[] = [];
  let cursor = fromNs;
  for (const child of children) {
    if (child.fromNs > cursor) free.push([cursor, Math.min(child.fromNs, toNs)]);
    cursor = Math.max(cursor, child.toNs);
    if (cursor >= toNs) return free.filter(([from, to]) => to > from);
  }
  free.push([cursor, toNs]);
  return free.filter(([from, to]) => to > from);
}

export function lengthNs(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** A value as text. */
export function valueText(value: OtlpValue): string {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.arrayValue !== undefined) return `[${(value.arrayValue.values ?? []).map(valueText).join(", ")}]`;
  if (value.kvlistValue !== undefined) {
    const fields = value.kvlistValue.values ?? [];
    return `{${fields.map(({ key, value }) => `${key}: ${valueText(value)}`).join(", ")}}`;
  }
  return String(value.intValue ?? value.doubleValue ?? value.boolValue ?? value.bytesValue ?? "");
}

/** The value of `key` as text, or null. */
export function attribute(attributes: readonly OtlpAttribute[], key: string): string | null {
  const found = attributes.find((attribute) => attribute.key === key);
  return found === undefined ? null : valueText(found.value);
}

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];

export function kindName(kind: number): string {
  return KINDS[kind] ?? `kind ${kind}`;
}
