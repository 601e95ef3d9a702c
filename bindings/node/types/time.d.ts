/** An instant: a `Date`, RFC 3339 text with a zone, or seconds since 1970. */
export type Instant = Date | string | number;
/** An instant, or a date such as `2026-11-20`, which is its midnight in UTC. */
export type Day = Instant;
