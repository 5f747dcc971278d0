/**
 * Certificates for TLS with a collector: read from PEM files and tried when a configuration is applied, so that a
 * mistake is told then and not with the first request. Used by HttpSender and those that make one.
 */
import type { OtlpConfig } from "../config/config.ts";
import { describeError } from "../support/errors.ts";

/** PEM texts. */
export interface Certificates {
  /** Trusted beside the well-known authorities. */
  readonly trusted: readonly string[];
  /** The client's own. */
  readonly client: { readonly cert: string; readonly key: string } | null;
}

/** Where systems keep the authorities that their administrator trusts: Debian, Red Hat, Alpine. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * The certificates that `config` names; without a CA file, those of the system.
 *
 * @throws {Error} that names the file and the remedy when one is missing, unreadable or not what it should be.
 */
export function readCertificates({ url, tls }: Pick<OtlpConfig, "url" | "tls">): Certificates {
  if (url === null || !/^https:/i.test(url)) return { trusted: [], client: null };
  return {
    trusted: tls.caFile === null ? systemBundle() : [readAuthorities(tls.caFile)],
    client: readClientPair(tls),
  };
}

/** A client for fetch; the caller closes it. */
export function createClient({ trusted, client }: Certificates): Deno.HttpClient {
  return Deno.createHttpClient({ caCerts: [...trusted], ...(client ?? {}) });
}

function readAuthorities(path: string): string {
  const pem = readPem(path, { what: "CA file", block: "CERTIFICATE" });
  try {
    createClient({ trusted: [pem], client: null }).close();
  } catch (cause) {
    throw fault(path, {
      what: "CA file",
      problem: describeError(cause),
      remedy: REMEDIES.CERTIFICATE,
      cause,
    });
  }
  return pem;
}

function readClientPair({ certFile, keyFile }: OtlpConfig["tls"]): Certificates["client"] {
  if (certFile === null && keyFile === null) return null;
  if (keyFile === null || certFile === null) {
    const [path, what, other] = keyFile === null
      ? [certFile!, "client certificate", "the file of its private key"]
      : [keyFile, "client key", "the file of its certificate"];
    throw fault(path, { what, problem: `${other} is not given`, remedy: "Give both files, or neither" });
  }
  const cert = readPem(certFile, { what: "client certificate", block: "CERTIFICATE" });
  const key = readPem(keyFile, { what: "client key", block: "PRIVATE KEY" });
  try {
    createClient({ trusted: [], client: { cert, key } }).close();
  } catch (cause) {
    const text = describeError(cause);
    const mismatch = text.includes("KeyMismatch");
    throw fault(certFile, {
      what: "client certificate",
      problem: mismatch ? `the key in ${keyFile} is not its own` : `with the key in ${keyFile}: ${text}`,
      remedy: text.includes("UnsupportedCertVersion")
        ? "Give a certificate of X.509 version 3"
        : "Give a certificate and the key that it was made with",
      cause,
    });
  }
  return { cert, key };
}

type Block = "CERTIFICATE" | "PRIVATE KEY";
const REMEDIES: Readonly<Record<Block, string>> = {
  "CERTIFICATE": 'Give a PEM file with "-----BEGIN CERTIFICATE-----"',
  "PRIVATE KEY": 'Give a PEM file with "-----BEGIN PRIVATE KEY-----" that asks for no password',
};

/** The text of a file that holds a block of the wanted kind. */
function readPem(path: string, { what, block }: { what: string; block: Block }): string {
  const remedy = REMEDIES[block];
  let pem: string;
  try {
    pem = Deno.readTextFileSync(path);
  } catch (cause) {
    const problem = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable
      ? "the agent may not read it"
      : describeError(cause);
    throw fault(path, {
      what,
      problem,
      remedy: "Give the path of a PEM file that the agent may read",
      cause,
    });
  }
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: .*ENCRYPTED/m.test(pem)) {
    throw fault(path, { what, problem: "the key asks for a password", remedy });
  }
  const found = block === "CERTIFICATE"
    ? /-----BEGIN CERTIFICATE-----/
    : /-----BEGIN (RSA |EC )?PRIVATE KEY-----/;
  if (!found.test(pem)) {
    throw fault(path, { what, problem: `it holds no ${block.toLowerCase()}`, remedy });
  }
  return pem;
}

/** What an administrator added to the system's trust; a bundle that cannot be used leaves the well-known ones. */
function systemBundle(): string[] {
  for (const path of SYSTEM_BUNDLES) {
    try {
      const pem = Deno.readTextFileSync(path);
      createClient({ trusted: [pem], client: null }).close();
      return [pem];
    } catch {
      continue;
    }
  }
  return [];
}

function fault(
  path: string,
  { what, problem, remedy, cause }: { what: string; problem: string; remedy: string; cause?: unknown },
): Error {
  return new Error(`Cannot use ${what} ${path}: ${problem}. ${remedy}.`, { cause });
}
