//! Deal parameters: what the request order's `params` text asks of pool and worker. Source: `offchain.md` 2.3, 3.2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Longest `params` text we read, in bytes: it is stored on chain, so a longer one costs more than any task.
pub const MAX_PARAMS_BYTES: usize = 64 * 1024;
/// Most input files of one task.
pub const MAX_INPUT_FILES: usize = 100;
/// Most words of a command line.
pub const MAX_ARGS: usize = 1_000;

/// Where the result goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// Content-addressed, fetched by CID. Also the default for texts that name none: without it a task could never
    /// be finalized.
    #[default]
    Ipfs,
    /// The requester's Dropbox.
    Dropbox,
}

/// The deal parameters that this protocol knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealParams {
    /// Command line of the app; see [`split_args`].
    #[serde(rename = "iexec_args", default, skip_serializing_if = "String::is_empty")]
    pub args: String,
    /// Files downloaded before the app runs, as URLs.
    #[serde(rename = "iexec_input_files", default, skip_serializing_if = "Vec::is_empty")]
    pub input_files: Vec<String>,
    /// Where the result goes.
    #[serde(rename = "iexec_result_storage_provider", default)]
    pub storage: Storage,
    /// Overrides the pool's result service.
    #[serde(rename = "iexec_result_storage_proxy", default, skip_serializing_if = "Option::is_none")]
    pub storage_proxy: Option<String>,
    /// Encrypt the result for the beneficiary.
    #[serde(rename = "iexec_result_encryption", default, skip_serializing_if = "std::ops::Not::not")]
    pub encrypt_result: bool,
    /// Index seen by the app -> name of the requester's secret.
    #[serde(rename = "iexec_secrets", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Bulk description.
    #[serde(rename = "bulk_cid", default, skip_serializing_if = "Option::is_none")]
    pub bulk_cid: Option<String>,
}

/// Why parameters cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadParams {
    /// Longer than [`MAX_PARAMS_BYTES`].
    #[error(
        "deal parameters are {0} bytes long; at most {MAX_PARAMS_BYTES} are read: put long inputs into input files"
    )]
    TooLong(usize),
    /// A JSON object whose known keys have other types than expected.
    #[error("deal parameters do not fit their keys: {0}")]
    WrongShape(String),
    /// More than [`MAX_INPUT_FILES`].
    #[error("{0} input files; at most {MAX_INPUT_FILES} are fetched: pack them into one archive")]
    TooManyInputs(usize),
    /// More than [`MAX_ARGS`].
    #[error("{0} arguments; at most {MAX_ARGS} are passed")]
    TooManyArgs(usize),
    /// A quote without its partner.
    #[error("unbalanced {0} in the arguments: close the quote")]
    UnbalancedQuote(char),
}

impl DealParams {
    /// Reads a `params` text. Unknown keys are ignored; a text that is no JSON object is the command line as a whole,
    /// as existing clients write it.
    ///
    /// # Errors
    /// [`BadParams`]: too long, too many inputs, or a known key of a wrong type.
    pub fn parse(text: &str) -> Result<Self, BadParams> {
        if text.len() > MAX_PARAMS_BYTES {
            return Err(BadParams::TooLong(text.len()));
        }
        let is_object =
            text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        if !is_object {
            return Ok(Self { args: text.to_owned(), ..Self::default() });
        }
        let params: Self = serde_json::from_str(text).map_err(|error| BadParams::WrongShape(error.to_string()))?;
        if params.input_files.len() > MAX_INPUT_FILES {
            return Err(BadParams::TooManyInputs(params.input_files.len()));
        }
        Ok(params)
    }

    /// The text that goes into a request order.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("strings and lists always serialize")
    }
}

/// Splits a command line: blanks separate, single and double quotes group and are removed; nothing else is special.
///
/// # Errors
/// [`BadParams::UnbalancedQuote`], [`BadParams::TooManyArgs`].
pub fn split_args(text: &str) -> Result<Vec<String>, BadParams> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(BadParams::UnbalancedQuote(open)),
        None if words.len() > MAX_ARGS => Err(BadParams::TooManyArgs(words.len())),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_honoured_and_unknown_ones_ignored() {
        let text = r#"{"iexec_args":"a 'b c'","iexec_input_files":["http://x/y"],"made_up":[1]}"#;
        let params = DealParams::parse(text).unwrap();
        assert_eq!(params.args, "a 'b c'");
        assert_eq!(params.input_files, ["http://x/y"]);
        assert_eq!(params.storage, Storage::Ipfs);
    }

    #[test]
    fn a_text_that_is_no_object_is_the_command_line() {
        for text in ["hello world", "[1,2]", "{broken", "", "7"] {
            assert_eq!(DealParams::parse(text).unwrap().args, text);
        }
    }

    #[test]
    fn wrong_shapes_and_excess_are_refused() {
        assert!(matches!(DealParams::parse(r#"{"iexec_args":7}"#), Err(BadParams::WrongShape(_))));
        assert!(matches!(DealParams::parse(&"x".repeat(MAX_PARAMS_BYTES + 1)), Err(BadParams::TooLong(_))));
        let many = format!(r#"{{"iexec_input_files":[{}]}}"#, vec!["\"u\""; MAX_INPUT_FILES + 1].join(","));
        assert_eq!(DealParams::parse(&many), Err(BadParams::TooManyInputs(MAX_INPUT_FILES + 1)));
        assert_eq!(split_args(&"a ".repeat(MAX_ARGS + 1)), Err(BadParams::TooManyArgs(MAX_ARGS + 1)));
    }

    #[test]
    fn written_parameters_are_read_back() {
        let params =
            DealParams { args: "--frames 12".to_owned(), input_files: vec!["u".to_owned()], ..Default::default() };
        assert_eq!(DealParams::parse(&params.to_text()).unwrap(), params);
    }

    #[test]
    fn quotes_group_and_vanish() {
        for (text, words) in [
            ("", vec![]),
            ("  a  b ", vec!["a", "b"]),
            (r#"--title "two words" x"#, vec!["--title", "two words", "x"]),
            (r#"'it is "so"' a'b'c"#, vec![r#"it is "so""#, "abc"]),
            (r#""" ''"#, vec!["", ""]),
            (r"back\slash $HOME *", vec![r"back\slash", "$HOME", "*"]),
        ] {
            assert_eq!(split_args(text).unwrap(), words, "{text}");
        }
        assert_eq!(split_args("a 'b"), Err(BadParams::UnbalancedQuote('\'')));
    }
}
