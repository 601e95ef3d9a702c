use super::*;
use proptest::prelude::*;

const OK: &str = r#"{"status":"success","data":{"resultType":"matrix","result":["#;

fn read(metric: Metric, text: &str) -> Result<Read<Vec<UsageSeries>>, Fault> {
    read_prometheus(metric, text.as_bytes(), &PrometheusOptions::new(60))
}

fn cpu(result: &str) -> Read<Vec<UsageSeries>> {
    read(Metric::CpuUsage, &format!("{OK}{result}]}}}}")).unwrap()
}

fn remarks<T>(read: &Read<T>) -> Vec<(&'static str, Option<u64>)> {
    read.diagnostics.iter().map(|remark| (remark.code, remark.count)).collect()
}

#[test]
fn gaps_and_what_is_no_sample_are_left_out() {
    let found = cpu(
        r#"{"metric":{"pod":"p","namespace":"n","job":"x"},"values":[[1,"NaN"],[2,"+Inf"],[3,"-1e-30"],[4,"-0"],
        [5,"x"],[6],[7,"1",2],"8",[9.999,"1"],[1e1,0.5]]}"#,
    );
    let samples: Vec<_> = found.value[0].samples().iter().map(|s| (s.at, s.value)).collect();
    assert_eq!(samples, [(4, 0), (9, 1_000_000_000), (10, 500_000_000)]);
    assert_eq!(remarks(&found), [("prometheus.invalid_sample", Some(6))]);
}

#[test]
fn times_out_of_order_are_sorted_and_the_last_counts() {
    let found = cpu(r#"{"metric":{"node":"n"},"values":[[2,"1"],[1,"2"],[2.5,"3"]]}"#);
    let samples: Vec<_> = found.value[0].samples().iter().map(|s| (s.at, s.value)).collect();
    assert_eq!(samples, [(1, 2_000_000_000), (2, 3_000_000_000)]);
    assert_eq!(remarks(&found), [("prometheus.unsorted", Some(1))]);
}

#[test]
fn a_vector_is_read_and_the_rest_refused() {
    let vector = r#"{"data":{"result":[{"value":[1,"2"],"metric":{"namespace":"n","persistentvolumeclaim":"d"}}],
        "resultType":"vector"},"warnings":["slow"],"status":"success"}"#;
    let found = read(Metric::VolumeUsed, vector).unwrap();
    assert_eq!(found.value[0].subject, UsageSubject::Claim { namespace: "n".into(), name: "d".into() });
    assert_eq!((found.value[0].samples().len(), found.diagnostics[0].message.as_str()), (1, "slow"));
    for (text, code) in [
        (
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
            "prometheus.unsupported_result_type",
        ),
        (
            r#"{"status":"success","data":{"resultType":"string","result":[1,"2"]}}"#,
            "prometheus.unsupported_result_type",
        ),
        (
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}"#,
            "prometheus.unsupported_result_type",
        ),
        ("{}", "prometheus.unsupported_result_type"),
        (r#"{"status":"error"}"#, "prometheus.error_response"),
        ("[]", "inventory.not_an_object"),
        ("{", "inventory.invalid_json"),
        ("[[[", "inventory.invalid_json"),
    ] {
        assert_eq!(read(Metric::CpuUsage, text).unwrap_err().code(), code, "{text}");
    }
    let small = PrometheusOptions { max_bytes: 1, ..PrometheusOptions::new(60) };
    assert_eq!(read_prometheus(Metric::CpuUsage, b"{}", &small).unwrap_err().code(), "inventory.too_large");
}

#[test]
fn a_series_of_nobody_is_counted() {
    let found = cpu(r#"{"metric":{"pod":"p","node":""},"values":[[1,"1"],[2,"x"]]}"#);
    assert_eq!((found.value.len(), remarks(&found)), (0, vec![("prometheus.invalid_sample", Some(2))]));
}

#[test]
fn usage_is_joined() {
    let series = |values: &str| cpu(&format!(r#"{{"metric":{{"node":"n"}},"values":[{values}]}}"#)).value;
    let mut inventory = super::super::ClusterInventory::default();
    assert_eq!(inventory.add_usage(series(r#"[1,"1"],[3,"9"]"#)), 0);
    assert_eq!(inventory.add_usage(series(r#"[2,"2"],[3,"3"]"#)), 1);
    let values: Vec<i64> =
        inventory.usage.unwrap()[0].samples().iter().map(|s| s.value / 1_000_000_000).collect();
    assert_eq!(values, [1, 2, 9]);
}

#[test]
fn the_queries_name_the_step() {
    let all = queries(14 * 86_400, 75);
    assert!(all.iter().all(|query| !query.query.contains("STEP") && query.step_seconds == 75));
    assert!(all.windows(2).all(|pair| pair[0].metric < pair[1].metric));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(text in r#"[\[\]{}:,"0-9a-z.eE+-]{0,40}"#) {
        if let Err(fault) = read(Metric::GpuDuty, &format!("{OK}{text}")) {
            prop_assert!(!fault.code().is_empty());
        }
        let _ = read(Metric::CpuUsage, &text);
    }
}
