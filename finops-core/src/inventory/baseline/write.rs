//! The wire form of baselines.

use super::{
    super::{decimal, wire},
    BaselineSubject, Statistics, UsageBaseline,
};
use crate::{
    json::{Json, Object},
    time::Timestamp,
};

impl Statistics {
    /// The members of the statistics: amounts as decimals, the mean in 1e-9 units.
    pub(super) fn members(&self) -> Vec<(String, Json)> {
        let amount = |nano: i128| Json::String(decimal::text(nano, 9));
        let at = self.max_at.checked_mul(1000).and_then(Timestamp::from_ms).map(wire::time_text);
        [
            ("count", Json::from(self.count)),
            ("min", amount(self.min)),
            ("mean", Json::String(format!("{}e-9", self.mean))),
            ("p50", amount(self.p50)),
            ("p95", amount(self.p95)),
            ("p99", amount(self.p99)),
            ("max", amount(self.max)),
            ("max_at", Json::from(at)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The wire form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Object(Object::from_unique(self.members()))
    }
}

impl BaselineSubject {
    /// The wire form: of a series its subject, else `workload`, `service`, `namespace` or `node`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let pair = |form: &str, text: String| Json::object([(form, Json::String(text))]);
        match self {
            Self::Series(subject) => wire::subject(subject),
            Self::Workload { namespace, kind, name } => Json::object([
                ("namespace", Json::from(namespace.as_str())),
                ("workload", Json::String(format!("{kind}/{name}"))),
            ]),
            Self::Service { namespace, name } => pair("service", format!("{namespace}/{name}")),
            Self::Namespace(name) => pair("namespace", name.to_string()),
            Self::Node(name) => pair("node", name.to_string()),
        }
    }
}

impl UsageBaseline {
    /// The wire form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let amount = |nano: Option<i128>| Json::from(nano.map(|nano| decimal::text(nano, 9)));
        let share = |ppm: Option<i128>| Json::from(ppm.map(|ppm| decimal::text(ppm, 6)));
        let mut members = vec![
            ("subject".to_owned(), self.subject.to_json()),
            ("metric".to_owned(), Json::from(self.metric.as_str())),
        ];
        members.extend(self.statistics.members());
        members.extend(
            [
                ("per_pod", Json::from(self.per_pod.as_ref().map(Statistics::to_json))),
                ("span_seconds", Json::from(self.span_seconds)),
                ("covered_seconds", Json::from(self.covered_seconds)),
                ("running_seconds", Json::from(self.running_seconds)),
                ("coverage", share(self.coverage_ppm().map(i128::from))),
                ("request", amount(self.request)),
                ("limit", amount(self.limit)),
                ("mean_of_request", share(self.mean_of_request_ppm())),
                ("mean_of_limit", share(self.mean_of_limit_ppm())),
                ("profile", Json::array(self.profile.iter().map(|mean| amount(*mean)))),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        Json::Object(Object::from_unique(members))
    }
}
