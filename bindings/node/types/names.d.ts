/** Names on both sides of the border: the wire form is snake_case, JavaScript reads camelCase. */
export {};
