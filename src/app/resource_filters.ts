/**
 * Filters on attributes of the resource: they are the same for all spans of a process, so they are decided once for it,
 * and the RED stage gets the others. Used by Measuring.
 */
import { isResourceAttribute } from "../config/attribute_names.ts";
import type { AttributeFilter } from "../config/config.ts";
import { matchesGlob } from "../support/glob.ts";
import type { Resource } from "../trace/resource.ts";

/** Those that look at spans. */
export function spanFilters(filters: readonly AttributeFilter[]): readonly AttributeFilter[] {
  return filters.filter(({ attribute }) => !isResourceAttribute(attribute));
}

/** Whether the others let a process pass. What nobody tells of it keeps it from nothing. */
export function passesFilters(filters: readonly AttributeFilter[], { attributes }: Resource): boolean {
  return filters.every(({ attribute, match, notMatch }) => {
    if (!isResourceAttribute(attribute)) return true;
    const value = attributes.find(({ key }) => key === attribute)?.value;
    if (value === undefined) return true;
    const text = String(value);
    return (match === null || matchesGlob(match, text)) &&
      (notMatch === null || !matchesGlob(notMatch, text));
  });
}
