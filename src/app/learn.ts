/**
 * Has a decoder made for an executable whose debug information no decoder fits. Used by the chooser through Agent;
 * the new decoder passes the same gate as any other.
 */
import { exactRange } from "../decoder/go_release.ts";
import type { Maker } from "../maker/maker.ts";
import type { DecoderAdmin } from "../registry/admin.ts";
import type { ExeIdentity } from "../registry/registry.ts";
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";

export interface LearnOptions {
  readonly maker: Pick<Maker, "make">;
  readonly admin: Pick<DecoderAdmin, "learn">;
  readonly log: Logger;
}

/** The function that DecoderChooser calls; null when the decoder is in the registry. */
export function createLearn({ maker, admin, log }: LearnOptions) {
  return async function learn(exe: ExeIdentity): Promise<Reason | null> {
    const beganMs = performance.now();
    const { structs, goVersion } = exe;
    if (structs === null) throw new TypeError("Cannot learn: the executable has no debug information");
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await maker.make({
        structs,
        goRange: exactRange(goVersion),
        name: await learntName(exe),
        toolchains: [goVersion],
        method: "DWARF of an executable that was to be traced",
      });
    } catch (error) {
      return {
        code: "decoder-not-learnt",
        message: `Cannot make a decoder for this ${goVersion} program: ${describeError(error)}`,
        remedy: "Try deno task decoder new --binary FILE, which says more, and report what it says",
      };
    }
    const result = await admin.learn(bytes);
    if ("remedy" in result) return result;
    const { name } = result.manifest;
    log.info("learnt a decoder", {
      decoder: name,
      go: goVersion,
      ms: Math.round(performance.now() - beganMs),
    });
    return null;
  };
}

/** "go1.28.1-3f2a9c41": the same structs always give the same name. */
async function learntName({ goVersion, structs }: ExeIdentity): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(structs)));
  const version = goVersion.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return `${version}-${new Uint8Array(digest).toHex().slice(0, 8)}`;
}
