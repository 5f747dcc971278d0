/** Schemas for values from outside: what src/config, src/status and the generators of docs build on. */
export { check, type Problem } from "./check.ts";
export { describe } from "./describe.ts";
export { fromText } from "./from_text.ts";
export { showPath, showValue } from "./show.ts";
export { refine, type Refinement, type Static, type TObject, type TSchema, Type } from "./type.ts";
