use super::*;
use crate::event::canonical::to_vec;
use proptest::prelude::*;

const AT: &str = "2026-03-14T09:26:53.589793Z";

fn event() -> Value {
    json!({"v": 1, "log": "acme.example/prod", "id": "evt-1", "at": AT, "actor": "svc:x", "kind": "acme.thing",
           "data": {"a": {"b": ["c"]}}})
}

proptest! {
    /// The walk over bytes and the check of the value are two programs: they must agree.
    #[test]
    fn reading_bytes_agrees_with_checking_the_value(
        field in prop::sample::select(FIELDS.to_vec()),
        value in prop_oneof![
            Just(json!(1)), Just(json!("acme.example/prod")), Just(json!(AT)), Just(json!("svc:x")), Just(json!({})),
            Just(json!({"$commit": "0".repeat(64)})), Just(json!({"$x": 1})), Just(json!({"p": {"$commit": "0"}})),
            Just(json!({"a": "\u{0}"})), Just(json!({"a\u{0}": 1})), Just(json!([])), Just(json!(null)),
            "[a-z0-9.:\\\\\"\u{1}é]{0,8}".prop_map(Value::from),
        ],
        remove in any::<bool>(),
    ) {
        let mut event = event();
        if remove { event.as_object_mut().unwrap().remove(field); } else { event[field] = value; }
        let bytes = to_vec(&event).unwrap();
        prop_assert_eq!(EventView::parse(&bytes).is_ok(), check(&event).is_ok(), "{}", event);
        prop_assert_eq!(EventView::parse(&bytes).err().unwrap_or(ViewError::Envelope), ViewError::Envelope);
    }

    #[test]
    fn what_is_encoded_reads_back(data in crate::event::canonical::tests::any_value()) {
        let data = json!({"x": data});
        let stamp = Stamp { id: "evt-1", at: AT, actor: "svc:x" };
        match Encoded::new("a.b", &stamp, "acme.thing", &data) {
            Ok(encoded) => {
                let view = EventView::parse(encoded.bytes()).unwrap();
                prop_assert_eq!(view.data(), data);
                prop_assert_eq!((view.id, view.at, view.actor, view.log, view.kind), ("evt-1", AT, "svc:x", "a.b", "acme.thing"));
                prop_assert_eq!(view.at_us, encoded.at_us());
                let again = Encoded::from_value(&canonical::from_json(encoded.bytes()).unwrap()).unwrap();
                prop_assert_eq!(&again, &encoded);
                prop_assert_eq!(to_vec(&canonical::from_json(encoded.bytes()).unwrap()).unwrap(), encoded.bytes());
            }
            Err(error) => prop_assert!(matches!(error, EventError::Nul { .. } | EventError::ReservedKey { .. }), "{}", error),
        }
    }
}

#[test]
fn faults_are_named_in_order() {
    let path = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut event = event();
        change(event.as_object_mut().unwrap());
        let error = check(&event).unwrap_err();
        format!("{} {}", error.code(), error.path())
    };
    let set = |name: &'static str, value: Value| {
        move |event: &mut Map<String, Value>| drop(event.insert(name.to_owned(), value.clone()))
    };
    assert_eq!(
        path(&|e| {
            set("z/z", json!(1))(e);
            set("b", json!(1))(e);
            e.remove("v");
        }),
        "ledger.event.field /b"
    );
    assert_eq!(path(&set("z~/", json!(1))), "ledger.event.field /z~0~1");
    assert_eq!(
        path(&|e| {
            e.remove("v");
            e.remove("id");
        }),
        "ledger.event.field /id"
    );
    assert_eq!(
        path(&|e| {
            set("v", json!(2))(e);
            set("log", json!(""))(e);
        }),
        "ledger.event.version /v"
    );
    assert_eq!(
        path(&|e| {
            set("log", json!(1))(e);
            set("id", json!(""))(e);
        }),
        "ledger.event.field /log"
    );
    assert_eq!(
        path(&|e| {
            set("id", json!(1))(e);
            set("actor", json!(""))(e);
        }),
        "ledger.event.field /id"
    );
    assert_eq!(
        path(&|e| {
            set("actor", json!(1))(e);
            set("kind", json!(""))(e);
        }),
        "ledger.event.field /actor"
    );
    assert_eq!(
        path(&|e| {
            set("kind", json!(1))(e);
            set("at", json!(""))(e);
        }),
        "ledger.event.field /kind"
    );
    assert_eq!(
        path(&|e| {
            set("at", json!(1))(e);
            set("data", json!([]))(e);
        }),
        "ledger.event.field /at"
    );
    assert_eq!(
        path(&set("data", json!({"b": {"$x": 1}, "a": [1, {"k\u{0}": 1}]}))),
        "ledger.event.nul /data/a/1/k\u{0}"
    );
    assert_eq!(
        path(&set("data", json!({"a/b": [{"$commit": 1}]}))),
        "ledger.event.reserved_key /data/a~1b/0/$commit"
    );
}

#[test]
fn an_encoded_event_is_refused_for_its_kind_then_its_canonical_form() {
    let new = |kind: &str, data: Value| {
        let error = Encoded::new("a.b", &Stamp { id: "e", at: AT, actor: "svc:x" }, kind, &data).unwrap_err();
        format!("{} {}", error.code(), error.path())
    };
    assert_eq!(new("log.heartbeat", json!({"a": 0.5})), "ledger.event.data /data/a");
    assert_eq!(new("log.thing", json!({})), "ledger.event.unknown_kind /kind");
    assert_eq!(new("acme.thing", json!({"a": [0.5]})), "ledger.canonical.float /data/a/0");
    assert_eq!(new("acme.thing", json!({"a": "x".repeat(65_535)})), "ledger.canonical.size ");
    let deep = (0..31).fold(json!({}), |inner, _| json!({ "a": inner }));
    assert!(new("acme.thing", deep).starts_with("ledger.canonical.depth /data/a/a/"));
}

#[test]
fn an_instant_is_microseconds() {
    assert_eq!(parse_at("1970-01-01T00:00:00.000001Z"), Some(1));
    assert_eq!(parse_at("1969-12-31T23:59:59.999999Z"), Some(-1));
    assert_eq!(parse_at("9999-12-31T23:59:59.999999Z"), Some(253_402_300_799_999_999));
    assert_eq!(parse_at("0001-01-01T00:00:00.000000Z"), Some(-62_135_596_800_000_000));
    assert_eq!(parse_at("2026-03-14T09:26:5é.589793Z"), None);
}
