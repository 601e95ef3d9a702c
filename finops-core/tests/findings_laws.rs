//! The laws of findings: same records, same bytes; twice is once; no identity stands for two; nothing panics.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use finops_core::{
    finding::{
        Attos, Base, Batch, Finding, FindingDraft, Identity, Level, Map, RunContext, Scope, Share, Stake,
        Status, Thresholds, Validator, combine, content_hash, order, priority, severity, totals,
    },
    json::{Json, Number, Object},
};
use proptest::{prelude::*, strategy::ValueTree as _};
use std::collections::BTreeMap;

fn validator() -> Validator {
    let at = "2026-11-21T08:00:00Z".parse().unwrap();
    Validator::new(&RunContext {
        default_currency: Some("USD".to_owned()),
        ..RunContext::new("acme", "", "r1", at)
    })
    .unwrap()
}

/// Texts that something happens to: space, capitals, control characters, secrets, other alphabets.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "[ A-Za-z0-9._/-]{0,12}",
        Just("vol-1".to_owned()),
        Just(" Café\u{202e} \u{7}x".to_owned()),
        Just("a\r\nb\u{feff}".to_owned()),
        Just("key AKIAABCDEFGHIJKLMNOP".to_owned()),
        Just(format!("x{}AKIAABCDEFGHIJKLMNOPQRST", " ".repeat(487))),
        Just("postgres://u:p@h".to_owned()),
        Just("arn:aws:ec2:eu-west-1:014498620306:volume/vol-1".to_owned()),
        Just("é".repeat(300)),
        Just("\"\\\u{1}😀\u{ffee}".to_owned()),
        any::<String>(),
    ]
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        text().prop_map(Json::from),
        prop_oneof![
            Just("1.50"),
            Just("-0"),
            Just("0"),
            Just("42"),
            Just("1e400"),
            Just("9007199254740993"),
            Just("-7"),
            Just("0.85")
        ]
        .prop_map(|digits| Json::from(Number::new(digits).unwrap())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            proptest::collection::vec((name(), inner), 0..4).prop_map(Json::object),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        Just("db_password".to_owned()),
        Just("token".to_owned()),
        Just("\u{ffee}".to_owned()),
        Just("😀".to_owned()),
        text()
    ]
}

/// A record in which most members are sound.
fn record() -> impl Strategy<Value = Json> {
    let texts = (text(), text(), text(), proptest::option::of(text()));
    let money = (proptest::option::of(0_u32..100_000_000), 0_u8..=100, proptest::option::of(0_u8..=100));
    let parts = (json(), proptest::collection::vec((name(), text()), 0..3), 0_usize..4, "[a-c]");
    (texts, money, parts).prop_map(
        |((title, message, metadata, resource), (savings, percent, risk), (evidence, tags, status, one))| {
            let scope = Json::object([
                ("cloud", Json::from("AWS")),
                ("account_id", Json::from("1234")),
                ("service", Json::from("AmazonEC2")),
                ("resource_id", Json::from(resource)),
            ]);
            // Ten-thousandths of a dollar.
            let decimal = |value: u32| {
                Attos::new(i128::from(value) * 100_000_000_000_000).map(|amount| amount.to_string())
            };
            let estimated = Json::object([
                ("monthly_savings", Json::from(savings.and_then(decimal))),
                ("confidence", Json::from(percent)),
            ]);
            let mut members = vec![
                ("check_id", Json::from(format!("custom.{one}"))),
                ("status", Json::from(["fail", "warn", "Pass", "unknown"][status])),
                ("scope", scope),
                ("title", Json::from(title)),
                ("message", Json::from(message)),
                ("estimated", estimated),
                ("risk", Json::from(risk.map(|risk| format!("0.{risk:02}")))),
                ("tags", Json::object(tags.into_iter().map(|(name, value)| (name, Json::from(value))))),
            ];
            members
                .push(("metadata_json", Json::from(Json::object([("x", Json::from(metadata))]).to_text())));
            if matches!(evidence, Json::Object(_)) {
                members.push(("evidence", evidence));
            }
            Json::object(members)
        },
    )
}

