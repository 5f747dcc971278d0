/**
 * Stands in for jsr:@std/yaml where that registry is out of reach: the same `parse` signature, on npm's
 * `yaml`. Users who reach JSR delete the `links` entry in deno.json.
 */
import { parseDocument } from "yaml";

/**
 * Parses one YAML document.
 *
 * @throws {SyntaxError} with line and column when the text is not YAML.
 */
export function parse(content: string): unknown {
  const document = parseDocument(content, { prettyErrors: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error) throw new SyntaxError(error.message.split("\n")[0], { cause: error });
  return document.toJS();
}
