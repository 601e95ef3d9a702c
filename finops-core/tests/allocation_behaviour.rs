//! What an allocation does at its edges, through its wire form.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use finops_core::{
    allocation::{AllocationConfig, AllocationSet, allocate, wire},
    error::Fault,
    inventory::ClusterInventory,
    json::{Json, Limits, read},
    price::PriceBook,
};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

const DAY: &str = r#"[["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]]"#;

/// A cluster of one day with these members.
fn inventory(members: &str) -> String {
    format!(
        r#"{{"cluster": "c", "as_of": "2026-11-02T00:00:00Z",
            "window": {{"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}}, {members}}}"#
    )
}

fn pod(namespace: &str, name: &str, node: &str, cpu: &str, more: &str) -> String {
    format!(
        r#"{{"namespace": "{namespace}", "name": "{name}", "node": "{node}", "phase": "Running",
            "containers": [{{"name": "app", "requests": {{"cpu": "{cpu}", "memory": "1Gi"}}, "running": {DAY}}}]{more}}}"#
    )
}

fn call(kind: &str, inventory: &str, more: &str) -> Result<Json, Fault> {
    wire::call(kind, &json(&format!(r#"{{"inventory": {inventory}{more}}}"#)))
}

/// The text at a pointer of the answer.
fn text(answer: &Json, pointer: &str) -> String {
    let found =
        answer.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} of {}", answer.to_text()));
    found.as_str().map_or_else(|| found.to_text(), str::to_owned)
}

fn codes(answer: &Json) -> Vec<String> {
    let remarks = answer.get("diagnostics").and_then(Json::as_array).unwrap();
    remarks.iter().map(|remark| text(remark, "/code")).collect()
}

#[test]
fn a_node_without_a_cost_has_its_list_price() {
    let node = r#""nodes": [{"name": "n", "instance_type": "m5.xlarge", "region": "us-east-1",
        "capacity": {"cpu": "4", "memory": "16Gi"}}]"#;
    let set = call("allocation_set", &inventory(node), "").unwrap();
    assert_eq!(text(&set, "/totals/assets"), "4.608");
    assert_eq!(text(&set, "/assets/0/source"), "ec2.instance.m5.xlarge.linux in us-east-1: karpenter");
    // The derived rates that the specification prints.
    assert_eq!(text(&set, "/assets/0/unit_rates/cpu_core_hour"), "0.031247101464");
    assert_eq!(set.pointer("/rows/0/key"), Some(&json(r#"["c", "n", "__idle__", "", ""]"#)));
    let spot = node.replace(r#""region""#, r#""capacity_type": "spot", "region""#);
    let set = call("allocation_set", &inventory(&spot), "").unwrap();
    assert_eq!(
        (text(&set, "/totals/assets"), text(&set, "/totals/unpriced_assets")),
        ("0".to_owned(), "1".to_owned())
    );
    assert_eq!(codes(&set), ["allocation.unpriced_node"]);
}

#[test]
fn two_currencies_in_one_set_are_refused() {
    let node = r#""currency": "EUR", "nodes": [{"name": "n", "instance_type": "m5.xlarge", "region": "us-east-1",
        "capacity": {"cpu": "4", "memory": "16Gi"}}]"#;
    assert_eq!(call("allocate", &inventory(node), "").unwrap_err().code(), "allocation.currency_mismatch");
}

#[test]
fn the_window_is_given_or_known_or_the_day_before() {
    let bare = r#"{"cluster": "c", "as_of": "2026-11-02T06:00:00Z", "nodes": [], "pods": []}"#;
    let set = call("allocation_set", bare, "").unwrap();
    assert_eq!(text(&set, "/window/start"), "2026-11-01T06:00:00.000Z");
    let wrong = r#", "config": {"window": ["2026-11-02", "2026-11-02"]}"#;
    let fault = call("allocate", bare, wrong).unwrap_err();
    assert_eq!((fault.code(), fault.path()), ("allocation.window_empty", "config.window"));
}

#[test]
fn slices_of_a_device_cost_their_part() {
    // One device for four pods in turn; each unit is a quarter.
    let members = format!(
        r#""nodes": [{{"name": "g", "labels": {{"nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.count": "1"}},
            "capacity": {{"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "4"}},
            "cost": {{"rates": {{"cpu_core_hour": "0", "memory_gib_hour": "0", "gpu_hour": "1"}}}}}}],
          "pods": [{{"namespace": "ml", "name": "p", "node": "g", "phase": "Running", "containers": [{{"name": "app",
            "limits": {{"nvidia.com/gpu": "1"}}, "running": {DAY}}}]}}]"#
    );
    let set = call("allocation_set", &inventory(&members), "").unwrap();
    assert_eq!(
        (text(&set, "/totals/assets"), text(&set, "/rows/0/cost/gpu")),
        ("24".to_owned(), "6".to_owned())
    );
    assert_eq!(text(&set, "/rows/0/requested/gpu_device_seconds"), "21600");
    assert_eq!(text(&set, "/rows/1/cost/gpu"), "18");
}

#[test]
fn a_resource_that_nobody_configured_is_named() {
    let members = format!(
        r#""nodes": [{{"name": "n", "capacity": {{"cpu": "1", "memory": "1Gi"}}, "cost": {{"hourly": "1"}}}}],
          "pods": [{{"namespace": "a", "name": "p", "node": "n", "containers": [{{"name": "app",
            "requests": {{"vendor.example/fpga": "2"}}, "running": {DAY}}}]}}]"#
    );
    let set = call("allocation_set", &inventory(&members), "").unwrap();
    assert_eq!(codes(&set), ["allocation.unmapped_resource"]);
    let set = call(
        "allocation_set",
        &inventory(&members),
        r#", "config": {"accelerators": {"vendor.example/fpga": 500}}"#,
    );
    assert_eq!(codes(&set.unwrap()), ["allocation.over_allocated"], "the node has none");
}

#[test]
fn pods_on_nodes_that_are_not_there_are_listed() {
    let members = format!(
        r#""nodes": [], "pods": [{}, {}]"#,
        pod("a", "p", "gone", "1", ""),
        pod("a", "q", "gone", "1", "")
    );
    let set = call("allocation_set", &inventory(&members), "").unwrap();
    assert_eq!(text(&set, "/rows/0/status"), "unpriced");
    assert_eq!(
        (text(&set, "/rows/0/cost"), text(&set, "/rows/1/total")),
        ("null".to_owned(), "null".to_owned())
    );
    assert_eq!(
        (codes(&set), text(&set, "/diagnostics/0/count")),
        (vec!["allocation.unknown_node".to_owned()], "2".to_owned())
    );
    let set = call("allocation_set", &inventory(&members), r#", "config": {"exclude_phases": ["Running"]}"#)
        .unwrap();
    assert_eq!(text(&set, "/rows"), "[]");
}

/// Two pods on one node.
fn two() -> String {
    let node = r#"{"name": "n", "zone": "z1", "capacity": {"cpu": "2", "memory": "8Gi"},
        "allocatable": {"cpu": "1900m", "memory": "7Gi"}, "cost": {"hourly": "0.1"}, "provider_id": "aws:///z1/i-9"}"#;
    let pods = [
        pod(
            "web",
            "p",
            "n",
            "1",
            r#", "labels": {"team": "front", "app": "x"}, "owner": {"kind": "Deployment", "name": "d"}"#,
        ),
        pod("db", "q", "n", "950m", r#", "labels": {"app": "y"}"#),
    ];
    format!(r#""nodes": [{node}], "pods": [{}]"#, pods.join(","))
}

#[test]
fn traffic_is_priced_by_class_or_divided_from_the_bill() {
    let traffic = r#""network": [{"namespace": "web", "pod": "p", "internet": 1073741824},
        {"namespace": "db", "pod": "q", "internet": 3221225472}, {"namespace": "db", "pod": "left", "zone": 1073741824}]"#;
    let priced = format!(r#", "config": {{"network_prices": {{"internet": "0.09"}}, {traffic}}}"#);
    let set = call(
        "allocation_report",
        &inventory(&two()),
        &format!(r#"{priced}, "by": "namespace", "filter": {{"namespace": ["db"]}}"#),
    );
    assert_eq!(text(&set.unwrap(), "/rows/0/cost/network"), "0.27");
    let set = call("allocation_set", &inventory(&two()), &priced).unwrap();
    assert_eq!(text(&set, "/not_priced/network"), "no_network_price");
    let billed = priced.replace(r#""0.09""#, r#""0.09", "zone": "0.01", "total": "1""#);
    let report =
        call("allocation_report", &inventory(&two()), &format!(r#"{billed}, "by": "namespace""#)).unwrap();
    // 0.09 : 0.27 + 0.01 of what was billed.
    assert_eq!(text(&report, "/rows/0/cost/network"), "0.756756757");
    assert_eq!(text(&report, "/rows/1/cost/network"), "0.243243243");
}

#[test]
fn a_report_sums_by_team_and_map_and_prints_three_ways() {
    let more = r#", "config": {"namespace_map": {"db": "data"}, "idle": "share"}, "by": ["team", "zone"]"#;
    let report = call("allocation_report", &inventory(&two()), more).unwrap();
    assert_eq!(
        (text(&report, "/rows/0/name"), text(&report, "/rows/1/name")),
        ("data/z1".to_owned(), "front/z1".to_owned())
    );
    assert_eq!(
        (text(&report, "/total"), text(&report, "/unallocated_ppm")),
        ("2.4".to_owned(), "0".to_owned())
    );
    let csv = call("allocation_report", &inventory(&two()), &format!(r#"{more}, "format": "csv""#)).unwrap();
    let csv = csv.as_str().unwrap();
    assert!(
        csv.starts_with(
            "team,zone,cpu,memory,gpu,volume,load_balancer,network,external,idle,shared,shared_idle,total\r\n"
        ),
        "{csv}"
    );
    assert!(csv.ends_with(",2.40\r\n"), "{csv}");
    let page = call("allocation_report", &inventory(&two()), &format!(r#"{more}, "format": "md""#)).unwrap();
    assert!(page.as_str().unwrap().starts_with("Chargeback in USD from 2026-11-01"), "{page}");
    let wrong = call("allocation_report", &inventory(&two()), r#", "by": ["user"]"#).unwrap_err();
    assert_eq!((wrong.code(), wrong.path()), ("allocation.unknown_key", "by[0]"));
}

#[test]
fn a_node_says_what_is_reserved_and_what_is_stranded() {
    let report = call("allocation_report", &inventory(&two()), r#", "by": "node""#).unwrap();
    // 1.95 of 2 cores are requested and 2 of 8 GiB: no pod can have the rest of the memory.
    assert_eq!(text(&report, "/rows/0/node/requested/cpu_core_seconds"), "168480");
    assert_eq!(text(&report, "/rows/0/node/stranded"), text(&report, "/rows/0/node/idle/memory"));
    let unschedulable = text(&report, "/rows/0/node/unschedulable").parse::<f64>().unwrap();
    assert!(unschedulable > 0.0);
}

#[test]
fn what_stands_outside_joins_its_team() {
    let more = r#", "external": [{"name": "orders", "labels": {"team": "front"}, "amount": "5"}, {"name": "x", "amount": 1}], "by": "team""#;
    let report = call("allocation_report", &inventory(&two()), more).unwrap();
    assert_eq!(
        (text(&report, "/rows/0/name"), text(&report, "/rows/0/cost/external")),
        ("front".to_owned(), "5".to_owned())
    );
    assert_eq!(
        (text(&report, "/rows/2/name"), text(&report, "/rows/2/cost/external")),
        ("__unallocated__".to_owned(), "1".to_owned())
    );
    assert_eq!(text(&report, "/total"), "8.4");
}

#[test]
fn a_charge_that_matches_nothing_is_a_row() {
    let bill = r#", "bill": [{"resource_id": "i-9", "period": ["2026-10-31", "2026-11-02"], "amount": "2"},
        {"provider_id": "vol-1", "period": ["2026-11-01", "2026-11-02"], "amount": "0.5"}]"#;
    let set = call("allocation_set", &inventory(&two()), bill).unwrap();
    // Half of the first period lies in the window.
    assert_eq!((text(&set, "/totals/assets"), text(&set, "/difference")), ("1.5".to_owned(), "0".to_owned()));
    assert_eq!(set.pointer("/rows/0/key"), Some(&json(r#"["c", "", "__unmatched__", "", ""]"#)));
    assert_eq!(
        (text(&set, "/rows/0/total"), text(&set, "/assets/0/list")),
        ("0.5".to_owned(), "2.4".to_owned())
    );
    assert_eq!(codes(&set), ["allocation.unmatched_charge"]);
}

#[test]
fn a_source_that_is_shared_twice_is_refused() {
    let shared = r#", "config": {"shared": [{"name": "a", "namespaces": ["db"]}, {"name": "b", "filter": {"label:app": ["y"]}}]}"#;
    let fault = call("allocate", &inventory(&two()), shared).unwrap_err();
    assert_eq!((fault.code(), fault.path()), ("allocation.invalid_share", "shared[1]"));
}

#[test]
fn a_balancer_without_known_endpoints_belongs_to_whom_it_selects() {
    let service = r#", "services": [{"namespace": "web", "name": "lb", "type": "LoadBalancer", "selector": {"app": "x"},
        "cost": {"hourly": "0.025"}}, {"namespace": "web", "name": "free", "type": "LoadBalancer"}]"#;
    let set = call("allocation_set", &inventory(&format!("{}{service}", two())), "").unwrap();
    let rows = set.get("rows").and_then(Json::as_array).unwrap();
    let row = rows.iter().find(|row| row.pointer("/cost/load_balancer").is_some()).unwrap();
    assert_eq!(row.get("key"), Some(&json(r#"["c", "n", "web", "p", "__pod__"]"#)));
    assert_eq!((text(row, "/total"), text(row, "/services")), ("0.6".to_owned(), r#"["lb"]"#.to_owned()));
    assert_eq!(codes(&set), ["allocation.unpriced_load_balancer"]);
}

fn set(cluster: &str, window: &str, config: &str) -> AllocationSet {
    let config = format!(r#"{{"window": {window}{config}}}"#);
    let config = AllocationConfig::from_json(&json(&config)).unwrap();
    let read =
        ClusterInventory::from_json(&json(&inventory(&two()).replace("\"c\"", &format!("\"{cluster}\""))))
            .unwrap();
    allocate(&read.value, &PriceBook::builtin(), &config).unwrap()
}

#[test]
fn days_add_up_to_a_month_in_any_order() {
    let (first, second) =
        ("[\"2026-11-01\", \"2026-11-01T10:00:00Z\"]", "[\"2026-11-01T10:00:00Z\", \"2026-11-02\"]");
    let parts = [set("c", first, ""), set("c", second, "")];
    let sum = AllocationSet::accumulate(&parts).unwrap();
    let other = AllocationSet::accumulate(&[parts[1].clone(), parts[0].clone()]).unwrap();
    assert_eq!((sum.totals.assets, sum.rows().count()), (2_400_000_000, 3));
    assert_eq!(sum.to_json(), other.to_json());
    assert_eq!(sum.reconcile(&[]).unwrap_err().code(), "allocation.not_reconcilable");
    assert_eq!(AllocationSet::accumulate(&[]).unwrap_err().code(), "config.invalid");
    let mixed = [parts[0].clone(), set("d", second, "")];
    assert_eq!(AllocationSet::accumulate(&mixed).unwrap_err().path(), "[1]");
}

#[test]
fn a_row_alone_is_what_it_is_in_the_whole() {
    let members = format!(
        r#""nodes": [{{"name": "a", "capacity": {{"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"}}, "cost": {{"hourly": "1"}}}},
            {{"name": "b", "capacity": {{"cpu": "4", "memory": "16Gi"}}, "cost": {{"hourly": "1"}}}}],
            "pods": [{}, {}]"#,
        pod("shop", "web", "b", "1", r#", "labels": {"team": "web"}"#),
        pod("shop", "gone", "z", "1", ""),
    );
    let members = members.replacen(r#""cpu": "1""#, r#""cpu": "1", "nvidia.com/gpu": "1""#, 1);
    let inventory = ClusterInventory::from_json(&json(&inventory(&members))).unwrap().value;
    let set = allocate(&inventory, &PriceBook::builtin(), &AllocationConfig::default()).unwrap();
    let whole = set.to_json();
    let rows: Vec<Json> = set.rows().map(|row| set.row_to_json(row)).collect();
    assert_eq!(whole.get("rows"), Some(&Json::Array(rows)));
    assert_eq!(set.rows().filter_map(|row| set.device_seconds(row)).count(), 1);
    let report = set.aggregate(&[finops_core::allocation::Key::Pod], None).unwrap();
    let rows: Vec<Json> = report.rows.iter().map(|row| report.row_to_json(row)).collect();
    assert_eq!(report.to_json().get("rows"), Some(&Json::Array(rows)));
}

#[test]
fn a_pod_that_starts_after_the_inventory_is_named() {
    let late = pod("shop", "late", "a", "1", r#", "start": "2026-11-02T00:00:01Z""#);
    let read = ClusterInventory::from_json(&json(&inventory(&format!(r#""pods": [{late}]"#)))).unwrap();
    let told: Vec<_> =
        read.diagnostics.iter().map(|d| (d.code, d.path.as_deref(), d.subject.as_deref())).collect();
    assert_eq!(told, [("inventory.clock_skew", Some("pods[0].start"), Some("shop/late"))]);
}

/// A summary places no workload and gives nodes no capacity: what it says is listed with the reason, and volumes have
/// their price.
#[test]
fn a_summary_is_listed_and_its_volumes_are_priced() {
    let summary = r#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z", "region": "us-east-1", "surprise": 1,
        "workloads": {"shop": [{"name": "web", "kind": "Deployment", "team": "checkout", "cpu_request": 2, "cpu_usage": 0.5},
            {"name": "bad", "cpu_request": "much"}]},
        "node_groups": [{"name": "workers", "node_count": 3, "instance_type": "m5.xlarge"}],
        "volumes": [{"volume_id": "vol-1", "size_gb": 100, "type": "gp3", "age_days": 30, "attached": false},
            {"volume_id": "vol-2", "size_gb": 100, "type": "gp3", "age_days": 0.5}, {"volume_id": "vol-3", "size_gb": 8}]}"#;
    let input = |more: &str| json(&format!(r#"{{"inventory": {summary}{more}}}"#));
    let set = finops_core::allocation::wire::call("allocation_set", &input("")).unwrap();
    // 100 GiB * 0.08 / 730 * 24, and half of that for the volume that came at noon.
    let volume = |place: &str| text(&set, &format!("/assets/{place}/cost"));
    let assets = set.get("assets").and_then(Json::as_array).unwrap();
    assert_eq!(assets.len(), 4, "{}", set.to_text());
    assert_eq!((volume("1"), volume("2")), ("0.263013699".into(), "0.131506849".into()));
    assert_eq!(text(&set, "/totals/assets"), "0.394520548");
    assert_eq!(
        (text(&set, "/totals/unmounted"), text(&set, "/difference")),
        ("0.394520548".into(), "0".into())
    );
    let unpriced: Vec<_> = set.get("rows").and_then(Json::as_array).unwrap().iter().collect();
    let unpriced = unpriced.iter().filter(|row| row.get("total") == Some(&Json::Null)).count();
    assert_eq!(unpriced, 2);
    let mut remarks = codes(&set);
    remarks.sort();
    assert_eq!(
        remarks,
        [
            "allocation.unknown_node",
            "allocation.unpriced_node",
            "allocation.unpriced_volume",
            "inventory.invalid_object",
            "inventory.unknown_field",
        ]
    );
    let report =
        finops_core::allocation::wire::call("allocation_report", &input(r#", "by": ["label:team"]"#))
            .unwrap();
    assert!(report.to_text().contains(r#""checkout""#), "{}", report.to_text());
    let fault =
        finops_core::allocation::wire::call("allocation_set", &json(r#"{"inventory": {"workloads": {}}}"#));
    assert_eq!(
        fault.map_err(|fault| (fault.code(), fault.path().to_owned())),
        Err(("waste.invalid_record", "inventory.as_of".to_owned()))
    );
}