/// Any member of the record with any value.
fn any_record() -> impl Strategy<Value = Json> {
    const NAMES: &[&str] = &[
        "tenant_id",
        "workspace_id",
        "finding_id",
        "fingerprint",
        "run_id",
        "run_ts",
        "ingested_ts",
        "engine_name",
        "scope",
        "check_id",
        "check_name",
        "category",
        "frameworks",
        "issue_key",
        "status",
        "reason",
        "severity",
        "priority",
        "title",
        "links",
        "estimated",
        "confidence",
        "risk",
        "governance",
        "claims",
        "actual",
        "lifecycle",
        "tags",
        "dimensions",
        "metrics",
        "evidence",
        "metadata_json",
        "source",
        "lineage",
        "workspace",
        "name",
        "recommendation",
        "estimated_monthly_savings",
        "estimate_confidence",
        "other",
    ];
    let inside = &[
        "cloud",
        "account_id",
        "service",
        "region",
        "resource_id",
        "level",
        "score",
        "basis",
        "currency",
        "monthly_savings",
        "confidence",
        "url",
        "label",
        "kind",
        "resource",
        "amount",
        "schema_version",
        "source_type",
        "inputs",
        "sha256",
        "source_fingerprints",
        "snooze_until_ts",
        "reopened_count",
        "code",
    ][..];
    let part =
        || proptest::collection::vec((proptest::sample::select(inside), json()), 0..5).prop_map(Json::object);
    let value = prop_oneof![json(), part(), proptest::collection::vec(part(), 0..3).prop_map(Json::Array)];
    proptest::collection::vec((proptest::sample::select(NAMES), value), 0..12).prop_map(Json::object)
}

/// The result as bytes: records, refusals by their number in the original order, warnings, counts.
fn outcome(records: &[(usize, Json)], size: usize) -> String {
    let mut whole = Batch::new(validator());
    for chunk in records.chunks(size) {
        let mut part = Batch::new(validator());
        chunk.iter().for_each(|(index, record)| part.record(*index, record));
        whole.append(part);
    }
    let validated = whole.finish();
    let mut lines = Vec::new();
    for (_, finding) in &validated.accepted {
        finding.write_line(&mut lines);
        lines.push(b'\n');
    }
    format!(
        "{}{:?}{:?}",
        String::from_utf8(lines).unwrap(),
        validated.rejected,
        (validated.counts, validated.warnings)
    )
}

fn accepted(records: &[Json]) -> Vec<Finding> {
    let mut validator = validator();
    records.iter().filter_map(|record| validator.record(record).ok()).map(|checked| checked.finding).collect()
}

