/** What the decoder routes answer; held to src/registry/model.ts and src/decoder/manifest.ts by model_test.ts. */
import { Type } from "../../schema/mod.ts";
import { amount, count, flag, list, named, nullable, oneOf, REASON, text, time } from "./common.ts";

export const DECODER_SOURCE = oneOf(
  ["bundled", "directory", "pushed", "learnt"],
  "With Tsunagi, from the watched directory, by the API, or made of an executable's own structs.",
);
const DIGEST = text("SHA-256 of the file, in hex.");

const ENTRY = {
  name: text(),
  version: text(),
  goRange: text('">=1.26 <1.27"'),
  libraries: list(text(), '"golang.org/x/net >=0.17.0 <0.48.0"'),
  digest: DIGEST,
  source: DECODER_SOURCE,
  state: Type.Literal("active"),
  since: time(),
  previous: nullable(
    Type.Object({ version: text(), digest: DIGEST, source: DECODER_SOURCE }),
    "What a rollback would make active.",
  ),
  targets: count("Processes that it traces."),
  counters: nullable(
    Type.Object({ starts: count(), spans: count(), inFlight: count(), badRecords: count() }),
    "Null while it runs nowhere.",
  ),
};

export const DECODER_ENTRY = named("Decoder", Type.Object(ENTRY));

export const REFUSED_DECODER = named(
  "RefusedDecoder",
  Type.Object({
    name: nullable(text()),
    version: nullable(text()),
    origin: text('"push", "rolled back", "learnt", or the path of the file.'),
    digest: nullable(text()),
    at: time(),
    reason: REASON,
  }),
);

export const DECODER_LIST = named(
  "Decoders",
  Type.Object({
    decoders: list(DECODER_ENTRY),
    refused: list(REFUSED_DECODER, "Newest first."),
    swaps: Type.Object({
      count: count(),
      p50Ms: nullable(amount()),
      p99Ms: nullable(amount()),
      maxMs: nullable(amount()),
      lastMs: nullable(amount()),
    }, { description: "From filled slots to the last flipped probe." }),
  }),
);

const OFFSETS = Type.Record(Type.String(), nullable(count()), { description: 'By "Request.Method".' });
const PLAN = named(
  "Plan",
  Type.Object({
    probe: count(),
    ops: list(
      Type.Object({ code: count(), string: count(), source: count(), add: count(), length: count() }),
    ),
  }),
);
const PROVENANCE = Type.Object({ toolchains: list(text()), method: text() });

export const MANIFEST = named(
  "Manifest",
  Type.Object({
    name: text(),
    version: text(),
    abi: count(),
    wireFingerprint: text(),
    goRange: text(),
    layout: Type.Record(Type.String(), count()),
    plans: list(PLAN),
    structs: Type.Object({ headerMap: oneOf(["hmap", "swiss"]), gDead: count(), fields: OFFSETS }),
    libraries: list(Type.Object({
      module: text(),
      range: text(),
      fields: OFFSETS,
      plans: list(PLAN),
      provenance: PROVENANCE,
    })),
    provenance: PROVENANCE,
  }, { description: "docs/decoder-abi.md says what it means." }),
);

export const DECODER_DETAIL = named("DecoderDetail", Type.Object({ ...ENTRY, manifest: MANIFEST }));

export const DECODER_CHANGE = named(
  "DecoderChange",
  Type.Object({
    decoder: DECODER_ENTRY,
    unchanged: flag("The very same bytes were active already."),
    persisted: flag("Whether a restart finds this decoder in the directory."),
    swap: Type.Object({
      gateMs: amount(),
      executables: count(),
      stageMs: amount("Filling free slots, while the old decoder works on."),
      swapMs: amount("From then until the last probe was flipped."),
    }),
  }),
);
