#![expect(clippy::cast_possible_truncation, reason = "small numbers of the tests")]

use super::*;
use crate::event::log::tests::{FIRST, ORIGIN, SECOND, Sample, master, ring};
use proptest::prelude::*;

fn check(file: &[u8], note: &str) -> Verification {
    verify(file, Some(ORIGIN), Trust::Keyring(&ring()), &[Anchor::Note(note.as_bytes())], &[])
}

#[test]
fn every_flipped_bit_of_a_small_log_and_its_checkpoint_is_detected() {
    let sample = Sample::of(3);
    let (file, note) = (sample.file(), sample.note(None));
    assert!(check(&file, &note).ok());
    let ring = ring();
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let result =
            verify(&flipped, Some(ORIGIN), Trust::Keyring(&ring), &[Anchor::Note(note.as_bytes())], &[]);
        assert!(!result.ok(), "bit {bit}");
    }
    for bit in 0..note.len() * 8 {
        let mut flipped = note.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let result = verify(&file, Some(ORIGIN), Trust::Keyring(&ring), &[Anchor::Note(&flipped)], &[]);
        assert!(!result.ok(), "bit {bit} of the checkpoint");
    }
}

#[test]
#[cfg(feature = "ed25519")]
fn in_public_mode_every_flipped_bit_but_those_of_tags_is_detected() {
    use crate::event::{checkpoint::PublicSigner, note::Vkey};

    let sample = Sample::of(3);
    let key = PublicSigner::from_seed(&[7; 32]);
    let vkeys = [Vkey::parse(&key.vkey(ORIGIN)).unwrap()];
    let full = sample.note(Some(&key));
    // One line: the HMAC line says nothing to an auditor.
    let (body, lines) = full.split_once("\n\n").unwrap();
    let note = format!("{body}\n\n{}\n", lines.lines().nth(1).unwrap());
    let file = sample.file();
    let public = |file: &[u8], note: &[u8]| verify(file, None, Trust::Public, &[Anchor::Note(note)], &vkeys);
    let clean = public(&file, note.as_bytes());
    assert_eq!((clean.error, clean.tags, clean.anchored_up_to), (None, Tags::NotChecked, Some(3)));
    let mut tags = Vec::new();
    let mut start = 0;
    for line in sample.lines() {
        let tag = start + 1 + 1 + 16 + 1;
        tags.push(tag..tag + 64);
        start += line.len();
    }
    let mut unseen = 0;
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if public(&flipped, note.as_bytes()).ok() {
            assert!(tags.iter().any(|tag| tag.contains(&(bit / 8))), "bit {bit}");
            unseen += 1;
        }
    }
    assert!(unseen > 0, "tags are not checked in public mode");
    for bit in 0..note.len() * 8 {
        let mut flipped = note.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!public(&file, &flipped).ok(), "bit {bit} of the checkpoint");
    }
}

#[test]
fn every_deletion_swap_repeat_and_insertion_is_detected() {
    for size in 1..=8 {
        let sample = Sample::of(size);
        let (lines, note) = (sample.lines(), sample.note(None));
        let detected = |lines: &[Vec<u8>]| !check(&lines.concat(), &note).ok();
        for a in 0..lines.len() {
            let mut changed = lines.clone();
            changed.remove(a);
            assert!(detected(&changed), "{size}: {a} deleted");
            for b in 0..lines.len() {
                let mut changed = lines.clone();
                changed.swap(a, b);
                assert!(a == b || detected(&changed), "{size}: {a} and {b} swapped");
                let mut changed = lines.clone();
                changed.insert(b, lines[a].clone());
                assert!(detected(&changed), "{size}: {a} repeated before {b}");
                // The same, numbered as if it belonged there.
                let renumbered: Vec<_> =
                    changed.iter().enumerate().map(|(seq, line)| renumber(seq, line)).collect();
                assert!(detected(&renumbered), "{size}: {a} inserted before {b}");
            }
            let mut changed = lines.clone();
            changed.push(lines[a].clone());
            assert!(detected(&changed), "{size}: {a} repeated at the end");
        }
    }
}