fn reversed(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, value)| (name.to_owned(), reversed(value))).collect();
            members.reverse();
            Json::Object(Object::from_unique(members))
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Neither the order of the records nor how they are cut into batches shows in the result.
    #[test]
    fn shuffled_and_cut_records_give_the_same_bytes(
        records in proptest::collection::vec(record(), 0..12).prop_map(|records| records.into_iter().enumerate().collect::<Vec<_>>()),
        seed in any::<u64>(),
    ) {
        let mut shuffled = records.clone();
        shuffled.sort_by_key(|(index, _)| (*index as u64).wrapping_add(1).wrapping_mul(seed | 1));
        let wanted = outcome(&records, 8192);
        for size in [1, 7, 8192] {
            prop_assert_eq!(&outcome(&records, size), &wanted);
            prop_assert_eq!(&outcome(&shuffled, size), &wanted);
        }
    }

    /// A record that was written is read as itself, whatever the order of its members.
    #[test]
    fn canonical_is_canonical(record in record()) {
        let mut validator = validator();
        if let Ok(checked) = validator.record(&record) {
            let (mut once, mut twice) = (Vec::new(), Vec::new());
            checked.finding.write_line(&mut once);
            for again in [checked.finding.to_json(), reversed(&checked.finding.to_json())] {
                let again = validator.record(&again).unwrap();
                twice.clear();
                again.finding.write_line(&mut twice);
                prop_assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
                prop_assert_eq!(again.warnings, vec![]);
            }
            let from_line = validator.line(&once).unwrap().finding;
            prop_assert_eq!(from_line.fingerprint(), checked.finding.fingerprint());
        }
    }

    /// The draft of a record makes the record again.
    #[test]
    fn a_draft_makes_its_record(record in record()) {
        let mut validator = validator();
        if let Ok(checked) = validator.record(&record) {
            let draft = checked.finding.draft().clone();
            prop_assert_eq!(validator.draft(draft).unwrap().finding, checked.finding);
        }
    }

    /// Any JSON is a record, or is refused with codes and places in it.
    #[test]
    fn any_json_is_taken_or_refused(record in any_record()) {
        if let Err(problems) = validator().record(&record) {
            prop_assert!(!problems.is_empty() && problems.len() <= 20);
            prop_assert!(problems.is_sorted_by(|one, next| one.path < next.path));
            for problem in problems {
                prop_assert!(problem.code.starts_with("finding.") && problem.value.chars().count() <= 81);
                let absent = matches!(problem.code, "finding.missing_field" | "finding.missing_currency" | "finding.inconsistent");
                prop_assert!(absent || record.pointer(&problem.path).is_some(), "{problem:?} {record}");
            }
        }
    }

    /// Any bytes, too.
    #[test]
    fn any_line_is_taken_or_refused(line in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"0-9a-z.e+-]{0,60}") {
        for line in [line.as_slice(), text.as_bytes()] {
            prop_assert!(validator().line(line).is_err());
        }
    }

    /// Two identities never share a fingerprint: the hashed text can be read in one way only.
    #[test]
    fn an_identity_has_its_own_fingerprint(members in proptest::collection::vec((0_usize..9, "[ab\",\\\\\\[]{0,2}"), 1..40)) {
        let mut seen = BTreeMap::new();
        let mut key: [Option<String>; 9] = Default::default();
        for (slot, value) in members {
            key[slot] = Some(value);
            let text = |at: usize| key[at].clone().unwrap_or_default();
            let mut draft = FindingDraft::new(text(0), Status::Fail, Scope::new(text(1), text(2), text(3)));
            (draft.scope.region, draft.scope.resource_type, draft.scope.resource_id) = (key[4].clone(), key[5].clone(), key[6].clone());
            if let Some(name) = &key[7] {
                draft.issue_key = [(name.clone(), key[8].clone())].into();
            }
            let identity = (text(0), text(1), text(2), text(3), key[4].clone(), key[5].clone(), key[6].clone(), draft.issue_key.clone());
            let fingerprint = Identity { tenant_id: "t", workspace_id: "w", draft: &draft }.fingerprint(&mut Vec::new());
            let known = seen.insert(fingerprint, identity.clone());
            prop_assert!(known.is_none_or(|known| known == identity));
        }
    }

    /// Order, hash and sums do not depend on the order of the input; the order is total.
    #[test]
    fn tables_do_not_depend_on_the_input(records in proptest::collection::vec(record(), 0..8)) {
        let findings = accepted(&records);
        let backwards: Vec<Finding> = findings.iter().rev().cloned().collect();
        prop_assert_eq!(content_hash(&findings), content_hash(&backwards));
        prop_assert_eq!(totals(&findings).unwrap(), totals(&backwards).unwrap());
        prop_assert_eq!(combine(&findings).unwrap(), combine(&backwards).unwrap());
        let sorted = |findings: &[Finding]| order(findings).into_iter().map(|at| findings[at].clone()).collect::<Vec<_>>();
        prop_assert_eq!(sorted(&findings), sorted(&backwards));
    }

    /// No dollar twice: together findings are worth no more than one by one, and no more than the known costs.
    #[test]
    fn together_is_never_more_than_one_by_one(records in proptest::collection::vec(record(), 0..8)) {
        let findings = accepted(&records);
        let saving = |finding: &Finding| finding.draft().estimated.monthly_savings.map_or(0, Attos::get);
        let together = combine(&findings).unwrap().monthly_savings.map_or(0, Attos::get);
        prop_assert!(together <= findings.iter().map(saving).sum::<i128>());
    }

    /// More money is never less severe, never lower in priority; a score lies in its level's band.
    #[test]
    fn money_raises_severity(
        savings in 0..=99_999_999_999_999_999_999_i128, more in 0..=99_999_999_999_999_999_999_i128, zeros in 0_u32..19,
        share in 0_u16..=10_000, level in 0_usize..5,
    ) {
        let scale = 10_i128.pow(zeros);
        let base = Base::new(Level::ALL[level], None);
        let judge = |attos: i128| {
            let stake = Stake {
                monthly_savings: Attos::new(attos),
                confidence: Share::from_ten_thousandths(share),
                thresholds: Some(Thresholds::USD),
            };
            let severity = severity(Status::Fail, base, stake);
            (severity, priority(Status::Fail, severity.score, stake, None))
        };
        let (less, greater) = (savings.min(more) * scale / 10, savings.max(more) * scale / 10);
        let ((one, first), (other, second)) = (judge(less), judge(greater));
        prop_assert!(one.score <= other.score && one.level <= other.level && first <= second && second <= 1000);
        for severity in [one, other] {
            let (low, high) = severity.level.band();
            prop_assert!((low..=high).contains(&severity.score));
        }
    }
}

/// The laws above say nothing if nearly every generated record is refused.
#[test]
fn most_generated_records_stand() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut stands = || validator().record(&record().new_tree(&mut runner).unwrap().current()).is_ok();
    let accepted = (0..200).filter(|_| stands()).count();
    assert!(accepted > 100, "{accepted} of 200");
}

