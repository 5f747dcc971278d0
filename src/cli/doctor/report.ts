/** Findings as text for people: grouped, aligned, coloured on a terminal. Used by main.ts. */
import type { Finding, Group, Severity } from "../../doctor/finding.ts";
import { BOLD, CYAN, DIM, GREEN, RED, styled, YELLOW } from "../../support/ansi.ts";
import { displayWidth, escapeControls } from "../../support/text.ts";

export interface ReportOptions {
  readonly colour: boolean;
  /** Of the terminal; Infinity: lines are not broken. */
  readonly columns: number;
  readonly print: (line: string) => void;
}

const TITLES: Readonly<Record<Group, string>> = {
  machine: "Machine",
  configuration: "Configuration",
  agent: "Agent",
  collectors: "Collectors",
  decoders: "Decoders",
  targets: "Processes",
};
const LABELS: Readonly<Record<Severity, readonly [text: string, style: string]>> = {
  ok: ["ok", GREEN],
  warn: ["warn", YELLOW],
  fail: ["FAIL", BOLD + RED],
  skip: ["skip", DIM],
};
const WHAT_COLUMNS = 24;
/** Named of what was left alone for the same reason as the first. */
const MAX_OTHERS = 8;
const MIN_TEXT_COLUMNS = 40;
/** Of "  FAIL  " and the column of what was looked at. */
const TEXT_AT = 8 + WHAT_COLUMNS + 2;

/** Prints findings as they come. */
export class Report {
  readonly #options: ReportOptions;
  readonly #counts = new Map<Severity, number>();
  #group: Group | null = null;
  /** Of one reason, still to be shown together. */
  #skipped: Finding[] = [];

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /** What was left alone for the same reason shares an entry, which comes with the next finding. */
  add(finding: Finding): void {
    const { severity, code } = finding;
    this.#counts.set(severity, (this.#counts.get(severity) ?? 0) + 1);
    if (this.#skipped.length > 0 && this.#skipped[0]!.code !== code) this.#showSkipped();
    if (severity === "skip") this.#skipped.push(finding);
    else this.#show(finding);
  }

  #showSkipped(): void {
    const [first, ...more] = this.#skipped;
    this.#skipped = [];
    if (!first) return;
    if (more.length === 0) return this.#show(first);
    const names = more.slice(0, MAX_OTHERS).map(({ what }) => what);
    const others = [...names, ...more.length > MAX_OTHERS ? ["..."] : []];
    this.#show({ ...first, cause: `${first.cause}\nThe same or the like: ${others.join(", ")}` });
  }

  #show(finding: Finding): void {
    const { group, severity, code, what, cause, remedy } = finding;
    if (group !== this.#group) {
      if (this.#group !== null) this.#print("");
      this.#group = group;
      this.#print(this.#style(BOLD, TITLES[group]));
    }
    const [label, style] = LABELS[severity];
    const name = escapeControls(what);
    const head = `  ${this.#style(style, label.padEnd(4))}  ${name}`;
    const gap = WHAT_COLUMNS - displayWidth(name);
    const lines = this.#wrap(cause);
    if (gap >= 0) this.#print(`${head}${" ".repeat(gap + 2)}${lines.shift() ?? ""}`.trimEnd());
    else this.#print(head);
    for (const line of lines) this.#print(" ".repeat(TEXT_AT) + line);
    if (code === "ok") return;
    this.#print(" ".repeat(TEXT_AT) + this.#style(CYAN, code));
    if (remedy === "") return;
    for (const line of this.#wrap(`-> ${remedy}`)) this.#print(" ".repeat(TEXT_AT) + this.#style(BOLD, line));
  }

  /** The last line. */
  close(): void {
    this.#showSkipped();
    const count = (severity: Severity) => this.#counts.get(severity) ?? 0;
    const text = `${count("fail")} failed, ${count("warn")} warnings, ${count("ok")} ok, ${
      count("skip")
    } skipped`;
    this.#print("");
    this.#print(this.#style(count("fail") > 0 ? BOLD + RED : count("warn") > 0 ? YELLOW : GREEN, text));
  }

  #wrap(text: string): string[] {
    const room = Math.max(MIN_TEXT_COLUMNS, this.#options.columns - TEXT_AT);
    return text.split("\n").flatMap((line) => wrap(escapeControls(line), room));
  }

  #style(style: string, text: string): string {
    return this.#options.colour ? styled(style, text) : text;
  }

  #print(line: string): void {
    this.#options.print(line);
  }
}

/** Breaks at blanks; a word that is longer than a line stays whole, so that it can be copied. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
