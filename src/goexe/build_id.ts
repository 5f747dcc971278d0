/**
 * The Go build id: note "Go", type 4, which the go command writes. Shown by the status API; names a build, but
 * is only a claim of the file itself. Format: Go source, src/cmd/internal/buildid/note.go.
 */
import { type Elf, findSection, PT_NOTE } from "./elf.ts";
import type { ExeReader } from "./source.ts";

const NOTE_TYPE = 4;
const MAX_NOTES_BYTES = 65_536;
const MAX_NOTES = 64;
/** Two or four hashes of 20 characters with slashes between; the go command writes no other. */
const MAX_ID_BYTES = 256;

/** The build id, or "" when there is none (`-ldflags=-buildid=`). */
export async function readBuildId(elf: Elf, reader: ExeReader): Promise<string> {
  const section = findSection(elf, ".note.go.buildid");
  const places = section === undefined
    ? elf.segments.filter((segment) => segment.type === PT_NOTE)
      .map(({ offset, fileSize }) => ({ offset, size: fileSize }))
    : [{ offset: section.offset, size: section.size }];
  for (const { offset, size } of places) {
    if (offset + size <= reader.size) {
      const id = await readNotes(reader, offset, Math.min(size, MAX_NOTES_BYTES));
      if (id !== null) {
        return id;
      }
    }
  }
  return "";
}

async function readNotes(reader: ExeReader, offset: number, size: number): Promise<string | null> {
  const notes = await reader.read(offset, size, "notes");
  let at = 0;
  for (let i = 0; i < MAX_NOTES && at + 12 <= size; i++) {
    const nameBytes = notes.u32(at);
    const idBytes = notes.u32(at + 4);
    const id = at + 12 + align4(nameBytes);
    if (id + idBytes > size) {
      return null;
    }
    // The name is "Go\0\0", its length is given as 4.
    if (notes.u32(at + 8) === NOTE_TYPE && nameBytes === 4 && notes.u32(at + 12) === 0x6f47) {
      return idBytes <= MAX_ID_BYTES ? notes.text(id, idBytes) : null;
    }
    at = id + align4(idBytes);
  }
  return null;
}

function align4(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
