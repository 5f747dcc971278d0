/**
 * Offsets of the family that is being compiled. scripts/build_decoders.ts puts the family in question in the
 * place of the one named here, which lets editors resolve the names.
 */
export * from "./go/go1.17.gen";
