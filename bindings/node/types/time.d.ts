/** An instant: a `Date`, RFC 3339 text with a zone, or seconds since 1970. */
export type Instant = Date | string | number;
