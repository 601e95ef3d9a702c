//! Energy and carbon as OpenTelemetry counter points: monotonic sums, which add up over processes and time.

use super::{CarbonError, ExactSum};

/// One point of a monotonic counter.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct CounterPoint {
    /// `finops.energy` or `finops.carbon`.
    pub instrument: &'static str,
    /// `J` or `g`.
    pub unit: &'static str,
    /// Names and values of the attributes, in a fixed order.
    #[serde(serialize_with = "as_map")]
    pub attributes: Vec<(&'static str, String)>,
    /// The sum.
    pub value: f64,
}

fn as_map<S: serde::Serializer>(
    attributes: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(attributes.iter().map(|(name, value)| (name, value)))
}

/// What the points count: the sums over the records of one activity, provider and model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CounterSums<'a> {
    /// `inference` or `training`.
    pub activity: &'a str,
    /// The model that answered.
    pub model: Option<&'a str>,
    /// Who served it.
    pub provider: Option<&'a str>,
    /// Joules.
    pub energy_j: ExactSum,
    /// Grams from energy.
    pub operational_g: ExactSum,
    /// Grams from making the hardware; `None` when not known.
    pub embodied_g: Option<ExactSum>,
}

/// The points of `sums`: energy, operational carbon, and embodied carbon where it is known. Names and units follow
/// OpenTelemetry's semantic conventions for generative AI, <https://opentelemetry.io/docs/specs/semconv/gen-ai/>.
///
/// # Errors
/// `carbon.bad_number` for a negative sum: these counters only grow.
pub fn counter_points(sums: &CounterSums<'_>) -> Result<Vec<CounterPoint>, CarbonError> {
    let mut points = vec![("finops.energy", "J", None, sums.energy_j)];
    points.push(("finops.carbon", "g", Some("operational"), sums.operational_g));
    points.extend(sums.embodied_g.map(|embodied| ("finops.carbon", "g", Some("embodied"), embodied)));
    let point = |(instrument, unit, scope, sum): (&'static str, &'static str, Option<&str>, ExactSum)| {
        let attributes = [
            ("finops.activity", Some(sums.activity)),
            ("gen_ai.response.model", sums.model),
            ("gen_ai.provider.name", sums.provider),
            ("finops.carbon.scope", scope),
        ];
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())));
        let value = crate::units::check(instrument, sum.value())?;
        Ok(CounterPoint { instrument, unit, attributes: attributes.collect(), value })
    };
    points.into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_sum_with_its_attributes() {
        let mut energy_j = ExactSum::default();
        energy_j.add(1.5).unwrap();
        let mut sums = CounterSums {
            activity: "training",
            model: None,
            provider: None,
            energy_j,
            operational_g: ExactSum::default(),
            embodied_g: None,
        };
        let points = counter_points(&sums).unwrap();
        assert_eq!(
            serde_json::to_string(&points).unwrap(),
            r#"[{"instrument":"finops.energy","unit":"J","attributes":{"finops.activity":"training"},"value":1.5},{"instrument":"finops.carbon","unit":"g","attributes":{"finops.activity":"training","finops.carbon.scope":"operational"},"value":0.0}]"#
        );
        sums.energy_j.subtract(2.0).unwrap();
        assert_eq!(counter_points(&sums).unwrap_err().path(), "finops.energy");
    }
}
