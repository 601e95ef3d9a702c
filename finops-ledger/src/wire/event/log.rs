//! Keys, events, the writer and the verification of a log.

use crate::{
    LedgerError,
    event::{
        canonical,
        checkpoint::TreeHead,
        envelope::{self, Encoded, EventView, Stamp},
        keys::{Key, Keyring, Kid, Master},
        log::{Known, LogWriter, Outcome, decide},
        merkle::Hash,
        note::Vkey,
        redact, single,
        verify::{self as check, Anchor, Failure, Trust, Verification},
    },
    wire::read::{bytes, count, hash, hex, list, member, optional, refuse, text, texts},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The most epochs that are listed: ten years hourly.
const EPOCHS_MAX: u64 = 87_600;

pub(super) fn field_form(input: &Value) -> Result<Value, LedgerError> {
    let given = text(input, "input")?;
    let ok = match text(input, "field")? {
        "at" => envelope::parse_at(given).is_some(),
        "id" => envelope::is_event_id(given),
        "actor" => envelope::is_actor(given),
        "kind" => envelope::is_kind(given),
        "origin" => envelope::is_origin(given),
        _ => return Err(refuse("field", "expected `at`, `id`, `actor`, `kind` or `origin`")),
    };
    Ok(json!({ "ok": ok }))
}

pub(super) fn envelope(input: &Value) -> Result<Value, LedgerError> {
    envelope::check(member(input, "event")?)?;
    Ok(json!({ "ok": true }))
}

pub(super) fn keys(input: &Value) -> Result<Value, LedgerError> {
    let (master, origin) = (Master::new(text(input, "secret")?)?, text(input, "origin")?);
    let digits = |key: &Key| hex::encode(key.bytes());
    Ok(json!({
        "prk": digits(master.prk()),
        "event_key": digits(&master.event_key(origin)),
        "checkpoint_key": digits(&master.checkpoint_key(origin)),
        "single_key": digits(&master.single_key()),
        "kid": master.kid().to_string(),
    }))
}

/// The event keys of the first epochs, from that of epoch 0.
pub(super) fn ratchet(input: &Value) -> Result<Value, LedgerError> {
    let mut key = Key::from_bytes(hash(input, "event_key")?);
    let mut keys = Vec::new();
    for epoch in 0..count(input, "epochs")?.min(EPOCHS_MAX) {
        if epoch > 0 {
            key = key.ratcheted(epoch);
        }
        keys.push(hex::encode(key.bytes()));
    }
    Ok(json!({ "keys": keys }))
}

/// The signature of an event and, when one is given, whether it is that.
pub(super) fn sign_event(input: &Value) -> Result<Value, LedgerError> {
    let (event, master) = (member(input, "event")?, Master::new(text(input, "secret")?)?);
    let mut answer = json!({ "signature": single::sign_event(event, &master)? });
    if optional(input, "signature").is_some() {
        let ok = single::verify_event(event, text(input, "signature")?, &master)?;
        answer.as_object_mut().map(|answer| answer.insert("ok".to_owned(), ok.into()));
    }
    Ok(answer)
}

/// The commitment to a value and, when one is given, whether it is that.
pub(super) fn redaction(input: &Value) -> Result<Value, LedgerError> {
    let (salt, value) = (hash(input, "salt")?, text(input, "value")?);
    let mut answer = json!({ "commit": hex::encode(&redact::commitment(&salt, value)) });
    if optional(input, "commit").is_some() {
        let ok = redact::opens(&salt, value, text(input, "commit")?);
        answer.as_object_mut().map(|answer| answer.insert("ok".to_owned(), ok.into()));
    }
    Ok(answer)
}

fn encoded(event: &str) -> Result<Encoded, LedgerError> {
    Ok(Encoded::from_value(&canonical::from_json(event.as_bytes())?)?)
}

/// What a log that holds one record answers to events offered one after another.
pub(super) fn append(input: &Value) -> Result<Value, LedgerError> {
    let mut ids: BTreeMap<String, Known> = BTreeMap::new();
    let mut answers = Vec::new();
    let mut next = 1_u64;
    for step in list(input, "steps")? {
        let event = encoded(text(step, "event")?)?;
        let known = ids.get(event.id()).copied();
        answers.push(match decide(0, &event, known) {
            Ok(Some(seq)) => json!({ "outcome": "exists", "seq": seq }),
            Ok(None) => {
                let seq = next;
                next = next.saturating_add(1);
                ids.insert(event.id().to_owned(), Known { seq, leaf: *event.leaf() });
                json!({ "outcome": "appended", "seq": seq })
            }
            Err(error) => json!({ "error": error.code(), "seq": known.map(|known| known.seq) }),
        });
    }
    Ok(json!({ "steps": answers }))
}

/// Writes a log from its events alone, with the first secret and those to which it rotates, and verifies it.
pub(super) fn log(input: &Value) -> Result<Value, LedgerError> {
    let origin = text(input, "origin")?;
    let masters = texts(input, "secrets")?.into_iter().map(Master::new).collect::<Result<Vec<_>, _>>()?;
    let first = masters.first().ok_or_else(|| refuse("secrets", "expected at least one"))?;
    let mut writer: Option<LogWriter> = None;
    let (mut file, mut records) = (Vec::new(), Vec::new());
    let mut roots = vec![hex::encode(&crate::event::merkle::empty_root())];
    for event in texts(input, "events")? {
        let view = EventView::parse(event.as_bytes());
        let view = view.map_err(|_| refuse("events", "expected the canonical bytes of events"))?;
        let stamp = Stamp { id: view.id, at: view.at, actor: view.actor };
        let data = view.data();
        let sealed = match (&mut writer, view.kind) {
            (None, _) => {
                let heartbeat_s = data.get("heartbeat_s").and_then(Value::as_u64);
                let (created, sealed) = LogWriter::create(origin, first, &stamp, heartbeat_s)?;
                writer = Some(created);
                sealed
            }
            (Some(writer), "key.rotated") => {
                let to = data.get("to").and_then(Value::as_str).and_then(Kid::parse);
                let master = masters.iter().find(|master| Some(master.kid()) == to);
                let master = master.ok_or_else(|| refuse("secrets", "lacks the secret of a rotation"))?;
                writer.rotate(master, &stamp, |_| None)?
            }
            (Some(writer), "key.ratcheted") => writer.ratchet(&stamp, |_| None)?,
            (Some(writer), _) => match writer.seal(vec![encoded(event)?], |_| None)?.pop() {
                Some(Outcome::Sealed(sealed)) => sealed,
                _ => return Err(refuse("events", "expected ids of their own")),
            },
        };
        sealed.record().write_line(&mut file);
        records.push(json!({
            "seq": sealed.seq,
            "kid": sealed.kid.to_string(),
            "tag": hex::encode(&sealed.tag),
            "leaf": hex::encode(sealed.event.leaf()),
            "event": String::from_utf8_lossy(sealed.event.bytes()),
        }));
        roots.extend(writer.as_ref().map(|writer| hex::encode(&writer.head().frontier.root())));
    }
    let ring = ring_of(&masters)?;
    let result = check::verify(&file, Some(origin), Trust::Keyring(&ring), &[], &[]);
    let frontier = writer.as_ref().map(|writer| writer.head().frontier.hashes()).unwrap_or_default();
    Ok(json!({
        "records": records,
        "file_sha256": hex::encode(&Sha256::digest(&file)),
        "roots": roots,
        "frontier": frontier.iter().map(|hash: &Hash| hex::encode(hash)).collect::<Vec<_>>(),
        "result": result.to_json(),
    }))
}

fn ring_of(masters: &[Master]) -> Result<Keyring, LedgerError> {
    let (first, rest) = masters.split_first().ok_or_else(|| refuse("secrets", "expected at least one"))?;
    let mut ring = Keyring::new(first.clone());
    rest.iter().cloned().for_each(|master| ring.add(master));
    Ok(ring)
}

/// Verifies a log file; no secrets is public mode.
pub(super) fn verify(input: &Value) -> Result<Value, LedgerError> {
    let file = if optional(input, "file_hex").is_some() {
        bytes(input, "file_hex")?
    } else {
        text(input, "file")?.as_bytes().to_vec()
    };
    Ok(verified(input, &file)?.to_json())
}

/// Verifies the first bytes of a log file.
pub(super) fn cut(input: &Value) -> Result<Value, LedgerError> {
    let end = usize::try_from(count(input, "bytes")?).unwrap_or(usize::MAX);
    let file = text(input, "file")?.as_bytes();
    let result = verified(input, file.get(..end).unwrap_or(file))?;
    Ok(json!({
        "error": result.error.map(Failure::kind),
        "size": result.size,
        "torn_tail_bytes": result.torn_tail_bytes,
    }))
}

/// Verifies a log file with one bit inverted.
pub(super) fn bit_flip(input: &Value) -> Result<Value, LedgerError> {
    let mut file = text(input, "file")?.as_bytes().to_vec();
    let at = usize::try_from(count(input, "byte")?).ok().and_then(|at| file.get_mut(at));
    let bit = u32::try_from(count(input, "bit")?).ok().and_then(|bit| 1_u8.checked_shl(bit));
    let bit = bit.ok_or_else(|| refuse("bit", "expected 0 to 7"))?;
    *at.ok_or_else(|| refuse("byte", "lies beyond the file"))? ^= bit;
    let result = verified(input, &file)?;
    Ok(json!({ "error": result.error.map(Failure::kind), "seq": result.seq }))
}

fn verified(input: &Value, file: &[u8]) -> Result<Verification, LedgerError> {
    let origin = optional(input, "origin").map(|_| text(input, "origin")).transpose()?;
    let given = |name: &str| optional(input, name).is_some();
    let secrets = if given("secrets") { texts(input, "secrets")? } else { Vec::new() };
    let masters = secrets.into_iter().map(Master::new).collect::<Result<Vec<_>, _>>()?;
    let ring = if masters.is_empty() { None } else { Some(ring_of(&masters)?) };
    let vkeys = if given("vkeys") { texts(input, "vkeys")? } else { Vec::new() };
    let vkeys = vkeys.into_iter().map(Vkey::parse).collect::<Result<Vec<_>, _>>()?;
    let anchors: &[Value] = if given("anchors") { list(input, "anchors")? } else { &[] };
    let anchors: Vec<_> = anchors.iter().map(anchor).collect();
    let trust = ring.as_ref().map_or(Trust::Public, Trust::Keyring);
    Ok(check::verify(file, origin, trust, &anchors, &vkeys))
}

/// A note, or a size and a root; anything else is a note that cannot be read.
fn anchor(anchor: &Value) -> Anchor<'_> {
    let head = || {
        let root = hex::decode_array(anchor.get("root")?.as_str()?)?;
        Some(TreeHead { size: anchor.get("size")?.as_u64()?, root })
    };
    match anchor.as_str() {
        Some(note) => Anchor::Note(note.as_bytes()),
        None => head().map_or(Anchor::Note(&[]), Anchor::Head),
    }
}
