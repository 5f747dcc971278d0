/** What the kernel holds of BPF, as bpftool tells it, so that a test can see that nothing was left behind. */

interface Listed {
  readonly id: number;
  readonly name?: string;
  readonly type?: string;
}

async function list(kind: string): Promise<Map<number, string>> {
  const { stdout } = await new Deno.Command("bpftool", {
    args: ["-j", kind, "show"],
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
    stderr: "inherit",
  }).output();
  const listed: readonly Listed[] = JSON.parse(new TextDecoder().decode(stdout) || "[]");
  return new Map(listed.map(({ id, name, type }) => [id, `${kind} ${id} ${type ?? ""} ${name ?? ""}`]));
}

/** Programs, maps and links there are now. */
export class BpfState {
  private constructor(readonly objects: ReadonlyMap<string, string>) {}

  static async now(): Promise<BpfState> {
    const objects = new Map<string, string>();
    for (const kind of ["prog", "map", "link"]) {
      for (const [id, text] of await list(kind)) objects.set(`${kind} ${id}`, text);
    }
    return new BpfState(objects);
  }

  /** What is there and was not there `before`. */
  since(before: BpfState): string[] {
    return [...this.objects].filter(([key]) => !before.objects.has(key)).map(([, text]) => text);
  }
}
