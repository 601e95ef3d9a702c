//! The methods of a log.

use super::{
    Answer, anchors, append::event, count, member, optional_count, optional_text, parse, refused_member, text,
};
use finops::ledger::{
    Anchored, EventLog, EventLogError, LogRecord, anchor_place,
    event::{
        hex,
        keys::Keyring,
        note::Vkey,
        verify::{Trust, verify},
    },
};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn call(
    log: &EventLog,
    method: &str,
    given: &Value,
    secret: Option<&str>,
) -> Result<Value, EventLogError> {
    Ok(match method {
        "append_nowait" => {
            log.append_nowait(event(given)?)?;
            Value::Null
        }
        "flush" => {
            log.flush()?;
            Value::Null
        }
        "close" => {
            log.close()?;
            Value::Null
        }
        "head" => {
            let head = log.head()?;
            json!({"size": head.size, "root": hex::encode(&head.root)})
        }
        "vkey" => json!(log.vkey()),
        "events" => {
            let records = log.events(optional_count(given, "after")?, count(given, "limit")?)?;
            records.iter().map(shown).collect()
        }
        "checkpoint" => Value::from(log.checkpoint()?),
        "prove" => log.prove(count(given, "seq")?, optional_count(given, "size")?)?,
        "prove_consistency" => log.prove_consistency(count(given, "old")?, optional_count(given, "new")?)?,
        "receipt" => Value::from(log.receipt(count(given, "seq")?)?),
        "verify" => {
            let vkeys = vkeys(given)?;
            let texts: Vec<&str> = vkeys.iter().map(String::as_str).collect();
            log.verify(&anchors(given)?, &texts)?.to_json()
        }
        "rotate" => Value::from(log.rotate(secret.unwrap_or_default())?),
        "ratchet" => Value::from(log.ratchet()?),
        "commit" => log.commit(text(given, "value")?)?,
        "reveal" => json!(log.reveal(text(given, "event_id")?, text(given, "field")?)?),
        "redact" => {
            let reason = optional_text(given, "reason")?.unwrap_or_default();
            Value::from(log.redact(text(given, "event_id")?, text(given, "field")?, reason)?)
        }
        "anchor" => {
            let place = anchor_place(text(given, "to")?)?;
            let Anchored { note, head, to, seq } = log.anchor(&*place)?;
            json!({"note": note, "size": head.size, "root": hex::encode(&head.root), "to": to, "seq": seq})
        }
        "roll_up" => {
            let vkeys = vkeys(given)?;
            let texts: Vec<&str> = vkeys.iter().map(String::as_str).collect();
            Value::from(log.roll_up(text(given, "note")?, &texts)?)
        }
        "rebuild" => json!(log.rebuild()?),
        "export" => Value::from(log.export(Path::new(text(given, "path")?))?),
        _ => return Err(refused_member("method", "give a method of a log")),
    })
}

/// A record; its event is the text that is signed.
fn shown(record: &LogRecord) -> Value {
    json!({
        "seq": record.seq, "kid": record.kid.to_string(), "tag": hex::encode(&record.tag),
        "event": String::from_utf8_lossy(&record.event),
    })
}

fn vkeys(given: &Value) -> Result<Vec<String>, EventLogError> {
    let refuse = || refused_member("vkeys", "give a list of verifier keys");
    let Some(list) = member(given, "vkeys") else { return Ok(Vec::new()) };
    let key = |key: &Value| key.as_str().map(str::to_owned).ok_or_else(refuse);
    list.as_array().ok_or_else(refuse)?.iter().map(key).collect()
}

/// Verifies a file: `{anchors, vkeys, origin}`.
pub(super) fn verify_file(file: &[u8], json: &str, secrets: &[String]) -> Answer {
    let given = parse(json)?;
    let keys = vkeys(&given)?.iter().map(|text| Vkey::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut secrets = secrets.iter().map(String::as_str);
    let ring = secrets.next().map(|first| Keyring::from_secrets(first, secrets)).transpose()?;
    let trust = ring.as_ref().map_or(Trust::Public, Trust::Keyring);
    let verification = verify(file, optional_text(&given, "origin")?, trust, &anchors(&given)?, &keys);
    Ok(verification.to_json().to_string())
}