fn renumber(seq: usize, line: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(line).unwrap();
    format!("{seq} {}", text.split_once(' ').unwrap().1).into_bytes()
}

#[test]
fn every_cut_of_a_log_yields_its_longest_valid_prefix() {
    let sample = Sample::of(50);
    let file = sample.file();
    let ends: Vec<_> =
        file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let ring = ring();
    for cut in 0..=file.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let torn = cut - ends.iter().copied().filter(|end| *end <= cut).max().unwrap_or(0);
        // Verifying what is before the last few lines again and again would only repeat the first case.
        let mut verifier = Verifier::new(Some(ORIGIN), Trust::Keyring(&ring), &[], &[]);
        verifier.file(&file[..cut]);
        let (result, head) = verifier.finish();
        assert_eq!((result.size as usize, result.torn_tail_bytes as usize), (whole, torn), "cut at {cut}");
        assert_eq!(result.error.map(Failure::kind), (torn > 0).then_some("torn_tail"));
        assert_eq!(result.seq, (torn > 0).then_some(result.size));
        assert_eq!(Some(head.frontier.root()), sample.tree.root_at(result.size));
    }
}

#[test]
fn a_verifier_goes_on_from_a_head() {
    let mut sample = Sample::of(4);
    sample.ratchet();
    sample.rotate(SECOND);
    let ring = ring();
    let head = sample.writer.head().clone();
    let skip = sample.file().len();
    let middle = sample.note(None);
    sample.append();
    sample.append();
    let (file, end) = (sample.file(), sample.note(None));
    let anchors = [Anchor::Note(end.as_bytes()), Anchor::Note(middle.as_bytes())];
    let mut verifier = Verifier::resume(head.clone(), Trust::Keyring(&ring), &anchors, &[]);
    verifier.file(&file[skip..]);
    let (result, end) = verifier.finish();
    assert_eq!((result.error, result.size, result.anchored_up_to), (None, 8, Some(8)));
    assert_eq!(end, *sample.writer.head());
    // From a false head nothing fits.
    let mut false_head = head.clone();
    false_head.tag[0] ^= 1;
    let mut verifier = Verifier::resume(false_head, Trust::Keyring(&ring), &[], &[]);
    verifier.file(&file[skip..]);
    assert_eq!(verifier.finish().0.error, Some(Failure::Tag));
    // Nor does the old key.
    let mut old = head;
    old.kid = Some(master(FIRST).kid());
    let mut verifier = Verifier::resume(old, Trust::Keyring(&ring), &[], &[]);
    verifier.file(&file[skip..]);
    assert_eq!(verifier.finish().0.error, Some(Failure::KeyOrder));
}

#[test]
fn without_an_origin_that_of_record_0_or_of_the_first_anchor_is_taken() {
    let sample = Sample::of(3);
    let (file, note, ring) = (sample.file(), sample.note(None), ring());
    let anchors = [Anchor::Note(note.as_bytes())];
    let found = verify(&file, None, Trust::Keyring(&ring), &anchors, &[]);
    assert_eq!((found.error, found.origin.as_deref()), (None, Some(ORIGIN)));
    let empty = verify(b"", None, Trust::Keyring(&ring), &anchors, &[]);
    assert_eq!(
        (empty.error, empty.seq, empty.origin.as_deref()),
        (Some(Failure::Truncated), Some(0), Some(ORIGIN))
    );
    let nothing = verify(b"", None, Trust::Keyring(&ring), &[], &[]);
    assert_eq!((nothing.error, nothing.origin), (None, None));
    let late = verify(&sample.lines()[1..].concat(), None, Trust::Keyring(&ring), &[], &[]);
    assert_eq!((late.error, late.origin.as_deref()), (Some(Failure::Sequence), Some(ORIGIN)));
    let kid = sample.writer.key_state().kid();
    let mut garbage = Vec::new();
    Record { seq: 0, kid, tag: [0; 32], event: b"{}" }.write_line(&mut garbage);
    for (trust, failure) in [(Trust::Keyring(&ring), Failure::Tag), (Trust::Public, Failure::Envelope)] {
        let unknown = verify(&garbage, None, trust, &[], &[]);
        assert_eq!((unknown.error, unknown.seq, unknown.origin), (Some(failure), Some(0), None));
        assert_eq!(verify(&garbage, None, trust, &anchors, &[]).origin.as_deref(), Some(ORIGIN));
    }
    let other = verify(&file, Some("acme.example/other"), Trust::Keyring(&ring), &[], &[]);
    assert_eq!((other.error, other.seq), (Some(Failure::Tag), Some(0)));
    let other = verify(&file, Some("acme.example/other"), Trust::Public, &[], &[]);
    assert_eq!((other.error, other.seq), (Some(Failure::Origin), Some(0)));
}

