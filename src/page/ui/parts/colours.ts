/** The colour of each service: one of ten of the style sheet, the same for a name wherever it is shown. */

const COLOURS = 10;
const known = new Map<string, number>();

/** A class that sets --service. Names that share a hash get the next free colour while there is one. */
export function serviceClass(name: string): string {
  let colour = known.get(name);
  if (colour === undefined) {
    const taken = new Set(known.values());
    colour = hash(name) % COLOURS;
    for (let tries = 0; tries < COLOURS && taken.has(colour); tries++) colour = (colour + 1) % COLOURS;
    known.set(name, colour);
  }
  return `service-${colour}`;
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
