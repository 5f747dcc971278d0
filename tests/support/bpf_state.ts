/**
 * What a loader holds of BPF, so that a test can see that nothing was left behind: the ids come from the
 * loader's open files, whether they still exist from bpftool.
 */

type Kind = "prog" | "map" | "link";
const KINDS: readonly Kind[] = ["prog", "map", "link"];

interface Listed {
  readonly id: number;
  readonly name?: string;
  readonly type?: string;
}

async function list(kind: Kind): Promise<Map<number, string>> {
  const { stdout } = await new Deno.Command("bpftool", {
    args: ["-j", kind, "show"],
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
    stderr: "inherit",
  }).output();
  const listed: readonly Listed[] = JSON.parse(new TextDecoder().decode(stdout) || "[]");
  return new Map(listed.map(({ id, name, type }) => [id, `${kind} ${id} ${type ?? ""} ${name ?? ""}`]));
}

/** Programs, maps and links of one process. */
export class BpfObjects {
  private constructor(readonly ids: ReadonlyMap<Kind, ReadonlySet<number>>) {}

  /** Those that the process has open now. */
  static of(pid: number): BpfObjects {
    const ids = new Map(KINDS.map((kind) => [kind, new Set<number>()]));
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fdinfo`)) {
      let text;
      try {
        text = Deno.readTextFileSync(`/proc/${pid}/fdinfo/${name}`);
      } catch {
        continue; // closed meanwhile
      }
      // A link's file names the program, too, and a program's only itself.
      for (const [, kind, id] of text.matchAll(/^(prog|map|link)_id:\s+(\d+)$/gm)) {
        ids.get(kind as Kind)?.add(Number(id));
      }
    }
    return new BpfObjects(ids);
  }

  /** How many there are of a kind. */
  count(kind: Kind): number {
    return this.ids.get(kind)?.size ?? 0;
  }

  /** Those that still exist, in words. */
  async left(): Promise<string[]> {
    const left: string[] = [];
    for (const kind of KINDS) {
      for (const [id, text] of await list(kind)) if (this.ids.get(kind)?.has(id)) left.push(text);
    }
    return left;
  }
}

/** What exists now beside `before` although no process has it open: attached or pinned by somebody who is gone. */
export async function unheldSince(before: BpfSnapshot): Promise<string[]> {
  const held = heldByAnyone();
  const now = await BpfSnapshot.take();
  return KINDS.flatMap((kind) =>
    [...now.objects.get(kind) ?? []].flatMap(([id, text]) =>
      before.objects.get(kind)?.has(id) || held.some((objects) => objects.ids.get(kind)?.has(id))
        ? []
        : [text]
    )
  );
}

/** Every program, map and link of this machine. */
export class BpfSnapshot {
  private constructor(readonly objects: ReadonlyMap<Kind, ReadonlyMap<number, string>>) {}

  static async take(): Promise<BpfSnapshot> {
    return new BpfSnapshot(
      new Map(await Promise.all(KINDS.map(async (kind) => [kind, await list(kind)] as const))),
    );
  }
}

function heldByAnyone(): BpfObjects[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    try {
      return /^\d+$/.test(name) ? [BpfObjects.of(Number(name))] : [];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}