#[test]
fn the_smallest_failing_anchor_is_told_and_the_largest_matched() {
    let sample = Sample::of(5);
    let (file, ring) = (sample.file(), ring());
    let head = |size| {
        Anchor::Head(crate::event::checkpoint::TreeHead { size, root: sample.tree.root_at(size).unwrap() })
    };
    let false_head = |size| Anchor::Head(crate::event::checkpoint::TreeHead { size, root: [0; 32] });
    let run = |anchors: &[Anchor<'_>]| {
        let result = verify(&file, Some(ORIGIN), Trust::Keyring(&ring), anchors, &[]);
        (result.error.map(Failure::kind), result.seq, result.anchored_up_to, result.unanchored_tail)
    };
    assert_eq!(run(&[head(5), head(0), head(3)]), (None, None, Some(5), 0));
    assert_eq!(run(&[head(5), false_head(4), head(3)]), (Some("root_mismatch"), None, Some(3), 2));
    assert_eq!(run(&[false_head(9), head(3)]), (Some("truncated"), Some(5), Some(3), 2));
    assert_eq!(run(&[false_head(4), Anchor::Note(b"x")]), (Some("checkpoint_malformed"), None, None, 5));
    // Without the secret, a trusted head alone does not suffice.
    let public = verify(&file, None, Trust::Public, &[head(5)], &[]);
    assert_eq!((public.error, public.anchored_up_to), (Some(Failure::CheckpointUnverified), Some(5)));
}

