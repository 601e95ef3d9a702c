//! The vectors of inventories, and laws of their readers.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, and reads its vectors"
)]

#[path = "support/compare.rs"]
mod compare;
#[path = "support/inventory_cases.rs"]
mod inventory_cases;

use finops_core::{
    allocation::wire,
    inventory::{KubernetesOptions, read_kubernetes},
    json::{Json, Limits, Object, read},
};
use proptest::prelude::*;

fn run(kind: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/allocation.json");
    let vectors = read(&std::fs::read(file).unwrap(), &Limits::default()).unwrap();
    let call = |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.to_string());
    let (mut ran, mut failures) = (0, Vec::new());
    for case in vectors.get("cases").and_then(Json::as_array).unwrap() {
        if case.get("kind").and_then(Json::as_str) == Some(kind) {
            ran += 1;
            let id = case.get("id").and_then(Json::as_str).unwrap_or_default();
            failures.extend(
                inventory_cases::run_case(case, &call).into_iter().map(|line| format!("{id}: {line}")),
            );
        }
    }
    assert!(ran > 0, "no case of kind {kind}");
    assert!(failures.is_empty(), "{kind}: {}", failures.join("\n"));
}

macro_rules! kinds {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            run(stringify!($name));
        }
    )*

        #[test]
        fn every_kind_of_inventories_is_run() {
            assert_eq!([$(stringify!($name)),*], inventory_cases::KINDS);
        }
    };
}

kinds! {
    quantity quantity_error kubernetes_reader prometheus effective_request baseline
}

fn object(kind: &str, namespace: u8, name: u8, members: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"{kind}","metadata":{{"namespace":"n{namespace}","name":"o{name}","labels":{{"app":"a{name}"}}}}{members}}}"#
    )
}

fn any_object() -> impl Strategy<Value = String> {
    (0_u8..6, 0_u8..3, 0_u8..20, 1_u8..9).prop_map(|(kind, namespace, name, amount)| match kind {
        0 => object("Node", 0, name, &format!(r#","status":{{"capacity":{{"cpu":"{amount}","memory":"{amount}Gi"}}}}"#)),
        1 => object(
            "Pod",
            namespace,
            name,
            &format!(
                r#","spec":{{"nodeName":"o1","containers":[{{"name":"c","resources":{{"limits":{{"cpu":"{amount}00m"}}}}}}]}},
                "status":{{"phase":"Running","startTime":"2026-11-01T00:00:0{amount}Z"}}"#
            ),
        ),
        2 => object("PersistentVolumeClaim", namespace, name, &format!(r#","spec":{{"volumeName":"o{amount}"}}"#)),
        3 => object("PersistentVolume", 0, name, &format!(r#","spec":{{"capacity":{{"storage":"{amount}Gi"}}}}"#)),
        4 => object("ConfigMap", namespace, name, &format!(r#","data":{{"k{amount}":"v"}}"#)),
        _ => object("Service", namespace, name, r#","spec":{"selector":{"app":"a1"}}"#),
    })
}

/// Objects of different identities: of two with one the later would count, which is an order of the input.
fn distinct(objects: Vec<String>) -> Vec<String> {
    let identity = |text: &String| text.split("\"labels\"").next().unwrap_or_default().to_owned();
    let mut seen = std::collections::BTreeSet::new();
    objects.into_iter().filter(|object| seen.insert(identity(object))).collect()
}

fn bytes_of(objects: &[String]) -> String {
    let document = format!(r#"{{"kind":"List","items":[{}]}}"#, objects.join(","));
    let options = KubernetesOptions::new("c", "2026-11-02T00:00:00Z".parse().unwrap());
    read_kubernetes(&[document.as_bytes()], &options).unwrap().value.to_json().to_text()
}

proptest! {
    #[test]
    fn the_order_of_objects_is_nothing(
        (objects, shuffled) in proptest::collection::vec(any_object(), 0..30)
            .prop_map(distinct)
            .prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle()))
    ) {
        prop_assert_eq!(bytes_of(&objects), bytes_of(&shuffled));
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in r#"[\[\]{}:,"a-z0-9]{0,40}"#) {
        let options = KubernetesOptions::new("c", "2026-11-02T00:00:00Z".parse().unwrap());
        if let Err(fault) = read_kubernetes(&[text.as_bytes()], &options) {
            prop_assert!(fault.code().starts_with("inventory."), "{}", fault);
        }
    }

    /// Members of any kind in any place of a pod: it is read, or left out with a remark.
    #[test]
    fn any_value_anywhere_is_survived(place in 0_usize..12, value in "null|1|-1|\"x\"|\"\"|\\[\\]|\\{\\}|\\[1\\]|true|1e999") {
        const PLACES: [&str; 12] = [
            "/metadata", "/metadata/labels", "/metadata/ownerReferences", "/spec", "/spec/containers",
            "/spec/containers/0/resources/requests", "/spec/volumes", "/status", "/status/startTime",
            "/status/containerStatuses", "/spec/affinity", "/spec/nodeName",
        ];
        let pod = r#"{"kind":"Pod","metadata":{"namespace":"n","name":"p","labels":{},"ownerReferences":[]},
            "spec":{"nodeName":"x","containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}],"volumes":[],"affinity":{}},
            "status":{"startTime":"2026-11-01T00:00:00Z","containerStatuses":[]}}"#;
        let mut pod = read(pod.as_bytes(), &Limits::default()).unwrap();
        *pod.pointer_mut(PLACES[place]).unwrap() = read(value.as_bytes(), &Limits::default()).unwrap();
        let options = KubernetesOptions::new("c", "2026-11-02T00:00:00Z".parse().unwrap());
        let found = read_kubernetes(&[pod.to_text().as_bytes()], &options).unwrap();
        prop_assert_eq!(found.value.pods.map_or(0, |pods| pods.len()) + found.diagnostics.len(), 1);
    }
}

#[test]
fn values_of_secrets_are_never_kept() {
    let secret = r#"{"kind":"Secret","apiVersion":"v1","type":"Opaque","metadata":{"namespace":"n","name":"s","annotations":{
        "kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"key\":\"aHVudGVyMg==\"}}",
        "tool.example/copy":"[\"aHVudGVyMg==\"]","finops/ignore":"true"}},
        "data":{"key":"aHVudGVyMg=="},"stringData":{"other":"hunter2"}}"#;
    let map = r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"namespace":"n","name":"m"},"data":{"a":"hunter2","b":"é"},
        "binaryData":{"c":"aHVudGVyMg=="}}"#;
    let bad = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"namespace":1,"name":"t"},"data":{"key":"aHVudGVyMg=="}}"#;
    let options = KubernetesOptions::new("c", "2026-11-02T00:00:00Z".parse().unwrap());
    let texts = [secret.as_bytes(), map.as_bytes(), bad.as_bytes()];
    let found = read_kubernetes(&texts, &options).unwrap();
    let objects = found.value.to_json();
    let all = format!("{objects}{:?}", found);
    assert!(!all.contains("hunter2") && !all.contains("aHVudGVyMg"), "{all}");
    let size = |at: usize| objects.pointer(&format!("/config_objects/{at}/bytes")).map(Json::to_text);
    assert_eq!((size(0).as_deref(), size(1).as_deref()), (Some("16"), Some("14")));
    assert_eq!(
        objects.pointer("/config_objects/1/annotations"),
        Some(&Json::Object(Object::from_unique(vec![("finops/ignore".to_owned(), Json::from("true"))])))
    );
}
