/**
 * Every computation of the ledger by its name, as Rust and Python have it: the members of its input in, those of its answer out. Names of
 * members may be those of the wire (`input_hex`) or ours (`inputHex`); what lies inside a member keeps the names of the wire.
 */
import { compute, membersText, wireNames, wrongArgument } from './ledger-value'

/** Members of an input by name. */
export type Members = Record<string, unknown>

const group =
  (name: string) =>
  (input: Members = {}): any => {
    if (typeof input !== 'object' || input === null) throw wrongArgument('input', input, 'give an object of members')
    return compute(name, membersText(wireNames(input)))
  }

/** Events offered in order to a log that holds only `log.created`: what becomes of each. */
export const append = group('append')
/** A total split by weights so that the rows add up. */
export const apportion = group('apportion')
/** SHA-256 over the canonical rows of a batch. */
export const batchDigest = group('batch_digest')
/** The verification of a file with one bit inverted. */
export const bitFlip = group('bit_flip')
/** What a binary double becomes before it is recorded. */
export const borderNumber = group('border_number')
/** The canonical bytes of a JSON text. */
export const canonical = group('canonical')
/** Whether bytes are exactly canonical. */
export const canonicalCheck = group('canonical_check')
/** Lengths of the bars of a chart. */
export const chart = group('chart')
/** A checkpoint as a signed note. */
export const checkpoint = group('checkpoint')
/** Whether a proof shows that one tree begins another. */
export const consistency = group('consistency')
/** The verification of a file that was cut. */
export const cut = group('cut')
/** Whether a text is a decimal in normal form. */
export const decimalForm = group('decimal_form')
/** Whether a saving has drifted away. */
export const drift = group('drift')
/** The seven fields of an event: accepted or refused, and where. */
export const envelope = group('envelope')
/** A text as HTML and as a Markdown cell. */
export const escape = group('escape')
/** Whether a text has the form of a field. */
export const fieldForm = group('field_form')
/** Events applied to an empty savings ledger: what it answers afterwards. */
export const fold = group('fold')
/** Half of the 90 % interval of a saving. */
export const halfWidth = group('half_width')
/** Whether a proof shows that a leaf is in a tree. */
export const inclusion = group('inclusion')
/** The keys of a secret and a log. */
export const keys = group('keys')
/** Ratios and the effective savings rate. */
export const kpi = group('kpi')
/** A whole log: records, file, result. */
export const log = group('log')
/** A baseline and a measurement: rows of proof and their verdict. */
export const measure = group('measure')
/** The root of a tree. */
export const merkleRoot = group('merkle_root')
/** The parts of a signed note. */
export const noteParse = group('note_parse')
/** Fingerprint and id of an opportunity. */
export const opportunityId = group('opportunity_id')
/** Estimates netted so that nothing counts twice. */
export const overlap = group('overlap')
/** The days of a report's label. */
export const period = group('period')
/** Event keys by epoch. */
export const ratchet = group('ratchet')
/** Whether a receipt shows that a log holds an event. */
export const receipt = group('receipt')
/** A commitment, and whether salt and value open it. */
export const redaction = group('redaction')
/** The figures of a report over events. */
export const report = group('report')
/** A report over events as JSON, Markdown or HTML, and the event that records it. */
export const reportRender = group('report_render')
/** The figures of a saving. */
export const saving = group('saving')
/** The signature of a record outside a log, and whether a given one is right. */
export const signEvent = group('sign_event')
/** Whether a note is signed by a verifier key. */
export const signedNoteKnownAnswer = group('signed_note_known_answer')
/** The state after an event, or the refusal. */
export const transition = group('transition')
/** What the figures of a saving say. */
export const verdict = group('verdict')
/** The verification of a log file. */
export const verify = group('verify')

/** The names of every computation, as on the wire. */
export const groups = (): string[] => compute('groups', '{}') as string[]
