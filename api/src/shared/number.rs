//! Numbers for people: `REQ-1042`.

/// Gives a number its text form, which starts with a prefix.
#[macro_export]
macro_rules! number {
    ($Number:ident, $prefix:literal) => {
        impl ::std::fmt::Display for $Number {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl ::std::str::FromStr for $Number {
            type Err = $crate::shared::number::NotANumber;

            /// Reads what a person may type: the prefix in either case.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::shared::number::parse($prefix, text).map(Self)
            }
        }

        impl ::serde::Serialize for $Number {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// A text that is no number of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number like `{0}1042`")]
pub struct NotANumber(&'static str);

/// The number in a text that starts with a prefix.
pub fn parse(prefix: &'static str, text: &str) -> Result<i64, NotANumber> {
    let digits = text
        .get(..prefix.len())
        .filter(|start| start.eq_ignore_ascii_case(prefix))
        .and_then(|_| text.get(prefix.len()..))
        .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|it| it.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or(NotANumber(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_type_it() {
        assert_eq!(parse("REQ-", "REQ-1042"), Ok(1042));
        assert_eq!(parse("REQ-", "req-7"), Ok(7));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "REQ-",
            "REQ-0",
            "REQ-007",
            "REQ-+7",
            "REQ--7",
            "INC-7",
            "7",
            "REQ-7 ",
            "RÉQ-7",
            "REQ-99999999999999999999",
        ] {
            assert!(parse("REQ-", text).is_err(), "{text}");
        }
    }
}
