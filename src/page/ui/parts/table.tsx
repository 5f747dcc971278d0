/**
 * The one kind of table of this page: sortable by its heads. Rows are reached with the arrow keys, and
 * keep their places while somebody points at them.
 */
import { type ComponentChildren, Fragment, h } from "preact";
import { useRef, useState } from "preact/hooks";
import { moveFocus } from "./row_keys.ts";

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** The title is for screen readers only. */
  readonly untitled?: boolean;
  /** Stands after the title, fainter: "ms". */
  readonly unit?: string;
  readonly numeric?: boolean;
  /** As CSS has it; numbers have a width of their own, columns without one share the rest. */
  readonly width?: string;
  readonly class?: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** What the column sorts by; none: it does not. Numbers are sorted from the greatest, null last. */
  readonly value?: (row: Row) => string | number | null;
}

export interface TableProps<Row> {
  /** Names the table, and its order, which outlives the view. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Id of the column that it is sorted by at first; none: as the rows come. */
  readonly sortedBy?: string;
  /** Where a click on a row goes; the first cell should hold the link. */
  readonly href?: (row: Row) => string;
  /** Stands below a row, over the whole width. */
  readonly below?: (row: Row) => ComponentChildren;
}

interface Order {
  readonly column: string;
  readonly reverse: boolean;
}

/** The rows somebody points at. */
interface Held {
  readonly keys: readonly string[];
  readonly untilMs: number;
}

/** A pointer that rests for so long is not somebody. */
const HOLD_MS = 15_000;

/** The order of each table, while the page lives. */
const orders = new Map<string, Order>();

export function Table<Row>(props: TableProps<Row>) {
  const { name, columns, rows, rowKey, sortedBy, href, below } = props;
  const [order, setOrder] = useState<Order | null>(
    orders.get(name) ?? (sortedBy === undefined ? null : { column: sortedBy, reverse: false }),
  );
  const held = useRef<Held | null>(null);
  const [, redraw] = useState(0);
  const shown = arrange(
    sorted(rows, columns.find(({ id }) => id === order?.column), order),
    rowKey,
    held.current,
  );

  const sortBy = (column: string) => {
    const next = { column, reverse: order?.column === column && !order.reverse };
    orders.set(name, next);
    held.current = null;
    setOrder(next);
  };
  const hold = () => held.current = { keys: shown.map(rowKey), untilMs: Date.now() + HOLD_MS };
  const release = () => {
    held.current = null;
    redraw((times) => times + 1);
  };
  const open = (event: MouseEvent, row: Row) => {
    const inner = (event.target as Element).closest("a, button, summary, details");
    if (inner || href === undefined || String(getSelection()) !== "") return;
    location.hash = href(row);
  };

  return (
    <div class="table-box">
      <table class={href ? "table links" : "table"}>
        <caption class="hidden">{name}</caption>
        <colgroup>
          {columns.map(({ id, numeric, width = numeric ? "88px" : "" }) => (
            <col
              key={id}
              style={{ width }}
            />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head
                key={column.id}
                column={column}
                order={order?.column === column.id ? order : null}
                sort={() => sortBy(column.id)}
              />
            ))}
          </tr>
        </thead>
        <tbody onMouseMove={hold} onMouseLeave={release} onKeyDown={moveFocus}>
          {shown.map((row) => {
            const more = below?.(row);
            return (
              <Fragment key={rowKey(row)}>
                <tr onClick={(event) => open(event, row)}>
                  {columns.map((column, index) =>
                    index === 0
                      ? <th key={column.id} scope="row" class={classOf(column)}>{column.cell(row)}</th>
                      : <td key={column.id} class={classOf(column)}>{column.cell(row)}</td>
                  )}
                </tr>
                {more && (
                  <tr class="below">
                    <td colSpan={columns.length}>{more}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>(props: { column: Column<Row>; order: Order | null; sort: () => void }) {
  const { column, order, sort } = props;
  const text = (
    <span class={column.untitled ? "hidden" : undefined}>
      {column.title}
      {column.unit && <span class="unit">{column.unit}</span>}
    </span>
  );
  if (column.value === undefined) return <th scope="col" class={classOf(column)}>{text}</th>;
  const numbers = column.numeric === true;
  const descending = order !== null && order.reverse !== numbers;
  return (
    <th
      scope="col"
      class={classOf(column)}
      aria-sort={order === null ? "none" : descending ? "descending" : "ascending"}
    >
      <button type="button" class="sort" onClick={sort}>
        {text}
        <span class="arrow" aria-hidden="true">{order === null ? "" : descending ? "↓" : "↑"}</span>
      </button>
    </th>
  );
}

function classOf<Row>(column: Column<Row>): string {
  return [column.numeric ? "number" : "", column.class ?? ""].filter(Boolean).join(" ");
}

function sorted<Row>(
  rows: readonly Row[],
  column: Column<Row> | undefined,
  order: Order | null,
): readonly Row[] {
  const value = column?.value;
  if (value === undefined || order === null) return rows;
  return [...rows].sort((left, right) => {
    const compared = compare(value(left), value(right));
    return order.reverse ? -compared : compared;
  });
}

/** Text from a to z, numbers from the greatest, nothing at the end. */
function compare(left: string | number | null, right: string | number | null): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === "number" && typeof right === "number") return right - left;
  return String(left).localeCompare(String(right), undefined, { numeric: true });
}

/** While rows are held they keep their places, and new ones wait. */
function arrange<Row>(rows: readonly Row[], rowKey: (row: Row) => string, held: Held | null): readonly Row[] {
  if (held === null || Date.now() > held.untilMs) return rows;
  const byKey = new Map(rows.map((row) => [rowKey(row), row]));
  return held.keys.flatMap((key) => byKey.get(key) ?? []);
}
