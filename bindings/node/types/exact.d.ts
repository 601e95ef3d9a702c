/** JSON as text or as its bytes. */
export type JsonText = string | Uint8Array;
