//! Groups of the event log.

mod canonical;
mod log;
mod note;
mod tree;

use super::Handler;

pub(super) const GROUPS: &[(&str, Handler)] = &[
    ("canonical", canonical::canonical),
    ("canonical_check", canonical::canonical_check),
    ("border_number", canonical::border_number),
    ("decimal_form", canonical::decimal_form),
    ("field_form", log::field_form),
    ("envelope", log::envelope),
    ("keys", log::keys),
    ("ratchet", log::ratchet),
    ("sign_event", log::sign_event),
    ("redaction", log::redaction),
    ("append", log::append),
    ("log", log::log),
    ("verify", log::verify),
    ("cut", log::cut),
    ("bit_flip", log::bit_flip),
    ("merkle_root", tree::merkle_root),
    ("inclusion", tree::inclusion),
    ("consistency", tree::consistency),
    ("batch_digest", tree::batch_digest),
    ("checkpoint", note::checkpoint),
    ("note_parse", note::note_parse),
    ("signed_note_known_answer", note::signed_note),
    ("receipt", note::receipt),
];
