/** @internal Places in the array of the hot path; `bindings/node/src/exchange.rs` has the same list. Enumerations cost nothing at run time. */
export const enum At {
  IN_HANDLE = 0,
  IN_MODEL = 1,
  IN_INPUT = 2,
  IN_OUTPUT = 3,
  IN_DURATION = 4,
  IN_AT = 5,
  IN_SLOT = 6,
  IN_TAGS = 8,
  IN_TOKENS = 24,
  OUT_INPUT_COST = 32,
  OUT_OUTPUT_COST = 33,
  OUT_COMPUTE_COST = 34,
  OUT_UNIT_COST = 35,
  OUT_JOULES = 36,
  OUT_KG = 37,
  OUT_VERSION = 38,
  OUT_DURATION = 39,
  OUT_INTENSITY = 40,
  OUT_JOULES_LOW = 41,
  OUT_JOULES_HIGH = 42,
  OUT_GRAMS_LOW = 43,
  OUT_GRAMS = 44,
  OUT_GRAMS_HIGH = 45,
}

/** @internal Numbers that both sides of the border know. */
export const enum Known {
  /** Stands for a duration that is not known; a real one is never below 0. */
  NO_DURATION = -1,
  TAGS_MAX = 16,
  /** Interned names a monitor keeps; then all are forgotten, so that memory stays bounded. */
  NAMES_MAX = 8192,
  /** The answer of a call that is refused. */
  REFUSED = 1,
}
