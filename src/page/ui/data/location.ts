/**
 * Where in the page one is: the part of the address after "#", such as "#/traces?service=front". Everything that can
 * be linked to is in it, so that the back button, bookmarks and pasted links work.
 */
import { useEffect, useState } from "preact/hooks";

export interface Location {
  /** "/trace/0af7" is ["trace", "0af7"]. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

/** Reads the part after "#". What cannot be decoded stands as it is. */
export function parseHash(hash: string): Location {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter((part) => part !== "").map(decode),
    query: new URLSearchParams(query),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a place; empty values are left out. */
export function link(path: readonly string[], query: Readonly<Record<string, string | null>> = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) given.set(name, value);
  const text = given.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/** Goes there without a new entry in the history: for what changes while one types. */
export function replaceHash(hash: string): void {
  if (hash === location.hash) return;
  history.replaceState(null, "", hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useLocation(): Location {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const listener = () => setHash(location.hash);
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  return parseHash(hash);
}
