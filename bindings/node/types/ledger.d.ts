/** Members of an input by name. */
export type Members = Record<string, unknown>;
/** Events offered in order to a log that holds only `log.created`: what becomes of each. */
export declare const append: (input?: Members) => any;
/** A total split by weights so that the rows add up. */
export declare const apportion: (input?: Members) => any;
/** SHA-256 over the canonical rows of a batch. */
export declare const batchDigest: (input?: Members) => any;
/** The verification of a file with one bit inverted. */
export declare const bitFlip: (input?: Members) => any;
/** What a binary double becomes before it is recorded. */
export declare const borderNumber: (input?: Members) => any;
/** The canonical bytes of a JSON text. */
export declare const canonical: (input?: Members) => any;
/** Whether bytes are exactly canonical. */
export declare const canonicalCheck: (input?: Members) => any;
/** Lengths of the bars of a chart. */
export declare const chart: (input?: Members) => any;
/** A checkpoint as a signed note. */
export declare const checkpoint: (input?: Members) => any;
/** Whether a proof shows that one tree begins another. */
export declare const consistency: (input?: Members) => any;
/** The verification of a file that was cut. */
export declare const cut: (input?: Members) => any;
/** Whether a text is a decimal in normal form. */
export declare const decimalForm: (input?: Members) => any;
/** Whether a saving has drifted away. */
export declare const drift: (input?: Members) => any;
/** The seven fields of an event: accepted or refused, and where. */
export declare const envelope: (input?: Members) => any;
/** A text as HTML and as a Markdown cell. */
export declare const escape: (input?: Members) => any;
/** Whether a text has the form of a field. */
export declare const fieldForm: (input?: Members) => any;
/** Events applied to an empty savings ledger: what it answers afterwards. */
export declare const fold: (input?: Members) => any;
/** Half of the 90 % interval of a saving. */
export declare const halfWidth: (input?: Members) => any;
/** Whether a proof shows that a leaf is in a tree. */
export declare const inclusion: (input?: Members) => any;
/** The keys of a secret and a log. */
export declare const keys: (input?: Members) => any;
/** Ratios and the effective savings rate. */
export declare const kpi: (input?: Members) => any;
/** A whole log: records, file, result. */
export declare const log: (input?: Members) => any;
/** A baseline and a measurement: rows of proof and their verdict. */
export declare const measure: (input?: Members) => any;
/** The root of a tree. */
export declare const merkleRoot: (input?: Members) => any;
/** The parts of a signed note. */
export declare const noteParse: (input?: Members) => any;
/** Fingerprint and id of an opportunity. */
export declare const opportunityId: (input?: Members) => any;
/** Estimates netted so that nothing counts twice. */
export declare const overlap: (input?: Members) => any;
/** The days of a report's label. */
export declare const period: (input?: Members) => any;
/** Event keys by epoch. */
export declare const ratchet: (input?: Members) => any;
/** Whether a receipt shows that a log holds an event. */
export declare const receipt: (input?: Members) => any;
/** A commitment, and whether salt and value open it. */
export declare const redaction: (input?: Members) => any;
/** The figures of a report over events. */
export declare const report: (input?: Members) => any;
/** A report over events as JSON, Markdown or HTML, and the event that records it. */
export declare const reportRender: (input?: Members) => any;
/** The figures of a saving. */
export declare const saving: (input?: Members) => any;
/** The signature of a record outside a log, and whether a given one is right. */
export declare const signEvent: (input?: Members) => any;
/** Whether a note is signed by a verifier key. */
export declare const signedNoteKnownAnswer: (input?: Members) => any;
/** The state after an event, or the refusal. */
export declare const transition: (input?: Members) => any;
/** What the figures of a saving say. */
export declare const verdict: (input?: Members) => any;
/** The verification of a log file. */
export declare const verify: (input?: Members) => any;
/** The names of every computation, as on the wire. */
export declare const groups: () => string[];
