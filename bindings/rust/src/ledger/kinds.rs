//! Every group of computations by its name.

use finops_ledger::{LedgerError, wire};
use serde_json::Value;

macro_rules! groups {
    ($($name:ident: $what:literal),+ $(,)?) => {
        $(
            #[doc = $what]
            ///
            /// # Errors
            /// `ledger.wire` for a member that cannot be read, and the errors of the group.
            pub fn $name(members: &Value) -> Result<Value, LedgerError> {
                wire::call(stringify!($name), members)
            }
        )+

        #[cfg(test)]
        const GROUPS: &[&str] = &[$(stringify!($name)),+];
    };
}

groups! {
    append: "Events offered in order to a log that holds only `log.created`: what becomes of each.",
    apportion: "A total split by weights so that the rows add up.",
    batch_digest: "SHA-256 over the canonical rows of a batch.",
    bit_flip: "The verification of a file with one bit inverted.",
    border_number: "What a binary double becomes before it is recorded.",
    canonical: "The canonical bytes of a JSON text.",
    canonical_check: "Whether bytes are exactly canonical.",
    chart: "Lengths of the bars of a chart.",
    checkpoint: "A checkpoint as a signed note.",
    consistency: "Whether a proof shows that one tree begins another.",
    cut: "The verification of a file that was cut.",
    decimal_form: "Whether a text is a decimal in normal form.",
    drift: "Whether a saving has drifted away.",
    envelope: "The seven fields of an event: accepted or refused, and where.",
    escape: "A text as HTML and as a Markdown cell.",
    field_form: "Whether a text has the form of a field.",
    fold: "Events applied to an empty savings ledger: what it answers afterwards.",
    half_width: "Half of the 90 % interval of a saving.",
    inclusion: "Whether a proof shows that a leaf is in a tree.",
    keys: "The keys of a secret and a log.",
    kpi: "Ratios and the effective savings rate.",
    log: "A whole log: records, file, result.",
    measure: "A baseline and a measurement: rows of proof and their verdict.",
    merkle_root: "The root of a tree.",
    note_parse: "The parts of a signed note.",
    opportunity_id: "Fingerprint and id of an opportunity.",
    overlap: "Estimates netted so that nothing counts twice.",
    period: "The days of a report's label.",
    ratchet: "Event keys by epoch.",
    receipt: "Whether a receipt shows that a log holds an event.",
    redaction: "A commitment, and whether salt and value open it.",
    report: "The figures of a report over events.",
    report_render: "A report over events as JSON, Markdown or HTML, and the event that records it.",
    saving: "The figures of a saving.",
    sign_event: "The signature of a record outside a log, and whether a given one is right.",
    signed_note_known_answer: "Whether a note is signed by a verifier key.",
    transition: "The state after an event, or the refusal.",
    verdict: "What the figures of a saving say.",
    verify: "The verification of a log file.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_a_function() {
        let mut known: Vec<&str> = wire::groups().collect();
        known.sort_unstable();
        assert_eq!(GROUPS, known);
    }
}
