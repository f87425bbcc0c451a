//! Scalars by YAML's core schema.

use serde_json::Number;

use super::Value;

/// The prefix of the tags that YAML itself defines.
const CORE_TAG: &str = "tag:yaml.org,2002:";

/// What a scalar without quotes means.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number),
    }
}

/// What a scalar with an explicit tag means; the error says what the tag forbids.
pub(super) fn tagged(text: &str, handle: &str, suffix: &str) -> Result<Value, String> {
    if handle != CORE_TAG {
        return Ok(Value::Text(text.to_owned()));
    }
    let value = match suffix {
        "null" | "bool" | "int" | "float" => plain(text),
        _ => return Ok(Value::Text(text.to_owned())),
    };
    let fits = match (suffix, &value) {
        ("null", Value::Null) | ("bool", Value::Bool(_)) | ("float", Value::Number(_)) => true,
        ("int", Value::Number(number)) => !number.is_f64(),
        _ => false,
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("`{text}` is not what its tag `!!{suffix}` says"))
    }
}

/// Reads the core schema's integers and floats. What no JSON number can hold (`.inf`, `.nan`, `1e999`) is none.
fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if is_digits(unsigned) {
        let spelled = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = spelled.parse::<i64>() {
            return Some(number.into());
        }
        if let Ok(number) = spelled.parse::<u64>() {
            return Some(number.into());
        }
    } else if !is_float(unsigned) {
        return None;
    }
    Number::from_f64(text.parse().ok()?)
}

fn radix(digits: &str, radix: u32) -> Option<Number> {
    let digits_only = digits.chars().all(|digit| digit.is_digit(radix));
    (digits_only && !digits.is_empty())
        .then(|| u64::from_str_radix(digits, radix).ok())
        .flatten()
        .map(Number::from)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| is_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        None => is_digits(mantissa),
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
    };
    exponent_fits && mantissa_fits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn json(text: &str) -> serde_json::Value {
        super::super::Node {
            value: plain(text),
            mark: crate::exchange::diagnostics::Mark::START,
        }
        .to_json()
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("Null", json!(null)),
            ("TRUE", json!(true)),
            ("false", json!(false)),
            ("0", json!(0)),
            ("-17", json!(-17)),
            ("+17", json!(17)),
            ("007", json!(7)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.0", json!(1.0)),
            (".5", json!(0.5)),
            ("3.", json!(3.0)),
            ("-2e-3", json!(-0.002)),
        ] {
            assert_eq!(json(text), value, "{text}");
        }
    }

    #[test]
    fn what_only_looks_special_is_text() {
        for text in [
            "yes",
            "No",
            "on",
            "tRUE",
            "nil",
            "1.2.3",
            "1_000",
            "0b1",
            "0o8",
            "0x",
            "-",
            "+",
            ".",
            "1e",
            "e1",
            ".inf",
            ".nan",
            "1e999",
            "2026-11-23",
            "12:30",
            "0xG",
            "--1",
        ] {
            assert_eq!(json(text), json!(text), "{text}");
        }
    }

    #[test]
    fn tags_decide_over_looks() {
        assert_eq!(tagged("5", CORE_TAG, "str"), Ok(Value::Text("5".into())));
        assert_eq!(tagged("5", CORE_TAG, "int"), Ok(Value::Number(5.into())));
        assert_eq!(tagged("5", "!", "vault"), Ok(Value::Text("5".into())));
        assert!(tagged("five", CORE_TAG, "int").is_err());
        assert!(tagged("5.5", CORE_TAG, "int").is_err());
    }
}
