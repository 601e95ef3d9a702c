use super::*;
use crate::event::{
    merkle::{Tree, leaf_hash},
    verify::{Anchor, Failure, Trust, Verification, Verifier, verify},
};
use serde_json::Value;

pub(crate) const ORIGIN: &str = "acme.example/finops/test";
pub(crate) const FIRST: &str = "first-secret-0123456789abcdef0123";
pub(crate) const SECOND: &str = "second-secret-0123456789abcdef012";

pub(crate) fn master(secret: &str) -> Master {
    Master::new(secret).unwrap()
}

pub(crate) fn ring() -> Keyring {
    Keyring::from_secrets(FIRST, [SECOND]).unwrap()
}

/// A writer with everything that it sealed.
pub(crate) struct Sample {
    pub(crate) writer: LogWriter,
    pub(crate) sealed: Vec<Sealed>,
    pub(crate) tree: Tree,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let (writer, first) =
            LogWriter::create(ORIGIN, &master(FIRST), &stamp("evt-0", 0), Some(3600)).unwrap();
        let mut sample = Self { writer, sealed: Vec::new(), tree: Tree::new() };
        sample.keep(first);
        sample
    }

    /// A log of `size` plain records.
    pub(crate) fn of(size: u64) -> Self {
        let mut sample = Self::new();
        while sample.writer.head().size() < size {
            sample.append();
        }
        sample
    }

    pub(crate) fn keep(&mut self, sealed: Sealed) {
        self.tree.push(*sealed.event.leaf());
        self.sealed.push(sealed);
    }

    pub(crate) fn append(&mut self) {
        let n = self.writer.head().size();
        let outcomes = self.writer.seal(vec![event(n, &json!({ "n": n }))], |_| None).unwrap();
        for outcome in outcomes {
            let Outcome::Sealed(sealed) = outcome else { panic!("a new id exists") };
            self.keep(sealed);
        }
    }

    pub(crate) fn rotate(&mut self, secret: &str) {
        let n = self.writer.head().size();
        let sealed = self.writer.rotate(&master(secret), &stamp(&format!("evt-{n}"), n), |_| None).unwrap();
        self.keep(sealed);
    }

    pub(crate) fn ratchet(&mut self) {
        let n = self.writer.head().size();
        let sealed = self.writer.ratchet(&stamp(&format!("evt-{n}"), n), |_| None).unwrap();
        self.keep(sealed);
    }

    pub(crate) fn lines(&self) -> Vec<Vec<u8>> {
        let line = |sealed: &Sealed| {
            let mut line = Vec::new();
            sealed.record().write_line(&mut line);
            line
        };
        self.sealed.iter().map(line).collect()
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        self.lines().concat()
    }

    pub(crate) fn note(&self, public: Option<&PublicSigner>) -> String {
        self.writer.checkpoint(public, &[], |_| None).unwrap()
    }

    pub(crate) fn verify(&self) -> Verification {
        let note = self.note(None);
        verify(&self.file(), Some(ORIGIN), Trust::Keyring(&ring()), &[Anchor::Note(note.as_bytes())], &[])
    }
}

/// Times a second apart.
pub(crate) fn at(n: u64) -> &'static str {
    const TIMES: [&str; 3] =
        ["2026-03-14T09:26:50.000000Z", "2026-03-14T09:26:51.000000Z", "2026-03-14T09:26:52.000000Z"];
    TIMES[usize::try_from(n.min(2)).unwrap()]
}

pub(crate) fn stamp(id: &str, n: u64) -> Stamp<'_> {
    Stamp { id, at: at(n), actor: "svc:test" }
}

