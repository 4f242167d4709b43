//! Reading and writing money: every notation, every bound, and no way to a float.

use proptest::prelude::*;

use super::*;

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

#[test]
fn a_price_reads_the_same_in_every_notation() {
    for text in ["2.5e-06", "0.0000025", "25E-7", "2.5E-6", "+2.50e-6", ".0000025", " 0.0000025 ", "0.25e-5"] {
        assert_eq!(rate(text).as_yocto(), 2_500_000_000_000_000_000, "{text}");
        assert_eq!(rate(text).to_string(), "0.0000025", "{text}");
    }
    assert_eq!(rate("3e-7").to_string(), "0.0000003");
    assert_eq!(rate("5.0000000000000004E-8").to_string(), "0.000000050000000000000004");
    for zero in ["0", "0.0", "0e5", "0e-400", "00.00"] {
        assert!(rate(zero).is_zero(), "{zero}");
    }
}

#[test]
fn a_price_above_zero_never_becomes_zero() {
    assert_eq!(rate("1e-25").as_yocto(), 1);
    assert_eq!(rate("1e-400").as_yocto(), 1);
    assert_eq!(rate("1.0000000000000000000000001").as_yocto(), 10u128.pow(24) + 1);
}

#[test]
fn what_is_not_money_is_refused_with_its_reason() {
    use MoneyError::{Empty, Negative, NotANumber, TooLarge};
    let cases = [
        ("", Empty),
        ("  ", Empty),
        ("nan", NotANumber),
        ("inf", NotANumber),
        (".", NotANumber),
        ("e5", NotANumber),
        ("1e", NotANumber),
        ("1e99999999999", NotANumber),
        ("1_000", NotANumber),
        ("0x10", NotANumber),
        ("$1", NotANumber),
        ("-1e-6", Negative),
        ("-0", Negative),
        ("--1", NotANumber),
        ("1e15", TooLarge),
        ("1e300", TooLarge),
        ("340282366920939", TooLarge),
    ];
    for (text, reason) in cases {
        assert_eq!(text.parse::<Rate>(), Err(reason), "{text:?}");
    }
    assert_eq!("1".repeat(MAX_TEXT + 1).parse::<Rate>(), Err(NotANumber));
}

#[test]
fn amounts_round_to_nearest_and_print_exactly() {
    let cases = [
        (499_999_999_999, "0"),
        (500_000_000_000, "0.000000000001"),
        (22_500_000_000_000_000_000, "0.0000225"),
        (12 * 10u128.pow(24), "12"),
    ];
    for (yocto, text) in cases {
        assert_eq!(Picodollars::from_yocto(yocto).to_string(), text);
    }
    assert_eq!(Picodollars::from_pico(-500_000_000_000).to_string(), "-0.5");
    assert_eq!("10.5".parse::<Picodollars>().unwrap().as_pico(), 10_500_000_000_000);
    assert_eq!("0.30000000000000004".parse::<Picodollars>().unwrap().to_string(), "0.3");
    assert_eq!("0.0000000000005".parse::<Picodollars>().unwrap().as_pico(), 1);
}

#[test]
fn nothing_wraps_around() {
    let most = Rate::from_yocto(u128::MAX);
    assert_eq!(most.times(u64::MAX), u128::MAX);
    assert!(Picodollars::from_yocto(u128::MAX) > Picodollars::ZERO);
    let end = Picodollars::from_pico(i128::MAX);
    assert_eq!(end.saturating_add(end), end);
    assert_eq!(end.checked_add(end), None);
    assert_eq!(Picodollars::from_pico(i128::MIN).checked_sub(end), None);
    assert_eq!([end, end].into_iter().sum::<Picodollars>(), end);
    assert_eq!(end.as_i64(), None);
    assert_eq!(most.half().as_yocto(), u128::MAX / 2 + 1);
}

#[test]
fn limits_are_whole_numbers_in_any_notation() {
    assert_eq!(whole_number("128000"), Some(128_000));
    assert_eq!(whole_number("256000.0"), Some(256_000));
    assert_eq!(whole_number("1e6"), Some(1_000_000));
    for text in ["0.5", "-1", "1e30", "many", ""] {
        assert_eq!(whole_number(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_rate_survives_writing_and_reading(yocto: u128) {
        let rate = Rate::from_yocto(yocto);
        prop_assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate));
    }

    #[test]
    fn an_amount_survives_writing_and_reading(pico in 0..i128::MAX) {
        let amount = Picodollars::from_pico(pico);
        prop_assert_eq!(amount.to_string().parse::<Picodollars>(), Ok(amount));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = text.parse::<Rate>();
        let _ = text.parse::<Picodollars>();
    }

    #[test]
    fn an_exponent_only_moves_the_point(digits in 1u64..1_000_000_000, shift in -24i32..6) {
        let written = format!("{digits}e{shift}").parse::<Rate>().unwrap();
        let expected = u128::from(digits) * 10u128.pow((24 + shift) as u32);
        prop_assert_eq!(written.as_yocto(), expected);
    }
}
