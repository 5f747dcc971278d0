/** Why a collector could not be asked, in words that help and give nothing away. Used by HttpSender. */
import { describeError } from "../support/errors.ts";

/** What a failure of TLS may mean, by a part of its message. */
const TLS_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /UnknownIssuer|BadSignature/,
    "nobody who is trusted here has signed its certificate: give the PEM file of its CA",
  ],
  // TLS 1.3 lets a client begin before the server has looked at its certificate.
  [
    /fatal alert|connection closed|broken pipe|reset/i,
    "servers end connections so when they miss or refuse the client's certificate",
  ],
];

/** Wrappers that say nothing: "fetch failed: error sending request for url (...): client error (Connect): ". */
const WRAPPERS = /^(fetch failed: )?(error sending request for url \([^)]*\): )?(client error \(\w+\): )?/;

/** What fetch threw. The path and query of `url`, which may hold a key, are left out. */
export function describeFetchError(error: unknown, url: string): string {
  const text = describeError(error).replace(WRAPPERS, "").replace(
    /https?:\/\/[^\s)]+/g,
    (found) => URL.parse(found)?.origin ?? "the collector",
  );
  const hint = /^https:/i.test(url) ? TLS_HINTS.find(([pattern]) => pattern.test(text))?.[1] : undefined;
  return hint === undefined ? text : `${text} (${hint})`;
}
