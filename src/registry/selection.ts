/**
 * Which decoder an executable gets: the most specific range that holds its Go release, its structs compared where it
 * has debug information. Never a guess, unless decoders.allow_nearest asks for one. Used by DecoderRegistry.
 */
import { compare, type GoRange, type GoRelease, parseGoVersion } from "../decoder/go_release.ts";
import type { DecoderPack, GoStructs, Plan } from "../decoder/manifest.ts";
import { ModuleRange, parseModuleVersion } from "../decoder/module_range.ts";
import { compareStructs, type StructDifference } from "../maker/structs.ts";
import type { Reason } from "../support/reason.ts";
import * as refusals from "./refusals.ts";

/** What is known of an executable. */
export interface ExeIdentity {
  /** "go1.26.8" */
  readonly goVersion: string;
  /** From the experiments that the linker recorded; null: as the Go version has it. */
  readonly headerMap: "hmap" | "swiss" | null;
  /** Versions of the linked modules by path: "golang.org/x/net" is "v0.30.0". */
  readonly modules: ReadonlyMap<string, string>;
  /** From DWARF; null where the executable has none. */
  readonly structs: GoStructs | null;
}

/** A decoder for an executable. */
export interface DecoderChoice {
  readonly pack: DecoderPack;
  /** The pack's own, with those of the libraries that the executable links in their place. */
  readonly plans: readonly Plan[];
  /** No range holds the release: the nearest decoder was taken because the configuration says so. */
  readonly nearest: boolean;
  /** The executable's own structs were compared, and are the decoder's. */
  readonly checked: boolean;
}

/** `learn`: a decoder of these very structs has to be made; `why` is the refusal if that fails. */
export type Selection =
  | { readonly kind: "decoder"; readonly choice: DecoderChoice }
  | { readonly kind: "learn"; readonly why: Reason }
  | { readonly kind: "refused"; readonly reason: Reason };

/** A decoder that may be chosen. */
export interface Candidate {
  readonly pack: DecoderPack;
  readonly range: GoRange;
  /** Chosen by equal structs only, never by range. */
  readonly learnt: boolean;
}

/** A decoder that was taken out of service, with nothing of its name in its place. */
export interface FailedCandidate extends Candidate {
  /** It came with Tsunagi: a wider range beside it was never meant for its releases. */
  readonly bundled: boolean;
  readonly reason: Reason;
}

export interface SelectionOptions {
  readonly candidates: readonly Candidate[];
  readonly failed: readonly FailedCandidate[];
  /** Whether decoders may be made. */
  readonly learn: boolean;
  readonly allowNearest: boolean;
}

/** Chooses. */
export function select(exe: ExeIdentity, options: SelectionOptions): Selection {
  const release = parseGoVersion(exe.goVersion);
  const suits = ({ learnt, range }: Candidate) => !learnt && release !== null && range.has(release);
  const failed = narrowest(options.failed.filter(suits));
  const best = narrowest(options.candidates.filter(suits));
  if (best && !(failed?.bundled && best.range.contains(failed.range))) {
    const differences = layoutDifferences(exe, best.pack);
    if (differences.length === 0) return decoder(exe, best.pack, { nearest: false });
    return learntOr(exe, options, refusals.layoutDiffers(best.pack.manifest.name, differences, exe));
  }
  if (failed) {
    const learnt = findLearnt(exe, options.candidates);
    return learnt ? decoder(exe, learnt, { nearest: false }) : refused(refusals.failed(failed));
  }
  const why = release === null
    ? refusals.unknownGo(exe)
    : refusals.noDecoder(exe, release, options.candidates.length > 0);
  if (exe.structs && options.learn) return learntOr(exe, options, why);
  return options.allowNearest && release ? nearest(exe, release, options.candidates, why) : refused(why);
}

/** The decoder that was learnt from such structs; one has to be made; or that is not allowed, and why. */
function learntOr(exe: ExeIdentity, { candidates, failed, learn }: SelectionOptions, why: Reason): Selection {
  const learnt = findLearnt(exe, candidates);
  if (learnt) return decoder(exe, learnt, { nearest: false });
  const tried = failed.find((candidate) => candidate.learnt && fits(exe, candidate.pack));
  if (tried) return refused(refusals.failed(tried));
  return learn && exe.structs ? { kind: "learn", why } : refused(why);
}

function findLearnt(exe: ExeIdentity, candidates: readonly Candidate[]): DecoderPack | undefined {
  return candidates.find(({ learnt, pack }) => learnt && fits(exe, pack))?.pack;
}

function fits(exe: ExeIdentity, pack: DecoderPack): boolean {
  return exe.structs !== null && layoutDifferences(exe, pack).length === 0;
}

/** The newest decoder before the release, else the oldest there is. */
function nearest(
  exe: ExeIdentity,
  release: GoRelease,
  candidates: readonly Candidate[],
  why: Reason,
): Selection {
  const ranged = candidates.filter(({ learnt }) => !learnt)
    .sort((a, b) => compare(a.range.to, b.range.to) || compare(a.range.from, b.range.from));
  const pack = (ranged.findLast(({ range }) => compare(range.to, release) <= 0) ?? ranged[0])?.pack;
  if (!pack) return refused(why);
  const differences = layoutDifferences(exe, pack);
  if (differences.length > 0) {
    return refused(refusals.layoutDiffers(pack.manifest.name, differences, exe));
  }
  return decoder(exe, pack, { nearest: true });
}

/** Ranges of candidates are within each other or apart, so the latest start with the earliest end is within all. */
function narrowest<T extends Candidate>(candidates: readonly T[]): T | undefined {
  return candidates.toSorted((a, b) =>
    compare(b.range.from, a.range.from) || compare(a.range.to, b.range.to)
  )[0];
}

function layoutDifferences(exe: ExeIdentity, { manifest }: DecoderPack): readonly StructDifference[] {
  if (exe.structs) return compareStructs(exe.structs, manifest.structs);
  const { headerMap } = manifest.structs;
  if (exe.headerMap === null || exe.headerMap === headerMap) return [];
  return [{ field: "headerMap", executable: exe.headerMap, decoder: headerMap }];
}

function decoder(exe: ExeIdentity, pack: DecoderPack, { nearest }: { nearest: boolean }): Selection {
  const choice = { pack, plans: plansOf(exe, pack), nearest, checked: exe.structs !== null };
  return { kind: "decoder", choice };
}

/** A pack's own list where no library changes it, so that equal choices are the same list. */
function plansOf({ modules }: ExeIdentity, { manifest }: DecoderPack): readonly Plan[] {
  const plans = new Map(manifest.plans.map((plan) => [plan.probe, plan]));
  let changed = false;
  for (const library of manifest.libraries) {
    const version = parseModuleVersion(modules.get(library.module) ?? "");
    if (!version || !ModuleRange.parse(library.range)?.has(version)) continue;
    changed = true;
    for (const plan of library.plans) plans.set(plan.probe, plan);
  }
  return changed ? [...plans.values()] : manifest.plans;
}

function refused(reason: Reason): Selection {
  return { kind: "refused", reason };
}