#[test]
fn a_bad_record_never_stops_the_others() {
    let mut batch = Batch::new(validator());
    let good = |id: &str| {
        Json::object([
            ("check_id", Json::from("custom.a")),
            ("status", Json::from("fail")),
            (
                "scope",
                Json::object(
                    [("cloud", "aws"), ("account_id", "1"), ("service", "s"), ("resource_id", id)]
                        .map(|(k, v)| (k, Json::from(v))),
                ),
            ),
        ])
    };
    for index in 0..3_000 {
        let record = if index % 3 == 0 { good(&format!("r{index}")) } else { Json::from(index) };
        batch.record(index, &record);
    }
    let validated = batch.finish();
    assert_eq!(
        (validated.accepted.len(), validated.rejected.len(), validated.rejected_count),
        (1_000, 1_000, 2_000)
    );
    assert_eq!(validated.rejected.last().map(|rejection| rejection.index), Some(1_499));
}

#[test]
fn of_one_issue_in_a_run_one_record_stays() {
    let record = |title: &str, cloud: &str| {
        let scope = [("cloud", cloud), ("account_id", "1"), ("service", "s"), ("resource_id", "r")]
            .map(|(k, v)| (k, Json::from(v)));
        Json::object([
            ("check_id", Json::from("custom.a")),
            ("status", Json::from("fail")),
            ("title", Json::from(title)),
            ("scope", Json::object(scope)),
        ])
    };
    let mut batch = Batch::new(validator());
    for (index, (title, cloud)) in
        [("b", "aws"), ("a", "aws"), ("a", "AWS"), ("c", "aws")].into_iter().enumerate()
    {
        batch.record(index, &record(title, cloud));
    }
    let validated = batch.finish();
    assert_eq!(validated.accepted.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
    assert_eq!(validated.counts.duplicates, 1);
    let refused: Vec<_> = validated
        .rejected
        .iter()
        .map(|one| (one.index, one.errors[0].code, one.errors[0].path.as_str()))
        .collect();
    assert_eq!(refused, [(0, "finding.duplicate", "/fingerprint"), (3, "finding.duplicate", "/fingerprint")]);
}

#[test]
fn problems_are_at_the_place_that_was_given() {
    let cases = [
        (r#"{"issue_key":{"Reason!":null}}"#, "/issue_key/Reason!", "finding.bad_id"),
        (r#"{"issue_key":{"REASON":"a\u0007"}}"#, "/issue_key/REASON", "finding.bad_text"),
        (r#"{"workspace":"a b"}"#, "/workspace", "finding.bad_id"),
        (r#"{"estimated_monthly_savings":-1}"#, "/estimated_monthly_savings", "finding.negative"),
        (r#"{"lineage":{"inputs":[{"name":"a"}]}}"#, "/lineage/inputs/0/sha256", "finding.missing_field"),
    ];
    for (record, path, code) in cases {
        let problems = validator().line(record.as_bytes()).unwrap_err();
        let absent = ["/check_id", "/scope", "/status"];
        let found: Vec<_> =
            problems.iter().filter(|problem| !absent.contains(&problem.path.as_str())).collect();
        let found: Vec<_> = found.iter().map(|problem| (problem.path.as_str(), problem.code)).collect();
        assert_eq!(found, [(path, code)]);
    }
    let kept = r#"{"run_id":"r","check_id":"aws.a","status":"fail","scope":{"cloud":"aws","account_id":"111122223333","service":"ec2"},
        "recommendation":"a\u0001b"}"#;
    let warnings = validator().line(kept.as_bytes()).map(|checked| checked.warnings).unwrap();
    assert_eq!(warnings.iter().map(|warning| warning.path.as_str()).collect::<Vec<_>>(), ["/recommendation"]);
}

#[test]
fn every_limit_has_its_code() {
    let scope = Json::object(
        [("cloud", "aws"), ("account_id", "1"), ("service", "s")].map(|(k, v)| (k, Json::from(v))),
    );
    let base: Object =
        [("check_id", Json::from("custom.a")), ("status", Json::from("fail")), ("scope", scope)]
            .into_iter()
            .collect();
    let many = |count: usize| Json::object((0..count).map(|i| (format!("k{i}"), Json::from("v"))));
    let link = |url: &str| Json::array([Json::object([("url", Json::from(url))])]);
    for (member, value, code, path) in [
        ("category", Json::from("x".repeat(65)), "finding.too_long", "/category"),
        ("labels", many(257), "finding.too_many", "/labels"),
        ("dimensions", many(65), "finding.too_many", "/dimensions"),
        ("tags", Json::object([("x".repeat(257), Json::from(""))]), "finding.too_long", "/tags/xxx"),
        ("tags", Json::object([("", Json::from(""))]), "finding.bad_id", "/tags/"),
        ("frameworks", Json::array((0..17).map(|i| i.to_string())), "finding.too_many", "/frameworks"),
        ("links", link("https://"), "finding.bad_url", "/links/0/url"),
        ("links", link("https://u:p@/x"), "finding.bad_url", "/links/0/url"),
        ("links", link(""), "finding.missing_field", "/links/0/url"),
        ("links", Json::array([Json::from("x")]), "finding.wrong_type", "/links/0"),
        (
            "claims",
            Json::array([Json::object([("resource", Json::from("node/n"))])]),
            "finding.missing_field",
            "/claims/0/component",
        ),
        ("priority", Json::from(1001), "finding.out_of_range", "/priority"),
        ("risk", Json::from("high"), "ok", ""),
        ("risk", Json::from("1.00001"), "finding.out_of_range", "/risk"),
        ("reason", Json::object([("text", Json::from("x"))]), "finding.missing_field", "/reason/code"),
        ("severity", Json::object([("score", Json::from(500))]), "ok", ""),
        ("evidence", Json::object([("a\u{1}", Json::from(1))]), "finding.bad_text", "/evidence/a\u{1}"),
        ("metadata_json", Json::from("{\"a\":1,\"a\":2}"), "finding.duplicate_key", "/metadata_json"),
        (
            "lineage",
            Json::object([("sources_digest", Json::from("x"))]),
            "finding.bad_id",
            "/lineage/sources_digest",
        ),
        ("run_ts", Json::from("1969-12-31T23:59:59Z"), "finding.bad_time", "/run_ts"),
        ("run_ts", Json::from("2026-11-21"), "finding.bad_time", "/run_ts"),
        ("lifecycle", Json::object([("status", Json::from("")), ("opened_ts", Json::from(""))]), "ok", ""),
        ("estimated", Json::object([("confidence", Json::from(40))]), "ok", ""),
    ] {
        let mut record = base.clone();
        record.insert(member, value);
        let result = validator().record(&Json::Object(record));
        match result {
            Ok(_) => assert_eq!(code, "ok", "{member}"),
            Err(problems) => {
                assert_eq!(problems[0].code, code, "{member} {problems:?}");
                assert!(problems[0].path.starts_with(path), "{member} {problems:?}");
            }
        }
    }
    // A record of many parts, each within its limit, is too large as a whole.
    let mut record = base.clone();
    record.insert(
        "tags",
        Json::object((0..256).map(|i| (format!("{i}{}", "k".repeat(200)), Json::from("v".repeat(1000))))),
    );
    assert_eq!(validator().record(&Json::Object(record)).unwrap_err()[0].code, "finding.too_large");
    // An amount needs a currency.
    let mut record = base;
    record.insert("estimated", Json::object([("monthly_cost", Json::from("1"))]));
    let mut none = Validator::new(&RunContext {
        default_currency: None,
        ..RunContext::engine("2026-11-21T08:00:00Z".parse().unwrap())
    })
    .unwrap();
    assert_eq!(none.record(&Json::Object(record)).unwrap_err()[0].code, "finding.missing_currency");
}

#[test]
fn detectors_declare_their_severity() {
    let level = |check: &str, kind: &str, reason: Option<&str>, savings: Option<i64>| {
        let mut draft =
            FindingDraft::new(check, Status::Fail, Scope::kubernetes("c", "workload/a/Deployment/b/c"));
        draft.sub_category = Some(kind.to_owned());
        draft.issue_key = reason
            .map(|reason| ("reason".to_owned(), Some(reason.to_owned())))
            .into_iter()
            .collect::<Map<_>>();
        draft.estimated.monthly_savings = savings.map(Attos::from_units);
        validator().draft(draft).unwrap().finding.severity().level
    };
    assert_eq!(level("k8s.memory_under_request", "under_provisioned", Some("oom_killed"), None), Level::High);
    assert_eq!(level("k8s.cpu_under_request", "under_provisioned", Some("throttled"), None), Level::Medium);
    assert_eq!(level("k8s.missing_requests", "missing_requests", None, Some(0)), Level::Low);
    assert_eq!(level("k8s.idle_workload", "zombie_workloads", None, Some(5)), Level::Info);
}
