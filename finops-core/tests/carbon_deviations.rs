//! Where other tools compute otherwise, and what is computed here instead: one test a deviation of `docs/carbon.md`.
#![expect(clippy::float_cmp, clippy::unwrap_used, reason = "exact results")]

use finops_core::carbon::{
    CarbonConfig, CarbonModel, EnergyMethod, ModelHandle, ModelParams, Range, Signal, Timing, TokenCounts,
    embodied::{Server, server_kg},
    hardware, llm,
    sci::sci,
    zone,
};
use finops_core::units::{Carbon, Energy};

fn dense_70b() -> ModelParams {
    ModelParams::new(Range::point(70.0), Range::point(70.0)).unwrap()
}

fn model(method: EnergyMethod) -> CarbonModel {
    CarbonModel::new(CarbonConfig { energy_method: Some(method), ..CarbonConfig::default() }).unwrap()
}

fn joules(method: EnergyMethod, tokens: &TokenCounts) -> Range {
    let handle = ModelHandle::declared(dense_70b());
    model(method).inference(handle, tokens, Timing::default()).unwrap().it_energy.unwrap().range()
}

#[test]
fn ecologits_leaves_out_input_tokens_and_we_do_not() {
    let (long, short) = (TokenCounts::new(100_000, 200), TokenCounts::new(10, 200));
    assert_eq!(joules(EnergyMethod::Ecologits, &long), joules(EnergyMethod::Ecologits, &short));
    let (long, short) = (joules(EnergyMethod::Parameters, &long), joules(EnergyMethod::Parameters, &short));
    assert!(long.central > 10.0 * short.central, "{long} {short}");
}

#[test]
fn ecologits_leaves_out_caches_and_we_do_not() {
    let cold = TokenCounts::new(90_000, 200);
    let warm = TokenCounts { cache_read: 90_000, ..TokenCounts::new(0, 200) };
    let (cold, warm) = (joules(EnergyMethod::Parameters, &cold), joules(EnergyMethod::Parameters, &warm));
    assert!(warm.central < cold.central / 3.0, "{warm} {cold}");
}

#[test]
fn ecologits_fixes_the_batch_and_our_range_holds_the_prior() {
    let tokens = TokenCounts::new(0, 500);
    let fixed = joules(EnergyMethod::Ecologits, &tokens);
    let prior = joules(EnergyMethod::Parameters, &tokens);
    assert!(fixed.is_point());
    assert!(
        prior.low < fixed.central && fixed.central < prior.high && prior.high > 2.5 * prior.low,
        "{prior}"
    );
}

#[test]
fn ecologits_guesses_closed_models_and_we_do_not() {
    let auto = model(EnergyMethod::Auto);
    let closed = auto.model("gemini-2.5-pro");
    assert_eq!(closed.params, None);
    let impact = auto.inference(closed, &TokenCounts::new(100, 300), Timing::default()).unwrap();
    // Google's median prompt takes 0.24 Wh (arXiv 2508.15734).
    let published = Energy::from_kwh(0.000_24).unwrap().joules();
    assert!((impact.energy.low.joules()..=impact.energy.high.joules()).contains(&published));
    let strict = model(EnergyMethod::Parameters);
    let error = strict.inference(closed, &TokenCounts::new(1, 1), Timing::default()).unwrap_err();
    assert_eq!(error.code(), "carbon.unknown_model");
}

#[test]
fn codecarbons_factor_from_joules_is_8e_7_high_and_ours_is_exact() {
    assert_eq!(Energy::from_joules(3_600_000.0).unwrap().kwh(), 1.0);
    let theirs: f64 = 3_600_000.0 * 2.777_78e-7;
    assert!((theirs - 1.0 - 8.0e-7).abs() < 1e-8, "{theirs}");
}

#[test]
fn codecarbons_fallbacks_of_475_and_canada_do_not_exist_here() {
    let grams = |zone: &str| zone::intensity(zone).map(|found| found.g_per_kwh.central);
    assert_eq!(grams("aws:eu-north-1").unwrap(), 35.26);
    assert_eq!(grams("azure:francecentral").unwrap(), 41.44);
    for unknown in ["Atlantis", "aws:mars-1", "XX"] {
        assert_eq!(grams(unknown).unwrap_err().code(), "carbon.unknown_zone");
        let world = zone::resolve(unknown, None, zone::OnUnknown::World).unwrap().intensity;
        assert_eq!((world.g_per_kwh.central, world.tier.name()), (458.29, "assumed"));
    }
    for name in zone::zones() {
        let central = grams(&name).unwrap();
        assert!(central != 475.0 && central != 3.94, "{name}");
    }
}

#[test]
fn codecarbons_memory_steps_and_stale_rows_do_not_exist_here() {
    // 0.392 W a GB: 128 GB take 50.176 W and 1 TB eight times that.
    assert_eq!(hardware::memory_kwh(128.0, 1.0, 1.0).unwrap(), 0.050_176);
    let (small, large) =
        (hardware::memory_kwh(128.0, 1.0, 1.0).unwrap(), hardware::memory_kwh(1024.0, 1.0, 1.0).unwrap());
    assert!((large / small - 8.0).abs() < 1e-12);
    assert_eq!(zone::intensity("CF").unwrap_err().code(), "carbon.unknown_zone");
    let google = zone::intensity("gcp:us-central1").unwrap();
    assert_eq!((google.g_per_kwh.central, google.source.id.as_ref()), (412.72, "google-regions/2024"));
}

#[test]
fn impact_framework_swaps_drives_subtracts_memory_and_divides_by_zero() {
    let server = Server { cpu_sockets: 1, memory_gb: 16.0, ..Server::default() };
    let kg = |server: Server| server_kg(&server).unwrap();
    assert_eq!(kg(Server { ssd: 1, ..server }) - kg(server), 100.0);
    assert_eq!(kg(Server { hdd: 1, ..server }) - kg(server), 50.0);
    assert_eq!(kg(Server { memory_gb: 8.0, ..server }), kg(server));
    let energy = Energy::from_kwh(1.0).unwrap();
    let error = sci(energy, 400.0, Signal::Average, Carbon::ZERO, 0.0, "request").unwrap_err();
    assert_eq!(error.code(), "carbon.sci_zero_units");
}

#[test]
fn spruce_multiplies_by_1_04_and_1_08_and_we_by_the_pue_alone() {
    let it = Range::point(1.0);
    assert_eq!(llm::facility_kwh(it, Range::point(1.15)), Range::point(1.15));
    assert_eq!(hardware::vcpu_kwh(1000.0, 100.0, 1.0, 1.0, 1.15).unwrap(), 1.15);
}

#[test]
fn spruces_joined_rows_are_not_copied() {
    let grams = |zone: &str| zone::intensity(zone).unwrap();
    assert_eq!(grams("aws:us-east-1").zone, "US-VA");
    assert_eq!(grams("aws:us-east-1").g_per_kwh.central, 244.757_989_259_63);
    assert_eq!(grams("azure:usgovvirginia").zone, "US-VA");
    assert_eq!(
        (grams("aws:ap-east-1").zone.as_ref(), grams("aws:ap-east-1").g_per_kwh.central),
        ("HK", 675.48)
    );
}
