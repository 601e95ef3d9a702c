//! The behaviour suite on a file, and what only a file can suffer.

use crate::support::{Folder, life, options, ring, suite, thing};
use finops_store::{Options, Store, Table};
use std::{fs, path::PathBuf};

fn log(folder: &Folder) -> PathBuf {
    folder.path().join("ledger.log")
}

#[test]
fn append_vectors() {
    let mut folders = Vec::new();
    suite::append_vectors(&mut || {
        folders.push(Folder::new("vectors"));
        folders.last().unwrap().file()
    });
}

#[test]
fn requests_are_all_or_nothing() {
    suite::requests_are_all_or_nothing(&Folder::new("all").file());
}

#[test]
fn a_refusal_fails_no_other() {
    suite::a_refusal_fails_no_other(&Folder::new("refusal").file());
}

#[test]
fn reopening_verifies() {
    suite::reopening_verifies(&Folder::new("reopen").file());
}

#[test]
fn proofs_and_receipts() {
    suite::proofs_and_receipts(&Folder::new("proofs").file());
}

#[test]
fn keys_rotate_and_ratchet() {
    suite::keys_rotate_and_ratchet(&Folder::new("keys").file());
}

#[test]
fn time_brings_heartbeats_and_checkpoints() {
    suite::time_brings_heartbeats_and_checkpoints(&Folder::new("time").file());
}

#[test]
fn a_second_writer_is_locked_out_and_a_reader_is_not() {
    let folder = Folder::new("locked");
    let store = Store::open(&folder.file(), &ring(), options()).unwrap();
    store.append(thing(1)).unwrap();
    assert_eq!(Store::open(&folder.file(), &ring(), options()).unwrap_err().code(), "store.locked");
    let reader = Store::open(&folder.file(), &ring(), Options { read_only: true, ..options() }).unwrap();
    assert_eq!(reader.size(), 2);
    store.close().unwrap();
    assert!(Store::open(&folder.file(), &ring(), options()).is_ok());
}

#[test]
fn a_file_holds_no_tables_but_knows_its_state() {
    let folder = Folder::new("tables");
    let store = Store::open(&folder.file(), &ring(), options()).unwrap();
    store.append_many(life("o1")).unwrap();
    drop(store);
    let store = Store::open(&folder.file(), &ring(), options()).unwrap();
    suite::same_as_the_log(&store);
    assert_eq!(store.rows(Table::Opportunities).unwrap()[0]["status"], "verified");
    let code = |error: finops_store::StoreError| error.code();
    assert_eq!(store.rows(Table::BizKpis).map_err(code), Err("store.unsupported"));
    assert_eq!(store.commit("x").map_err(code), Err("store.unsupported"));
    assert_eq!(store.record_batch("b", Table::BizKpis, vec![], None).map_err(code), Err("store.unsupported"));
    assert_eq!(store.rebuild(), Ok(vec![]));
    // A checkpoint lies beside the file under its size.
    let note = fs::read_to_string(folder.path().join("ledger.log.notes").join("11")).unwrap();
    assert!(note.starts_with("acme.example/finops/prod\n11\n"));
}

/// Every cut in the last two lines: the tail is kept aside, the log goes on, and only records that a checkpoint covers
/// are missed.
#[test]
fn a_torn_tail_is_kept_aside() {
    let folder = Folder::new("torn");
    let store = Store::open(&folder.file(), &ring(), options()).unwrap();
    store.append_many((1..=3).map(thing).collect()).unwrap();
    std::mem::forget(store);
    let whole = fs::read(log(&folder)).unwrap();
    let lines: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // Around every line feed, and here and there between.
    let near = |cut: usize| lines.iter().any(|end| cut.abs_diff(*end) < 3);
    for cut in (lines[1]..whole.len()).filter(|cut| near(*cut) || cut % 29 == 0) {
        let place = Folder::new("cut");
        fs::write(log(&place), &whole[..cut]).unwrap();
        let size = lines.iter().filter(|end| **end <= cut).count();
        let torn = &whole[lines[size - 1]..cut];
        let reader = Store::open(&place.file(), &ring(), Options { read_only: true, ..options() }).unwrap();
        let found = reader.report().error.as_ref().map(finops_store::StoreError::code);
        assert_eq!(found, (!torn.is_empty()).then_some("ledger.verify.torn_tail"));
        assert_eq!(fs::read(log(&place)).unwrap().len(), cut);
        let store = Store::open(&place.file(), &ring(), options()).unwrap();
        assert!(store.report().error.is_none());
        match &store.report().torn_tail {
            None => assert!(torn.is_empty()),
            Some(path) => {
                assert!(path.ends_with(format!("ledger.log.torn-{size}")));
                assert_eq!(fs::read(path).unwrap(), torn);
            }
        }
        assert_eq!(usize::try_from(store.append(thing(9)).unwrap().seq).unwrap(), size);
        assert!(store.verify(&[], &[]).unwrap().ok());
    }
}

#[test]
fn a_whole_line_that_fails_is_never_cut() {
    let folder = Folder::new("changed");
    let store = Store::open(&folder.file(), &ring(), options()).unwrap();
    store.append_many((1..=3).map(thing).collect()).unwrap();
    store.close().unwrap();
    let text = fs::read_to_string(log(&folder)).unwrap();
    for (changed, code) in [
        (text.replace("\"n\":2", "\"n\":5"), "ledger.verify.tag"),
        (format!("{text}what is this\n"), "ledger.verify.malformed"),
        (format!("{text}what is this\nand this"), "ledger.verify.malformed"),
        (text.lines().take(3).map(|line| format!("{line}\n")).collect(), "ledger.verify.truncated"),
        (String::new(), "ledger.verify.truncated"),
    ] {
        fs::write(log(&folder), &changed).unwrap();
        let store = Store::open(&folder.file(), &ring(), options()).unwrap();
        assert_eq!(store.report().error.as_ref().unwrap().code(), code);
        assert_eq!(store.append(thing(4)).unwrap_err().code(), "store.read_only");
        drop(store);
        assert_eq!(fs::read_to_string(log(&folder)).unwrap(), changed);
    }
    fs::write(log(&folder), &text).unwrap();
    fs::write(folder.path().join("ledger.log.notes").join("4"), "garbage").unwrap();
    let store = Store::open(&folder.file(), &ring(), options()).unwrap();
    assert_eq!(store.report().error.as_ref().unwrap().code(), "ledger.verify.checkpoint_malformed");
}