/// What a holder of the secret could write against the rules: well sealed, so only the rules can refuse it.
#[test]
fn a_sealed_record_that_breaks_the_rules_of_keys_is_refused() {
    use crate::event::{envelope::Encoded, log::tests::stamp};
    let mut sample = Sample::of(3);
    sample.ratchet();
    sample.append();
    let keys = sample.writer.key_state().clone();
    let (kid, other) = (keys.kid().to_string(), master(SECOND).kid().to_string());
    let ring = ring();
    let failure = |kind: &str, data: serde_json::Value| {
        let event = Encoded::new(ORIGIN, &stamp("evt-x", 2), kind, &data).unwrap();
        let tag = tag(&keys, 5, &sample.writer.head().tag, event.leaf());
        let mut file = sample.file();
        Record { seq: 5, kid: keys.kid(), tag, event: event.bytes() }.write_line(&mut file);
        let result = verify(&file, Some(ORIGIN), Trust::Keyring(&ring), &[], &[]);
        assert_eq!(result.seq, result.error.map(|_| 5));
        result.error.map(Failure::kind)
    };
    let json =
        |text: &str| serde_json::from_str(&text.replace("KID", &kid).replace("OTHER", &other)).unwrap();
    for (kind, data, expected) in [
        ("key.rotated", r#"{"from":"KID","to":"OTHER"}"#, None),
        ("key.rotated", r#"{"from":"OTHER","to":"OTHER"}"#, Some("key_order")),
        ("key.rotated", r#"{"from":"KID","to":"KID"}"#, Some("key_order")),
        ("key.ratcheted", r#"{"kid":"KID","epoch":2}"#, None),
        ("key.ratcheted", r#"{"kid":"OTHER","epoch":2}"#, Some("key_order")),
        ("key.ratcheted", r#"{"kid":"KID","epoch":1}"#, Some("key_order")),
        ("key.ratcheted", r#"{"kid":"KID","epoch":3}"#, Some("key_order")),
        ("log.created", r#"{"kid":"KID"}"#, Some("key_order")),
        ("log.heartbeat", "{}", None),
    ] {
        assert_eq!(failure(kind, json(data)), expected, "{kind} {data}");
    }
}

#[test]
fn the_checkpoint_where_a_verifier_begins_has_its_key_too() {
    use crate::event::checkpoint::{CheckpointKey, sign};
    let mut sample = Sample::of(3);
    sample.rotate(SECOND);
    let (ring, head) = (ring(), sample.writer.head().clone());
    let note = |secret: &str| {
        let master = master(secret);
        let key = CheckpointKey { kid: master.kid(), key: master.checkpoint_key(ORIGIN) };
        sign(ORIGIN, head.tree_head(), &key, None)
    };
    for (secret, expected) in [(FIRST, None), (SECOND, Some(Failure::CheckpointKey))] {
        let note = note(secret);
        let anchors = [Anchor::Note(note.as_bytes())];
        let resumed = Verifier::resume(head.clone(), Trust::Keyring(&ring), &anchors, &[]).finish().0;
        assert_eq!(resumed.error, expected);
        let whole = verify(&sample.file(), None, Trust::Keyring(&ring), &anchors, &[]);
        assert_eq!(whole.error, expected);
    }
}

#[test]
fn a_row_of_a_store_is_measured_too() {
    let (sample, ring) = (Sample::of(1), ring());
    let long = vec![b'x'; SIZE_MAX + 1];
    let mut verifier = Verifier::new(Some(ORIGIN), Trust::Keyring(&ring), &[], &[]);
    verifier.record(&sample.sealed[0].record());
    assert!(!verifier.has_failed());
    verifier.record(&Record { event: &long, ..sample.sealed[0].record() });
    assert_eq!(verifier.finish().0.error, Some(Failure::Malformed));
}

#[test]
fn a_clock_may_go_back_and_a_silence_is_told() {
    use crate::event::envelope::{Encoded, Stamp};
    use crate::event::log::{LogWriter, Outcome};
    let times = [
        "2026-03-14T00:00:00.000000Z",
        "2026-03-14T02:00:00.000000Z",
        "2026-03-14T04:00:00.000001Z",
        "2026-03-14T03:00:00.000000Z",
        "2026-03-14T03:00:00.000000Z",
    ];
    let stamp = |n: usize| Stamp { id: ["a", "b", "c", "d", "e"][n], at: times[n], actor: "svc:test" };
    let run = |heartbeat_s, first_gaps: &[Gap]| {
        let (mut writer, first) = LogWriter::create(ORIGIN, &master(FIRST), &stamp(0), heartbeat_s).unwrap();
        let events =
            (1..5).map(|n| Encoded::new(ORIGIN, &stamp(n), "acme.thing", &serde_json::json!({})).unwrap());
        let outcomes = writer.seal(events.collect(), |_| None).unwrap();
        let mut file = Vec::new();
        first.record().write_line(&mut file);
        for outcome in &outcomes {
            let Outcome::Sealed(sealed) = outcome else { panic!("a new id exists") };
            sealed.record().write_line(&mut file);
        }
        let result = verify(&file, None, Trust::Keyring(&ring()), &[], &[]);
        assert_eq!((result.error, result.gaps.as_slice(), result.clock_regressions), (None, first_gaps, 1));
    };
    let gap = |after_seq| Gap { after_seq, seconds: 7200 };
    run(None, &[gap(1)]);
    run(Some(3599), &[gap(0), gap(1)]);
    run(Some(7200), &[]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(file in any::<Vec<u8>>(), note in any::<Vec<u8>>()) {
        let ring = ring();
        let anchors = [Anchor::Note(&note)];
        drop(verify(&file, None, Trust::Keyring(&ring), &anchors, &[]));
        drop(verify(&file, None, Trust::Public, &anchors, &[]));
    }
}
