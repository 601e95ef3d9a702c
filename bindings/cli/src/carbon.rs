//! `finops carbon`: energy and carbon by the engine's own JSON functions.

use crate::{Answer, Failure, json, read};
use finops::carbon::wire;
use serde_json::{Map, Value, json as value};

/// Energy and carbon.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Energy and carbon of one inference
    Estimate {
        /// The model
        model: String,
        /// Uncached prompt tokens
        #[arg(long, default_value_t = 0)]
        input: u64,
        /// Produced tokens
        #[arg(long, default_value_t = 0)]
        output: u64,
        /// `flat`, `auto`, `parameters` or `ecologits`
        #[arg(long)]
        energy_method: Option<String>,
        /// A zone or cloud region, for the intensity and the PUE
        #[arg(long)]
        region: Option<String>,
        /// Grid intensity in g/kWh
        #[arg(long)]
        grid: Option<f64>,
        /// Power usage effectiveness
        #[arg(long)]
        pue: Option<f64>,
    },
    /// The grid intensity of a zone: `FR`, `US-OR`, `aws:us-east-1`, `WORLD`
    Intensity {
        /// The zone
        zone: String,
        /// `lifecycle` or `direct`
        #[arg(long)]
        basis: Option<String>,
        /// What an unknown zone gives: `error` or `world`
        #[arg(long, default_value = "error")]
        on_unknown: String,
    },
    /// The PUE of a site and where it comes from
    Pue {
        /// The site
        site: String,
    },
    /// The carbon of moving work between regions, from the JSON of a file or `-`
    Shift {
        /// The file
        file: String,
    },
    /// The cleanest window for a job in a series, from the JSON of a file or `-`
    Window {
        /// The file
        file: String,
    },
    /// Every zone that resolves
    Zones,
    /// The joules that this machine's RAPL counters measure over a time
    Meter {
        /// How many seconds to measure
        #[arg(long, default_value_t = 1.0)]
        seconds: f64,
        /// The powercap tree
        #[arg(long, default_value = "/sys/class/powercap")]
        root: String,
    },
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    let (kind, input) = match command {
        Command::Estimate { model, input, output, energy_method, region, grid, pue } => {
            let counts = value!({"model": model, "input_tokens": input, "output_tokens": output});
            let rest = [
                ("energy_method", energy_method.map(Value::from)),
                ("region", region.map(Value::from)),
                ("grid", grid.map(Value::from)),
                ("pue", pue.map(Value::from)),
            ];
            ("estimate_inference", with(counts, rest))
        }
        Command::Intensity { zone, basis, on_unknown } => {
            let zone = value!({"zone": zone, "on_unknown": on_unknown});
            ("intensity", with(zone, [("basis", basis.map(Value::from))]))
        }
        Command::Pue { site } => ("pue", value!({"site": site})),
        Command::Shift { file } => ("region_shift", from_file(&file)?),
        Command::Window { file } => ("best_window", from_file(&file)?),
        Command::Zones => ("zones", value!({})),
        Command::Meter { seconds, root } => return meter(seconds, &root),
    };
    Ok(Answer::yes(json(&wire::call(kind, &input)?)))
}

/// `object` with the members that have a value.
fn with<const N: usize>(object: Value, members: [(&str, Option<Value>); N]) -> Value {
    let mut fields: Map<String, Value> = object.as_object().cloned().unwrap_or_default();
    fields.extend(members.into_iter().filter_map(|(name, member)| Some((name.to_owned(), member?))));
    Value::Object(fields)
}

fn from_file(path: &str) -> Result<Value, Failure> {
    serde_json::from_slice(&read(path)?)
        .map_err(|error| Failure::new(format!("`{path}` is not JSON: {error}")))
}

fn meter(seconds: f64, root: &str) -> Result<Answer, Failure> {
    use finops::meter::{EnergyMeter as _, RaplMeter};
    let time = std::time::Duration::try_from_secs_f64(seconds)
        .map_err(|_| Failure::new(format!("`--seconds` is {seconds}; give a number of at least 0")))?;
    let told = |error: finops::meter::MeterError| Failure::new(format!("{}: {error}", error.code()));
    let mut meter = RaplMeter::open(root).map_err(told)?;
    meter.read().map_err(told)?;
    std::thread::sleep(time);
    let reading = meter.read().map_err(told)?;
    let joules = |total: &finops::carbon::CounterTotal| value!({"measured_joules": total.measured_j, "gaps_filled_joules": total.filled_j});
    let devices: Vec<Value> = reading
        .devices
        .iter()
        .map(|device| value!({"name": device.name, "energy": joules(&device.total)}))
        .collect();
    Ok(Answer::yes(json(&value!({
        "seconds": reading.elapsed.as_secs_f64(),
        "energy": joules(&reading.total),
        "devices": devices,
    }))))
}
