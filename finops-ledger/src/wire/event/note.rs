//! Checkpoints, notes and receipts.

use crate::{
    LedgerError,
    event::{
        checkpoint::{self, Checkpoint, CheckpointKey, PublicSigner, SignedCheckpoint, TreeHead},
        keys::{KeyError, Master},
        note::{Note, Vkey},
        receipt,
    },
    wire::read::{count, hash, hex, optional, text},
};
use serde_json::{Map, Value, json};

#[cfg(feature = "ed25519")]
fn signer(seed: &str) -> Result<PublicSigner, KeyError> {
    PublicSigner::from_hex(seed)
}

#[cfg(not(feature = "ed25519"))]
fn signer(_seed: &str) -> Result<PublicSigner, KeyError> {
    Err(KeyError::Seed)
}

#[cfg(feature = "ed25519")]
fn public_members(origin: &str, body: &str, key: &PublicSigner, answer: &mut Map<String, Value>) {
    answer.insert("vkey".to_owned(), key.vkey(origin).into());
    answer.insert("ed25519_line".to_owned(), key.line(origin, body).into());
}

#[cfg(not(feature = "ed25519"))]
fn public_members(_origin: &str, _body: &str, key: &PublicSigner, _answer: &mut Map<String, Value>) {
    match *key {}
}

pub(super) fn checkpoint(input: &Value) -> Result<Value, LedgerError> {
    let origin = text(input, "origin")?;
    let head = TreeHead { size: count(input, "size")?, root: hash(input, "root")? };
    let master = Master::new(text(input, "secret")?)?;
    let public = optional(input, "ed25519_seed").map(|_| text(input, "ed25519_seed")).transpose()?;
    let public = public.map(signer).transpose()?;
    let key = CheckpointKey { kid: master.kid(), key: master.checkpoint_key(origin) };
    let body = Checkpoint { origin, head }.body();
    let mut answer = Map::new();
    answer.insert("kid".to_owned(), master.kid().to_string().into());
    answer.insert("hmac_line".to_owned(), key.line(origin, &body).into());
    if let Some(public) = &public {
        public_members(origin, &body, public, &mut answer);
    }
    answer.insert("note".to_owned(), checkpoint::sign(origin, head, &key, public.as_ref()).into());
    answer.insert("body".to_owned(), body.into());
    Ok(Value::Object(answer))
}

pub(super) fn note_parse(input: &Value) -> Result<Value, LedgerError> {
    let signed = SignedCheckpoint::parse(text(input, "note")?.as_bytes())?;
    let signatures = signed.note.signatures.iter();
    let signatures = signatures.map(|line| json!({ "name": line.name, "key_id": hex::encode(&line.key_id) }));
    Ok(json!({
        "origin": signed.checkpoint.origin,
        "size": signed.checkpoint.head.size,
        "root": hex::encode(&signed.checkpoint.head.root),
        "signatures": signatures.collect::<Vec<_>>(),
    }))
}

pub(super) fn signed_note(input: &Value) -> Result<Value, LedgerError> {
    let vkey = Vkey::parse(text(input, "vkey")?)?;
    let note = Note::parse(text(input, "note")?.as_bytes())?;
    let mut by_key = note.signatures.iter().filter(|line| vkey.made(line)).peekable();
    let valid = by_key.peek().is_some() && by_key.all(|line| vkey.verify(note.text, line));
    Ok(json!({ "valid": valid }))
}

pub(super) fn receipt(input: &Value) -> Result<Value, LedgerError> {
    let vkeys = [Vkey::parse(text(input, "vkey")?)?];
    let (receipt, event) = (text(input, "receipt")?.as_bytes(), text(input, "event")?.as_bytes());
    Ok(json!({ "valid": receipt::verify(receipt, event, text(input, "origin")?, &vkeys) }))
}
