//! How order fields are written in JSON: integers exact, addresses checksummed, bytes as hex.

/// Integers of the protocol in JSON: a number up to 2^53 - 1, a decimal string above; both are read.
///
/// JavaScript clients round greater numbers without a word, so greater ones never travel as numbers.
pub mod uint {
    use std::fmt;

    use alloy_primitives::U256;
    use serde::de::{Error, Unexpected, Visitor};
    use serde::{Deserializer, Serializer};

    const MAX_EXACT: u64 = (1 << 53) - 1;

    /// Writes `value`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &U256, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(*value) {
            Ok(small) if small <= MAX_EXACT => serializer.serialize_u64(small),
            _ => serializer.collect_str(value),
        }
    }

    /// Reads a number or a decimal string.
    ///
    /// # Errors
    /// When it is negative, has a fraction, has other characters than digits, or passes 2^256 - 1.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
        deserializer.deserialize_any(UintVisitor)
    }

    struct UintVisitor;

    impl Visitor<'_> for UintVisitor {
        type Value = U256;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, as a JSON number or a decimal string")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<U256, E> {
            Ok(U256::from(value))
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<U256, E> {
            u64::try_from(value).map(U256::from).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<U256, E> {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<U256, E> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let value = digits.then(|| U256::from_str_radix(text, 10).ok()).flatten();
            value.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Amount;

    #[test]
    fn integers_travel_exactly_in_both_forms() {
        for (json, nrlc) in [("7", "7nrlc"), ("\"7\"", "7nrlc"), ("9007199254740991", "9007199254740991nrlc")] {
            assert_eq!(serde_json::from_str::<Amount>(json).unwrap(), nrlc.parse().unwrap());
        }
        let big: Amount = "9007199254740992nrlc".parse().unwrap();
        assert_eq!(serde_json::to_string(&big).unwrap(), "\"9007199254740992\"");
        assert_eq!(serde_json::to_string(&Amount::nrlc(5)).unwrap(), "5");
    }

    #[test]
    fn anything_else_is_refused() {
        for json in ["-1", "1.5", "\"\"", "\"0x10\"", "\"1 \"", "null", "[1]", "true"] {
            assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
        }
    }
}
