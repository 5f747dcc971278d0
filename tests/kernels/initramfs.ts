/** Writes an initramfs (cpio, "newc" format; Documentation/driver-api/early-userspace in the kernel's tree). */

const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;

/** A file of the initramfs. */
export interface CpioEntry {
  readonly path: string;
  readonly data?: Uint8Array;
  readonly kind: "file" | "directory" | "link";
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

function mode({ kind }: CpioEntry): number {
  return kind === "directory" ? DIRECTORY | 0o755 : kind === "link" ? SYMLINK | 0o777 : REGULAR | 0o755;
}

/** The archive of `entries`; a directory must come before what is in it. */
export function cpio(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const push = (bytes: Uint8Array) => {
    const piece = new Uint8Array(padded(bytes.length));
    piece.set(bytes);
    pieces.push(piece);
  };
  [...entries, { path: "TRAILER!!!", kind: "file" } as const].forEach((entry: CpioEntry, index) => {
    const data = entry.data ?? new Uint8Array();
    const name = encoder.encode(`${entry.path}\0`);
    const fields = [index + 1, mode(entry), 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const header = "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
    push(new Uint8Array([...encoder.encode(header), ...name]));
    push(data);
  });
  const archive = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    archive.set(piece, offset);
    offset += piece.length;
  }
  return archive;
}
