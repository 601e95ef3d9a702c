//! Findings: identity, validation, order and hash. The goals are those of section 13 of the findings specification, for
//! 1,000,000 records of 1.2 kB; a call here takes 20,000 of them, so 20 ms stand for one second of a goal.
//!
//! Run with `cargo bench -p finops-benches --bench findings`.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has to stop"
)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, elements, few};
use finops_core::finding::{Finding, FindingDraft, Identity, RunContext, Validator, content_hash, order};
use std::{fmt::Write as _, hint::black_box};

const RECORDS: u64 = 20_000;

/// The generator of the digest vectors with texts of real size: 1.2 kB a line.
fn lines() -> Vec<String> {
    let checks = [
        "aws.ec2.ebs.unattached.volume",
        "aws.logs.log.groups.retention.missing",
        "k8s.cpu_over_request",
        "custom.check",
        "aws.nat.x",
    ];
    (0..RECORDS)
        .map(|i| {
            let check = checks[usize::try_from(i % 5).unwrap()];
            let region = ["null", "\"eu-west-1\"", "\"us-east-1\""][usize::try_from(i / 3 % 3).unwrap()];
            let workspace = ["prod", "dev"][usize::try_from(i / 7 % 2).unwrap()];
            let (account, resource) = (i * 7919 % 50, i * 104_729 % 1_000_003);
            let mut line = String::new();
            write!(
                line,
                concat!(
                    r#"{{"tenant_id":"acme","workspace_id":"{workspace}","run_id":"run-0042","run_ts":"2026-11-21T08:00:00.000Z","#,
                    r#""engine_name":"finops","engine_version":"0.3.0","scope":{{"cloud":"aws","account_id":"{account:012}","region":{region},"#,
                    r#""service":"AmazonEC2","resource_type":"r","resource_id":"res-{resource}"}},"check_id":"{check}","check_name":"Unattached volume","#,
                    r#""category":"waste","sub_category":"unused_resources","frameworks":["FinOps"],"status":"fail","#,
                    r#""title":"Volume res-{resource} is attached to no instance","message":"The volume of 500 GB has been without an instance for {days} days; nothing was read or written in that time, and a snapshot of it exists since the day on which it was detached.","#,
                    r#""advice":"Delete the volume; the snapshot keeps its data.","remediation":"aws ec2 delete-volume --volume-id res-{resource}","#,
                    r#""links":[{{"label":"console","url":"https://console.aws.amazon.com/ec2/home#VolumeDetails:volumeId=res-{resource}"}}],"#,
                    r#""estimated":{{"currency":"USD","monthly_savings":"{days}.50","monthly_cost":"{days}.50","notes":"list price"}},"confidence":"0.9500","risk":"0.1000","#,
                    r#""tags":{{"Name":"web-{resource}","env":"prod","team":"payments"}},"dimensions":{{"volume_type":"gp3"}},"metrics":{{"size_gb":"500"}},"#,
                    r#""evidence":{{"samples":336,"window":{{"start":"2026-11-07","end":"2026-11-21"}},"attached":false}},"#,
                    r#""source":{{"source_type":"scanner","source_ref":"checks.ebs","schema_version":2}}}}"#
                ),
                workspace = workspace,
                account = account,
                region = region,
                resource = resource,
                check = check,
                days = i % 90 + 7,
            )
            .unwrap();
            line
        })
        .collect()
}

fn findings(lines: &[String]) -> Vec<Finding> {
    let mut validator = Validator::new(&RunContext::default()).unwrap();
    lines.iter().map(|line| validator.line(line.as_bytes()).unwrap().finding).collect()
}

/// Goal: canonical bytes and fingerprint together 1.0 s for 1,000,000, 20 ms a call here.
fn identity(bench: &mut Criterion<CpuTime>) {
    let findings = findings(&lines());
    let mut group = bench.benchmark_group("findings identity");
    few(&mut group);
    group.throughput(elements(RECORDS));
    let mut buffer = Vec::new();
    group.bench_function("fingerprint", |b| {
        b.iter(|| {
            findings.iter().for_each(|f| {
                black_box(Identity::from(f).fingerprint(&mut buffer));
            })
        });
    });
    group.bench_function("canonical bytes", |b| {
        b.iter(|| {
            findings.iter().for_each(|f| {
                buffer.clear();
                f.write_canonical(&mut buffer);
                black_box(&buffer);
            })
        });
    });
    let drafts: Vec<FindingDraft> = findings.iter().map(|f| f.draft().clone()).collect();
    let at = findings.first().unwrap().run_ts();
    let mut validator = Validator::new(&RunContext::new("acme", "prod", "run-0042", at)).unwrap();
    group.bench_function("whole record from a draft", |b| {
        b.iter_batched(
            || drafts.clone(),
            |drafts| {
                drafts.into_iter().map(|draft| validator.draft(draft).unwrap().finding).collect::<Vec<_>>()
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Goal: 12 s for 1,000,000 lines, 240 ms a call here; one record is held at a time.
fn validation(bench: &mut Criterion<CpuTime>) {
    let lines = lines();
    let mut group = bench.benchmark_group("findings validation");
    few(&mut group);
    group.throughput(elements(RECORDS));
    group.bench_function("JSON lines to records", |b| {
        b.iter(|| {
            let mut validator = Validator::new(&RunContext::default()).unwrap();
            lines.iter().for_each(|line| {
                black_box(validator.line(line.as_bytes()).unwrap());
            });
        });
    });
    group.finish();
}

/// Goal: 4 s for 1,000,000, 80 ms a call here.
fn table(bench: &mut Criterion<CpuTime>) {
    let findings = findings(&lines());
    let mut group = bench.benchmark_group("findings table");
    few(&mut group);
    group.throughput(elements(RECORDS));
    group.bench_function("total order", |b| b.iter(|| order(&findings)));
    group.bench_function("total order and content hash", |b| b.iter(|| content_hash(&findings)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = identity, validation, table
}
criterion_main!(benches);
