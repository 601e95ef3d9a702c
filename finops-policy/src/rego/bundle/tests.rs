use std::io::Write as _;

use proptest::prelude::*;

use super::*;

const POLICY: (&str, &str) = ("p.rego", "package finops\n\ndeny contains \"x\" if input.bad == true\n");

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        // The builder refuses the paths that we must refuse ourselves.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(if path.ends_with('/') {
            tar::EntryType::Directory
        } else {
            tar::EntryType::Regular
        });
        header.set_cksum();
        builder.append(&header, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    gzip(&tar(files))
}

fn read(files: &[(&str, &str)]) -> Result<Bundle, BundleError> {
    Bundle::from_bytes(&archive(files), &BundleOptions::default())
}

fn code(files: &[(&str, &str)]) -> &'static str {
    read(files).map_or_else(|error| error.code(), |_| "loads")
}

#[test]
fn each_code_has_a_bundle_that_earns_it_and_a_neighbour_that_does_not() {
    let manifest = |text| code(&[POLICY, (".manifest", text)]);
    let with = |path, text| code(&[POLICY, (path, text)]);
    for (found, expected) in [
        (code(&[("../p.rego", "")]), "bundle.path"),
        (code(&[("a/../../p.rego", "")]), "bundle.path"),
        (code(&[("a\\p.rego", "")]), "bundle.path"),
        (code(&[("/./a//./p.rego", POLICY.1)]), "loads"),
        (code(&[POLICY, POLICY]), "bundle.duplicate"),
        (code(&[POLICY, ("./p.rego", "")]), "bundle.duplicate"),
        (code(&[("a/", ""), ("a/", ""), ("a/p.rego", POLICY.1)]), "loads"),
        (with("patch.json", "{}"), "bundle.delta"),
        (with("a/patch.json", "{}"), "loads"),
        (with("a/data.yaml", ""), "bundle.yaml"),
        (with("data.yml", ""), "bundle.yaml"),
        (with(".signatures.json", "{}"), "bundle.unverified"),
        (with("a/.signatures.json", "{}"), "loads"),
        (manifest("["), "bundle.manifest"),
        (manifest("[]"), "bundle.manifest"),
        (manifest(r#"{"revision":1}"#), "bundle.manifest"),
        (manifest(r#"{"roots":"finops"}"#), "bundle.manifest"),
        (manifest(r#"{"roots":[1]}"#), "bundle.manifest"),
        (manifest(r#"{"a":1,"a":2}"#), "bundle.manifest"),
        (manifest(r#"{"file_rego_versions":[]}"#), "bundle.manifest"),
        (manifest(r#"{"rego_version":0}"#), "bundle.rego_version"),
        (manifest(r#"{"rego_version":"1"}"#), "bundle.rego_version"),
        (manifest(r#"{"rego_version":1,"file_rego_versions":{"a":0}}"#), "bundle.rego_version"),
        (manifest(r#"{"rego_version":1,"file_rego_versions":{"a":1}}"#), "loads"),
        (manifest(r#"{"roots":["a/b","a"]}"#), "bundle.roots_overlap"),
        (manifest(r#"{"roots":["/finops/","finops"]}"#), "bundle.roots_overlap"),
        (manifest(r#"{"roots":["finops","fin"]}"#), "loads"),
        (manifest(r#"{"roots":["fin"]}"#), "bundle.roots"),
        (manifest(r#"{"roots":[]}"#), "bundle.roots"),
        (manifest(r#"{"roots":["/"]}"#), "loads"),
        (with("data.json", "[]"), "bundle.data"),
        (with("data.json", r#"{"a":1,"a":1}"#), "bundle.data"),
        (with("data.json", "{"), "bundle.data"),
        (
            code(&[POLICY, ("data.json", r#"{"a":{"b":1}}"#), ("a/data.json", r#"{"b":1}"#)]),
            "bundle.data_conflict",
        ),
        (code(&[POLICY, ("data.json", r#"{"a":{"b":1}}"#), ("a/data.json", r#"{"c":1}"#)]), "loads"),
        (with("finops/data.json", r#"{"deny":1}"#), "bundle.data_conflict"),
        (with("finops/deny/data.json", r#"{"x":1}"#), "bundle.data_conflict"),
        (with("data.json", r#"{"finops":1}"#), "bundle.data_conflict"),
        (with("finops/data.json", r#"{"other":1}"#), "loads"),
        (with("q.rego", "package"), "policy.parse"),
        (code(&[("data.json", "{}")]), "lint.entry_missing"),
        (code(&[("a/", "")]), "lint.entry_missing"),
        (code(&[]), "bundle.format"),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn earlier_checks_come_first() {
    let all = [
        ("q.rego", "package"),
        ("data.json", "[]"),
        (".manifest", r#"{"revision":1,"roots":["a","a"]}"#),
        (".signatures.json", "{}"),
        ("data.yml", ""),
        ("patch.json", ""),
        ("q.rego", ""),
        ("../q.rego", ""),
    ];
    let expected = [
        "policy.parse",
        "bundle.data",
        "bundle.manifest",
        "bundle.unverified",
        "bundle.yaml",
        "bundle.delta",
        "bundle.duplicate",
        "bundle.path",
    ];
    for (upto, expected) in expected.iter().enumerate() {
        assert_eq!(code(&all[..=upto]), *expected);
    }
}

#[test]
fn roots_hold_for_data_at_any_depth() {
    let bundle = |roots: &str, data: &str| {
        let manifest = format!("{{\"roots\":{roots}}}");
        code(&[POLICY, (".manifest", &manifest), ("data.json", data)])
    };
    assert_eq!(bundle(r#"["finops","a/b"]"#, r#"{"a":{"b":1}}"#), "loads");
    assert_eq!(bundle(r#"["finops","a/b"]"#, r#"{"a":{"b":1,"c":2}}"#), "bundle.roots");
    assert_eq!(bundle(r#"["finops","a/b"]"#, r#"{"a":1}"#), "bundle.roots");
    assert_eq!(bundle(r#"["finops","a/b"]"#, r#"{"a":{}}"#), "loads");
    assert_eq!(bundle(r#"["finops"]"#, r#"{"x":{}}"#), "bundle.roots");
}

#[test]
fn links_and_devices_are_refused() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo, tar::EntryType::Char] {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_path("p.rego").unwrap();
        header.set_cksum();
        builder.append(&header, &[][..]).unwrap();
        let archive = gzip(&builder.into_inner().unwrap());
        let error = Bundle::from_bytes(&archive, &BundleOptions::default()).unwrap_err();
        assert_eq!((error.code(), error.path()), ("bundle.entry_type", "p.rego"));
    }
}

#[test]
fn a_bomb_is_too_large_before_it_is_unpacked() {
    let bomb = gzip(&vec![0; 65 * 1_048_576]);
    assert!(bomb.len() < 1_048_576);
    let code = |bytes: &[u8]| Bundle::from_bytes(bytes, &BundleOptions::default()).unwrap_err().code();
    assert_eq!(code(&bomb), "bundle.too_large");
    assert_eq!(code(&vec![0; 10 * 1_048_576 + 1]), "bundle.too_large");
    let many: Vec<(String, Vec<u8>)> = (0..10_001).map(|n| (format!("{n}.txt"), Vec::new())).collect();
    assert_eq!(
        Bundle::from_files(many.clone(), &BundleOptions::default()).unwrap_err().code(),
        "bundle.too_large"
    );
    let names: Vec<(&str, &str)> = many.iter().map(|(name, _)| (name.as_str(), "")).collect();
    assert_eq!(code(&archive(&names)), "bundle.too_large");
}

#[test]
fn a_broken_archive_is_a_format_error() {
    let whole = archive(&[POLICY]);
    let code = |bytes: &[u8]| Bundle::from_bytes(bytes, &BundleOptions::default()).unwrap_err().code();
    for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        assert_eq!(code(&whole[..cut]), "bundle.format", "{cut}");
    }
    let mut wrong = whole.clone();
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    assert_eq!(code(&wrong), "bundle.format");
    assert_eq!(code(&gzip(b"no tar")), "bundle.format");
    assert_eq!(code(&gzip(&tar(&[POLICY])[..600])), "bundle.format");
}

#[test]
fn the_expected_digest_is_that_of_the_archive() {
    let signed = archive(&[POLICY, (".signatures.json", "{}")]);
    let digest = sha256(&signed);
    let read = |expected: String| {
        Bundle::from_bytes(&signed, &BundleOptions { expected_sha256: Some(expected), skip_verify: false })
    };
    assert!(read(digest.clone()).unwrap().warnings.is_empty());
    assert!(read(format!("sha256:{}", digest.to_uppercase())).is_ok());
    assert_eq!(read("0".repeat(64)).unwrap_err().code(), "bundle.digest");
    assert_eq!(read(String::new()).unwrap_err().code(), "bundle.digest");
}

#[test]
fn a_policy_in_another_encoding_does_not_parse() {
    let files = [("p.rego".to_owned(), b"package p\n# \xff\n".to_vec())];
    assert_eq!(Bundle::from_files(files, &BundleOptions::default()).unwrap_err().code(), "policy.parse");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _either = Bundle::from_bytes(&bytes, &BundleOptions::default());
        let _either = Bundle::from_bytes(&gzip(&bytes), &BundleOptions::default());
    }

    #[test]
    fn a_flipped_byte_never_changes_a_policy_unseen(at in 0_usize..10_000, bit in 0_u8..8) {
        let whole = archive(&[POLICY, ("data.json", r#"{"cfg":{"max":5}}"#)]);
        let mut broken = whole.clone();
        broken[at.checked_rem(whole.len()).unwrap()] ^= 1 << bit;
        if let Ok(bundle) = Bundle::from_bytes(&broken, &BundleOptions::default()) {
            prop_assert_eq!(bundle, read(&[POLICY, ("data.json", r#"{"cfg":{"max":5}}"#)]).unwrap());
        }
    }

    #[test]
    fn the_order_of_files_is_irrelevant(swap: bool) {
        let mut files = vec![POLICY, ("a/data.json", r#"{"x":1}"#), ("data.json", r#"{"a":{"y":2}}"#)];
        let one = read(&files).unwrap();
        if swap { files.reverse() } else { files.rotate_left(1) }
        prop_assert_eq!(one, read(&files).unwrap());
    }
}