pub(crate) fn event(n: u64, data: &Value) -> Encoded {
    Encoded::new(ORIGIN, &stamp(&format!("evt-{n}"), n), "acme.thing", data).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, LogError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn a_batch_is_all_or_nothing_and_retries_are_found() {
    let mut sample = Sample::of(2);
    let known = Known { seq: 1, leaf: *sample.sealed[1].event.leaf() };
    let lookup = |id: &str| (id == "evt-1").then_some(known);
    let retry = event(1, &json!({ "n": 1 }));
    let outcomes =
        sample.writer.seal(vec![retry.clone(), event(5, &json!({})), event(5, &json!({}))], lookup).unwrap();
    assert_eq!(outcomes.iter().map(Outcome::seq).collect::<Vec<_>>(), [1, 2, 2]);
    assert_eq!(outcomes[0], Outcome::Exists { seq: 1 });
    let before = sample.writer.head().clone();
    let conflict = event(1, &json!({ "n": 2 }));
    let error = sample.writer.seal(vec![event(6, &json!({})), conflict.clone()], lookup).unwrap_err();
    assert_eq!((error.code(), error.index(), error.path()), ("ledger.append.id_conflict", Some(1), "/id"));
    let twice = vec![event(7, &json!({})), event(7, &json!({ "x": 1 }))];
    assert_eq!(code(sample.writer.seal(twice, |_| None)), "ledger.append.id_conflict");
    let other = Encoded::new("acme.example/other", &stamp("e", 0), "acme.thing", &json!({})).unwrap();
    assert_eq!(code(sample.writer.seal(vec![other], |_| None)), "ledger.append.origin");
    let kid = "eca50ae34c3bb776";
    for (kind, data) in [
        ("log.created", json!({ "kid": kid })),
        ("key.rotated", json!({ "from": kid, "to": kid })),
        ("key.ratcheted", json!({ "kid": kid, "epoch": 1 })),
    ] {
        let event = Encoded::new(ORIGIN, &stamp("e", 0), kind, &data).unwrap();
        assert_eq!(code(sample.writer.seal(vec![event], |_| None)), "ledger.append.managed_kind");
    }
    assert_eq!(*sample.writer.head(), before);
}

#[test]
fn a_log_with_rotation_and_ratchet_verifies_and_goes_on_from_its_head() {
    let mut sample = Sample::of(3);
    for step in 0..6 {
        match step {
            1 | 2 => sample.ratchet(),
            4 => sample.rotate(SECOND),
            5 => sample.ratchet(),
            _ => sample.append(),
        }
        let result = sample.verify();
        assert_eq!(result.error, None, "step {step}: {result:?}");
        assert_eq!(result.anchored_up_to, Some(sample.writer.head().size()));
    }
    let runs: Vec<_> = sample.verify().keys.iter().map(|run| (run.epoch, run.first, run.last)).collect();
    assert_eq!(runs, [(0, 0, 4), (1, 5, 5), (2, 6, 7), (0, 8, 8)]);

    // The head that a verifier ends with is the writer's, and survives storage.
    let ring = ring();
    let mut verifier = Verifier::new(None, Trust::Keyring(&ring), &[], &[]);
    verifier.file(&sample.file());
    let (_, head) = verifier.finish();
    assert_eq!(head, *sample.writer.head());
    let stored = serde_json::to_string(&head.to_json()).unwrap();
    let head = Head::from_json(&serde_json::from_str(&stored).unwrap()).unwrap();
    assert_eq!(head, *sample.writer.head());

    // A process with the key state alone writes what the secret verifies.
    let state = KeyState::from_bytes(&sample.writer.key_state().to_bytes()).unwrap();
    sample.writer = LogWriter::resume(head, state, None).unwrap();
    sample.append();
    assert!(sample.verify().ok());
}

#[test]
fn opening_needs_the_key_in_force() {
    let mut sample = Sample::of(2);
    let head = sample.writer.head().clone();
    let configured = Keyring::from_secrets(SECOND, [FIRST]).unwrap();
    let error = LogWriter::open(head.clone(), &configured).unwrap_err();
    assert_eq!(error.code(), "ledger.key.rotation_required");
    assert!(LogWriter::open(head.clone(), &ring()).is_ok());
    assert_eq!(code(LogWriter::open(Head::empty(ORIGIN), &ring())), "ledger.key.state");
    let later = sample.writer.key_state().ratcheted().unwrap();
    assert_eq!(code(LogWriter::resume(head, later, None)), "ledger.key.state");
    // An earlier state is brought to the epoch of the log.
    let early = sample.writer.key_state().clone();
    sample.ratchet();
    sample.writer = LogWriter::resume(sample.writer.head().clone(), early, None).unwrap();
    sample.append();
    assert!(sample.verify().ok());

    sample.rotate(SECOND);
    assert_eq!(code(sample.writer.rotate(&master(FIRST), &stamp("x", 0), |_| None)), "ledger.key.used");
    assert_eq!(code(sample.writer.rotate(&master(SECOND), &stamp("x", 0), |_| None)), "ledger.key.used");
    // Right after a rotation the old key signs the checkpoint, so a writer without it cannot.
    let head = sample.writer.head().clone();
    let alone = LogWriter::open(head.clone(), &Keyring::new(master(SECOND))).unwrap();
    assert_eq!(code(alone.checkpoint(None, &[], |_| None)), "ledger.checkpoint.key_unavailable");
    let both = LogWriter::open(head, &configured).unwrap();
    assert_eq!(both.checkpoint(None, &[], |_| None).unwrap(), sample.note(None));
}

#[test]
fn a_log_ends_where_checkpoints_do() {
    use crate::event::merkle::Frontier;
    let sample = Sample::of(1);
    let mut head = sample.writer.head().clone();
    head.frontier = Frontier::from_parts(LOG_SIZE_MAX - 1, vec![[0; 32]; 62]).unwrap();
    let mut writer = LogWriter::open(head, &ring()).unwrap();
    let two = vec![event(7, &json!({})), event(8, &json!({}))];
    assert_eq!(code(writer.seal(two, |_| None)), "ledger.append.full");
    assert_eq!(writer.seal(vec![event(7, &json!({}))], |_| None).unwrap()[0].seq(), LOG_SIZE_MAX - 1);
    assert_eq!(code(writer.seal(vec![event(8, &json!({}))], |_| None)), "ledger.append.full");
    assert_eq!(code(writer.ratchet(&stamp("x", 0), |_| None)), "ledger.append.full");
}

#[test]
fn a_managed_record_needs_an_id_of_its_own() {
    let mut sample = Sample::of(2);
    let known = |_: &str| Some(Known { seq: 0, leaf: [0; 32] });
    let before = sample.writer.head().clone();
    assert_eq!(code(sample.writer.ratchet(&stamp("evt-0", 0), known)), "ledger.append.id_conflict");
    assert_eq!(
        code(sample.writer.rotate(&master(SECOND), &stamp("evt-0", 0), known)),
        "ledger.append.id_conflict"
    );
    assert_eq!(*sample.writer.head(), before);
}

#[test]
fn a_checkpoint_extends_those_before_it() {
    let sample = Sample::of(9);
    let heads: Vec<_> =
        (0..=9).map(|size| TreeHead { size, root: sample.tree.root_at(size).unwrap() }).collect();
    let root_at = |size| sample.tree.root_at(size);
    assert!(sample.writer.checkpoint(None, &heads, root_at).is_ok());
    for size in 0..=10 {
        let other = TreeHead { size, root: leaf_hash(b"other") };
        assert_eq!(code(sample.writer.checkpoint(None, &[other], root_at)), "ledger.checkpoint.inconsistent");
        let larger = sample.writer.checkpoint(None, &[other], |_| Some(other.root));
        assert_eq!(larger.is_ok(), size < 9, "a log cannot extend what is longer, whatever is said of it");
    }
}

#[test]
#[cfg(feature = "ed25519")]
fn receipts_are_checked_offline() {
    use crate::event::{note::Vkey, receipt};

    let sample = Sample::of(13);
    let key = PublicSigner::from_seed(&[7; 32]);
    let vkeys = [Vkey::parse(&key.vkey(ORIGIN)).unwrap()];
    let note = sample.note(Some(&key));
    for sealed in &sample.sealed {
        let proof = sample.tree.inclusion_proof(sealed.seq, 13).unwrap();
        let text = receipt::write(sealed.seq, &proof, &note);
        let holds = |text: &[u8]| receipt::verify(text, sealed.event.bytes(), ORIGIN, &vkeys);
        assert!(holds(text.as_bytes()));
        assert!(!receipt::verify(text.as_bytes(), b"{}", ORIGIN, &vkeys));
        assert!(!receipt::verify(text.as_bytes(), sealed.event.bytes(), "acme.example/other", &vkeys));
        assert!(!receipt::verify(text.as_bytes(), sealed.event.bytes(), ORIGIN, &[]));
        // Every line of a known key must hold, not one of them.
        let false_line = key.line(ORIGIN, "another text\n");
        assert!(!holds(format!("{text}{false_line}").as_bytes()));
    }
    let sealed = &sample.sealed[5];
    let text = receipt::write(5, &sample.tree.inclusion_proof(5, 13).unwrap(), &note);
    let unsigned_line = text.find("\u{2014} ").unwrap();
    for at in 0..text.len() {
        // The HMAC line is unknown to an auditor without the secret: changed, it is another unknown line.
        let in_hmac_line = at >= unsigned_line && at < text.rfind("\u{2014} ").unwrap();
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        assert!(in_hmac_line || !receipt::verify(&bytes, sealed.event.bytes(), ORIGIN, &vkeys), "byte {at}");
    }
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let mut sample = Sample::of(2);
    sample.rotate(SECOND);
    let error = LogWriter::open(sample.writer.head().clone(), &ring()).unwrap_err();
    let writer = &sample.writer;
    let shown = format!(
        "{writer:?} {:?} {:?} {error} {error:?} {} {:?}",
        ring(),
        writer.key_state(),
        writer.head().to_json(),
        sample.verify()
    );
    let keys = writer.key_state().to_bytes();
    for secret in [FIRST.to_owned(), SECOND.to_owned(), crate::event::hex::encode(keys.get(16..48).unwrap())]
    {
        assert!(!shown.contains(&secret));
    }
    assert!(!shown.contains(&format!("{:?}", keys.get(16..24).unwrap()).trim_matches(['[', ']']).to_owned()));
    assert_eq!(sample.verify().error.map(Failure::kind), None);
}
