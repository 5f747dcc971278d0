/** Who listens where HTTP/2 was expected, by what it says first. Used by Http2Connection. */

import { escapeControls } from "../../support/text.ts";

/** Null for one that says nothing. */
export function describeStranger(said: string): Error | null {
  if (said === "") return null;
  if (said.startsWith("\x15\x03")) return new Error("it answers with an alert of TLS");
  return new Error(`it answers ${escapeControls(JSON.stringify(said.split("\r\n")[0]!.slice(0, 60)))}`);
}
