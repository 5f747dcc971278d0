/**
 * Hides what looks like a secret in the words of a command line, which people put there against all advice. Used where
 * arguments of processes are shown: the list of targets and the reasons of selection. No guess is sure: docs/api.md
 * says so.
 */

const HIDDEN = "***";
/** In a name: the value is none of a stranger's business. */
const SECRET = String.raw`pass|pwd|secret|token|credential|auth|cookie|session|signature|bearer|dsn|` +
  String.raw`(?:api|access|private|encryption|signing|account|shared|master)[-_.]?key`;
/** A file or a time is no secret, though its name speaks of one. */
const HARMLESS = /(?:file|path|dir|ttl|timeout|expiry|lifetime|url|endpoint|mode|type|enabled?)$/i;
const SECRET_NAME = new RegExp(SECRET, "i");
const ASSIGNMENT = /([\w.-]+)(\s*[=:]\s*)((?:bearer|basic)\s+)?("[^"]*"|'[^']*'|[^\s&;,"']+)/gi;
/** "user:password@host" of URLs and data source names. */
const USER_INFO = /[^\s/:@'"]*:[^\s/@'"]+@/g;
const TOKEN = new RegExp(
  [
    String.raw`\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`,
    String.raw`\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk[-_]|rk_live_|hvs\.|AKIA|ASIA|AIza)[\w-]{8,}`,
    String.raw`-----BEGIN [A-Z ]+-----[^]*`,
    String.raw`\b(?:bearer|basic)\s+[\w.~+/=-]{6,}`,
  ].join("|"),
  "gi",
);
/** Long, with letters of both cases and digits, and no path: chosen by chance. */
const RANDOM = /(?<![\w./+-])(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])(?=[\w+=-]*\d)[\w+=-]{24,}(?![\w./+-])/g;
const HEX = /(?<![\w./-])[0-9a-f]{32,}(?![\w./-])/gi;
/** "-p", "--password", "-Xdb.password" with the value in the next word. */
const FLAG = /^--?([\w.-]+)$/;

/** The same words, with "***" in place of what looks like a secret. */
export function withoutSecretWords(words: readonly string[]): string[] {
  return words.map((word, index) => {
    const [, flag = ""] = FLAG.exec(words[index - 1] ?? "") ?? [];
    if (isSecretName(flag) && !FLAG.test(word)) return HIDDEN;
    return withoutSecretText(word);
  });
}

function withoutSecretText(text: string): string {
  return text
    .replace(USER_INFO, `${HIDDEN}@`)
    .replace(
      ASSIGNMENT,
      (whole, name: string, sign: string) => isSecretName(name) ? name + sign + HIDDEN : whole,
    )
    .replace(TOKEN, HIDDEN)
    .replace(RANDOM, HIDDEN)
    .replace(HEX, HIDDEN);
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS.test(name);
}
