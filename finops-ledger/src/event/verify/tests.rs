use super::*;
use crate::event::log::tests::{FIRST, ORIGIN, SECOND, Sample, master, ring};
use crate::event::{checkpoint::PublicSigner, note::Vkey};
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

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(file in any::<Vec<u8>>(), note in any::<Vec<u8>>()) {
        let ring = ring();
        let anchors = [Anchor::Note(&note)];
        drop(verify(&file, None, Trust::Keyring(&ring), &anchors, &[]));
        drop(verify(&file, None, Trust::Public, &anchors, &[]));
    }
}
