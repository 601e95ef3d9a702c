use super::*;
use proptest::prelude::*;

fn exact(text: &str) -> Exact {
    Exact::from_number(&Number::new(text).unwrap())
}

#[test]
fn only_decimal_strings_are_accepted() {
    for text in ["0", "-0", "1", "-1", "10.00", "0.10", "123456789012345678901234567890.5"] {
        assert!(Exact::from_text(text).is_some(), "{text}");
    }
    for text in [
        "", "-", "1e3", "01", "-01", "1.", ".5", "-.5", "+1", " 1", "1 ", "1_000", "1,0", "1.2.3", "NaN", "١",
    ] {
        assert!(Exact::from_text(text).is_none(), "{text}");
    }
}

#[test]
fn the_normal_form_is_fixed_up_to_forty_characters() {
    let digits = "1234567890".repeat(4);
    for (text, shown) in [
        ("-0.0", "0"),
        ("0e9", "0"),
        ("1e2", "100"),
        ("10.00", "10"),
        ("0.0500", "0.05"),
        ("-1.50e1", "-15"),
        ("1e39", &format!("1{}", "0".repeat(39))),
        ("1e40", "1e40"),
        ("-1e39", "-1e39"),
        ("1e-38", &format!("0.{}1", "0".repeat(37))),
        ("1e-39", "1e-39"),
        ("1e400", "1e400"),
        ("-1e-400", "-1e-400"),
        (&digits, &digits),
        (&format!("{digits}1"), "1.2345678901234567890123456789012345678901e40"),
        (&format!("0.{digits}"), "1.23456789012345678901234567890123456789e-1"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("12e-99999999999999999999", "1.2e-99999999999999999998"),
    ] {
        assert_eq!(exact(text).normal_form(), shown, "{text}");
    }
    assert_eq!(exact("1e399").long_form().len(), 400);
    assert_eq!(exact("1e400").long_form(), "1e400");
}

#[test]
fn digits_and_exponent_are_compared_at_any_length() {
    let zeros = "0".repeat(5000);
    assert!(exact(&format!("0.5{zeros}1")) > exact("0.5"));
    assert!(exact(&format!("0.4{}", "9".repeat(5000))) < exact("0.5"));
    assert_eq!(exact(&format!("5{zeros}e-5001")), exact("0.5"));
    assert_eq!(exact(&format!("0.{zeros}5e5000")), exact("0.5"));
    let large = "9".repeat(40);
    let larger = format!("1{}", "0".repeat(40));
    assert!(exact(&format!("9e{large}")) < exact(&format!("1e{larger}")));
    assert!(exact(&format!("9e-{large}")) > exact(&format!("1e-{larger}")));
    assert_eq!(exact(&format!("10e{large}")), exact(&format!("1e{larger}")));
    assert_eq!(exact(&format!("0.1e{larger}")), exact(&format!("1e{large}")));
    assert!(exact(&format!("-1e{large}")) < exact("-1e308"));
    assert_eq!(exact("-0"), exact("0"));
    assert!(exact("-0") <= exact("0") && exact("-1e-400") < exact("0"));
    assert_eq!(exact("100e9223372036854775806"), exact("1e9223372036854775808"));
    assert_eq!(exact("1e9223372036854775807").shifted(2), exact("100e9223372036854775807"));
}

#[test]
fn rounding_keeps_the_sign_of_zero_and_ends_at_the_largest_double() {
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    assert_eq!(bits(exact("-0").up()), bits(Some(-0.0)));
    assert_eq!(bits(exact("1e-400").down()), bits(Some(0.0)));
    assert_eq!(bits(exact("1e-400").up()), bits(Some(5e-324)));
    assert_eq!(bits(exact("-1e-400").up()), bits(Some(-0.0)));
    assert_eq!(bits(exact("-1e-400").down()), bits(Some(-5e-324)));
    assert_eq!((exact("1e400").up(), exact("1e400").down()), (None, Some(f64::MAX)));
    assert_eq!((exact("-1e400").up(), exact("-1e400").down()), (Some(f64::MIN), None));
    assert_eq!(exact("1e99999999999999999999").up(), None);
    assert_eq!(bits(exact("1e-99999999999999999999").up()), bits(Some(5e-324)));
    assert_eq!(exact("9007199254740993").up(), Some(9_007_199_254_740_994.0));
    assert!(exact("1e23").on_grid() && exact("5e-324").on_grid() && !exact("0.30000000000000001").on_grid());
    assert!(!exact("1e400").on_grid() && !exact("1e-400").on_grid());
}

#[test]
fn integers_are_known() {
    for (text, value) in [
        ("1.0", 1),
        ("1e2", 100),
        ("-0.0", 0),
        ("-12e3", -12_000),
        ("9007199254740993", 9_007_199_254_740_993),
    ] {
        assert!(exact(text).is_integer(), "{text}");
        assert_eq!(exact(text).to_i128(), Some(value), "{text}");
    }
    for text in ["0.5", "1.5", "15e-1", "1e-99999999999999999999"] {
        assert!(!exact(text).is_integer(), "{text}");
        assert_eq!(exact(text).to_i128(), None, "{text}");
    }
    assert!(exact("1e99999999999999999999").is_integer());
    assert_eq!(exact("1e99999999999999999999").to_i128(), None);
}

#[test]
fn sums_are_exact() {
    let sum = |a: &str, b: &str| exact(a).checked_add(&exact(b)).map(|sum| sum.normal_form());
    assert_eq!(sum("0.1", "0.2").as_deref(), Some("0.3"));
    assert_eq!(sum("999.7", "0.3").as_deref(), Some("1000"));
    assert_eq!(sum("1", "-1").as_deref(), Some("0"));
    assert_eq!(sum("1e39", "-1").as_deref(), Some("9".repeat(39).as_str()));
    assert_eq!(sum("1e-300", "-1e-300").as_deref(), Some("0"));
    assert_eq!(sum("1e999", "1").map(|text| text.len()), Some("1.".len() + 999 + "e999".len()));
    assert_eq!(sum("1e1000", "1"), None);
    assert_eq!(sum("1", "1e-999"), None);
    assert!(exact("1e-998").is_summable() && !exact("1e-999").is_summable());
}

proptest! {
    #[test]
    fn the_order_of_doubles_is_the_order_of_their_decimals(a: f64, b: f64) {
        prop_assume!(a.is_finite() && b.is_finite());
        let order = Exact::from_f64(a).unwrap().cmp(&Exact::from_f64(b).unwrap());
        prop_assert_eq!(Some(order), a.partial_cmp(&b));
    }

    /// Against a threshold on the grid the rounded comparison is the exact one.
    #[test]
    fn directed_rounding_decides_as_the_exact_value(t in 0.0..1e6_f64, near in -3_i8..=3, digits in "[0-9]{1,25}") {
        let mut x = t;
        for _ in 0..near.unsigned_abs() {
            x = if near < 0 { x.next_down() } else { x.next_up() };
        }
        let shown = Exact::from_f64(x).unwrap().long_form();
        let text = if shown.contains('.') { format!("{shown}{digits}") } else { format!("{shown}.{digits}") };
        let (value, limit) = (exact(&text), Exact::from_f64(t).unwrap());
        prop_assert!(limit.on_grid());
        prop_assert_eq!(value.up().unwrap() > t, value > limit);
        prop_assert_eq!(value.down().unwrap() >= t, value >= limit);
        prop_assert!(Exact::from_f64(value.up().unwrap()).unwrap() >= value);
        prop_assert!(Exact::from_f64(value.down().unwrap()).unwrap() <= value);
    }

    #[test]
    fn the_normal_form_reads_back(text in r"-?(0|[1-9][0-9]{0,50})(\.[0-9]{1,50})?(e-?[0-9]{1,3})?") {
        let value = exact(&text);
        prop_assert_eq!(&exact(&value.normal_form()), &value);
        prop_assert_eq!(&exact(&value.long_form()), &value);
        prop_assert_eq!(value.nearest().to_bits(), text.parse::<f64>().unwrap().to_bits());
    }

    #[test]
    fn sums_agree_with_integers(a in -(1_i128 << 100)..(1 << 100), b in -(1_i128 << 100)..(1 << 100), shift in 0_i32..60) {
        let (x, y) = (exact(&a.to_string()), exact(&b.to_string()));
        prop_assert_eq!(x.checked_add(&y).unwrap(), exact(&a.checked_add(b).unwrap().to_string()));
        let down = shift.checked_neg().unwrap();
        let shifted = x.clone().shifted(down).checked_add(&y.clone().shifted(down)).unwrap();
        prop_assert_eq!(shifted.shifted(shift), x.checked_add(&y).unwrap());
        let apart = x.clone().shifted(down).checked_add(&y).unwrap();
        prop_assert_eq!(apart.checked_add(&exact(&b.checked_neg().unwrap().to_string())).unwrap(), x.shifted(down));
    }
}
