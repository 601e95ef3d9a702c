use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Any value with a canonical form, with the characters that order or escape in a special way.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let text = "[\u{0}-\u{1f}a-c$\"\\\\/~é\u{e000}\u{ffff}\u{10000}💰]{0,6}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(text, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_canonical_and_reads_back(value in any_value()) {
        let bytes = to_vec(&value).unwrap();
        prop_assert!(check(&bytes));
        prop_assert_eq!(from_json(&bytes).unwrap(), value);
    }

    #[test]
    fn another_spelling_reads_to_the_same_bytes(value in any_value()) {
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(to_vec(&from_json(&pretty).unwrap()).unwrap(), to_vec(&value).unwrap());
    }

    /// The walk and the reader are two programs: they must agree on which bytes are canonical.
    #[test]
    fn the_walk_agrees_with_reading_and_writing(value in any_value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = to_vec(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let slow = from_json(&bytes).is_ok_and(|value| to_vec(&value).unwrap() == bytes);
        prop_assert_eq!(check(&bytes), slow, "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn keys_stand_in_the_order_of_utf16(a in ".{0,4}", b in ".{0,4}") {
        prop_assert_eq!(key_order(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
    }

    #[test]
    fn a_double_reads_back_from_what_the_border_writes(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let read = match border_number(number).unwrap() {
            Value::String(text) => { prop_assert!(is_decimal(&text)); text.parse().unwrap() }
            integer => integer.as_f64().unwrap(),
        };
        // Negative zero becomes zero: they are the same number.
        prop_assert_eq!(read.to_bits(), (number + 0.0).to_bits());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        let canonical = from_json(&bytes).is_ok_and(|value| to_vec(&value).unwrap() == bytes);
        prop_assert_eq!(check(&bytes), canonical);
    }
}

#[test]
fn a_refused_value_leaves_the_buffer_and_names_the_member() {
    let mut out = b"kept".to_vec();
    let error = encode(&json!({"a": [1, {"b/c": 0.5}]}), &mut out).unwrap_err();
    assert_eq!((error.code(), error.path()), ("ledger.canonical.float", "/a/1/b~1c"));
    assert_eq!(out, b"kept");
    let error = encode(&json!([u64::MAX]), &mut out).unwrap_err();
    assert_eq!((error.code(), error.path()), ("ledger.canonical.integer_range", "/0"));
}

#[test]
fn the_first_fault_in_the_text_wins() {
    for (text, code, at) in [
        (r#"{"a":1.5,"a":2"#, "float", "byte 5"),
        (r#"{"a":1,"a" 2}"#, "duplicate_key", "byte 7"),
        (r#"["\ud800\u0041",NaN]"#, "surrogate", "byte 2"),
        (r#"["\uZZZZ"]"#, "syntax", "byte 2"),
        ("[1.]", "syntax", "byte 1"),
        ("[9007199254740992]", "integer_range", "byte 1"),
        ("[9007199254740992.0]", "float", "byte 1"),
        ("", "syntax", "byte 0"),
        ("\"a", "syntax", "byte 2"),
    ] {
        let error = from_json(text.as_bytes()).unwrap_err();
        assert_eq!((error.code().rsplit('.').next().unwrap(), error.path()), (code, at), "{text}");
    }
}

#[test]
fn a_long_spelling_of_a_short_value_is_read() {
    let mut text = vec![b' '; SIZE_MAX];
    text.extend_from_slice(b"{}");
    assert_eq!(from_json(&text).unwrap(), json!({}));
    let longest = format!("\"{}\"", "x".repeat(SIZE_MAX - 2));
    assert!(from_json(longest.as_bytes()).is_ok() && check(longest.as_bytes()));
    let longer = format!("\"{}\"", "x".repeat(SIZE_MAX - 1));
    assert_eq!(from_json(longer.as_bytes()).unwrap_err().code(), "ledger.canonical.size");
    assert!(!check(longer.as_bytes()));
}

#[test]
fn each_character_has_one_spelling() {
    for code in 0..0x80_u32 {
        let character = char::from_u32(code).unwrap();
        let canonical = to_vec(&Value::from(character.to_string())).unwrap();
        let spellings = [
            format!("\\u{code:04x}"),
            format!("\\u{code:04X}"),
            character.to_string(),
            format!("\\{character}"),
        ];
        for spelling in spellings {
            let text = format!("\"{spelling}\"");
            let slow =
                from_json(text.as_bytes()).is_ok_and(|value| to_vec(&value).unwrap() == text.as_bytes());
            assert_eq!(check(text.as_bytes()), slow, "{text:?}");
        }
        assert!(check(&canonical));
    }
}
