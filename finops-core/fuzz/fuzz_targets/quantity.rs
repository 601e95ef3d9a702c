#![no_main]
//! Any text is a quantity or a `quantity.*` error; what is printed reads back as the same amount.
use finops_core::inventory::Quantity;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match text.parse::<Quantity>() {
        Ok(quantity) => {
            let printed = quantity.to_string();
            assert_eq!(printed.parse::<Quantity>().map(Quantity::nano), Ok(quantity.nano()), "{printed}");
        }
        Err(fault) => assert!(["quantity.invalid", "quantity.out_of_range"].contains(&fault.code())),
    }
});
