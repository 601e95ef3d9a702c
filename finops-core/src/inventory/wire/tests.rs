use crate::{
    inventory::{ClusterInventory, Metric, UsageSubject},
    json::{Json, Limits, read},
};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits { bytes: usize::MAX, depth: 64 }).unwrap()
}

fn inventory(members: &str) -> Result<super::Read<ClusterInventory>, crate::error::Fault> {
    ClusterInventory::from_json(&json(&format!(
        r#"{{"cluster": "c", "as_of": "2026-11-20T00:00:00Z"{members}}}"#
    )))
}

/// Every inventory of the vectors is read, whole, and its canonical form reads back as itself.
#[test]
fn the_inventories_of_the_vectors_are_read() {
    let mut read = 0;
    for text in [
        include_str!("../../../../bindings/vectors/allocation.json"),
        include_str!("../../../../bindings/vectors/waste.json"),
    ] {
        for case in json(text).get("cases").and_then(Json::as_array).unwrap() {
            let Some(inventory) = case.pointer("/input/inventory") else { continue };
            let id = case.get("id").and_then(Json::as_str).unwrap_or_default();
            let found =
                ClusterInventory::from_json(inventory).unwrap_or_else(|fault| panic!("{id}: {fault}"));
            assert_eq!(found.diagnostics, [], "{id}");
            let written = found.value.to_json();
            let again = ClusterInventory::from_json(&written).unwrap();
            assert_eq!((again.value, again.diagnostics), (found.value, vec![]), "{id}");
            read += 1;
        }
    }
    assert!(read > 60, "{read}");
}

#[test]
fn absent_is_unknown_and_empty_is_known() {
    let found = inventory(r#", "pods": []"#).unwrap().value;
    assert_eq!((found.pods, found.nodes), (Some(vec![]), None));
    assert_eq!(found.currency, "USD");
}

#[test]
fn a_fault_names_its_path() {
    for (members, code, path) in [
        (r#", "nodes": [{"name": "n"}]"#, "inventory.invalid_object", "nodes[0]"),
        (
            r#", "nodes": [{"name": "n", "capacity": {"cpu": "two"}}]"#,
            "quantity.invalid",
            "nodes[0].capacity.cpu",
        ),
        (
            r#", "pods": [{"namespace": "n", "name": "p", "containers": [{"name": "c", "requests": {"cpu": "-1"}}]}]"#,
            "quantity.negative",
            "pods[0].containers[0].requests.cpu",
        ),
        (r#", "as_of": "2026-11-20T00:00:00""#, "inventory.invalid_object", "as_of"),
        (r#", "pods": {}"#, "inventory.invalid_object", "pods"),
        (
            r#", "nodes": [{"name": "n", "capacity": {}, "cost": {"hourly": "1", "total": "1"}}]"#,
            "inventory.invalid_object",
            "nodes[0].cost",
        ),
        (
            r#", "window": ["2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"]"#,
            "allocation.window_empty",
            "window",
        ),
        (
            r#", "usage": [{"subject": {}, "metric": "cpu_usage", "summary": {}}]"#,
            "inventory.invalid_object",
            "usage[0].subject",
        ),
    ] {
        // The last of two equal names counts; the reader of JSON refuses them, so the first is replaced.
        let text = format!(r#"{{"cluster": "c", "as_of": "2026-11-20T00:00:00Z"{members}}}"#);
        let fault = ClusterInventory::from_text(text.as_bytes()).unwrap_err();
        assert_eq!((fault.code(), fault.path()), (code, path), "{members}");
    }
    assert_eq!(ClusterInventory::from_text(b"{").unwrap_err().code(), "inventory.invalid_json");
}

#[test]
fn unknown_members_are_counted_by_their_place() {
    let found = inventory(
        r#", "pods": [{"namespace": "n", "name": "a", "naem": 1}, {"namespace": "n", "name": "b", "naem": null}],
        "usage": [{"subject": {"node": "x"}, "metric": "cpu", "summary": {}}]"#,
    );
    let found: Vec<String> = found.unwrap().diagnostics.iter().map(|d| d.to_json().to_text()).collect();
    assert_eq!(
        found,
        [
            r#"{"code":"inventory.unknown_field","path":"pods[].naem","count":1,"message":"this member is not read; check its spelling"}"#,
            r#"{"code":"inventory.unknown_field","path":"usage[].metric","count":1,"message":"this member is not read; check its spelling"}"#,
        ]
    );
}

#[test]
fn usage_keeps_its_units() {
    let found = inventory(
        r#", "usage": [
            {"subject": {"namespace": "n", "pod": "p", "container": "c", "device": "GPU-1"}, "metric": "gpu_duty_percent",
             "step_seconds": 60, "samples": [[1767225720, "37.5"], [1767225660.9, 100]]},
            {"subject": {"namespace": "n", "workload": "Deployment/w"}, "metric": "network_receive",
             "summary": {"p95": "99.9"}},
            {"subject": {"namespace": "n", "pod": "p", "container": "c"}, "metric": "gpu_duty_percent",
             "summary": {"max": "37.5"}}]"#,
    )
    .unwrap()
    .value;
    let usage = found.usage.as_deref().unwrap();
    assert_eq!(usage[0].summary().unwrap().max, Some(375_000_000));
    let samples: Vec<_> = usage[1].samples().iter().map(|s| (s.at, s.value, usage[1].nano(*s))).collect();
    assert_eq!(samples, [(1_767_225_660, 1_000_000, 1_000_000_000), (1_767_225_720, 375_000, 375_000_000)]);
    assert_eq!(usage[2].summary().unwrap().p95, Some(99_900_000_000));
    let written = found.to_json();
    assert_eq!(written.pointer("/usage/1/samples/1/1"), Some(&Json::from("37.5")));
    assert_eq!(written.pointer("/usage/0/summary/max"), Some(&Json::from("37.5")));
}

#[test]
fn records_that_stand_twice_count_once() {
    let found = inventory(
        r#", "namespaces": [{"name": "b"}, {"name": "a"}, {"name": "b"}, {"name": "b", "labels": {"x": "y"}}]"#,
    );
    let found = found.unwrap();
    let names: Vec<&str> = found.value.namespaces.iter().flatten().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "b"]);
    assert_eq!((found.diagnostics[0].code, found.diagnostics[0].count), ("inventory.duplicate", Some(1)));
}

#[test]
fn usage_of_a_subject_is_found() {
    let found = inventory(
        r#", "usage": [{"subject": {"node": "b"}, "metric": "cpu_usage", "summary": {}},
            {"subject": {"node": "a"}, "metric": "memory_working_set", "summary": {}},
            {"subject": {"node": "a"}, "metric": "cpu_usage", "summary": {}}]"#,
    )
    .unwrap()
    .value;
    let subject = UsageSubject::Node("a".into());
    assert_eq!(found.usage_of(&subject).len(), 2);
    assert_eq!(found.usage_of_metric(&subject, Metric::CpuUsage).unwrap().metric, Metric::CpuUsage);
    assert_eq!(found.usage_of_metric(&subject, Metric::Replicas), None);
    assert!(found.pods_of("x").is_empty());
}
