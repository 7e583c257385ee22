//! Query strings, read exactly: each parameter at most once, and a refusal names the one that is wrong.

use api::market::{DEFAULT_PAGE, MAX_PAGE};
use protocol::{Address, B256, Tag, U256};
use url::form_urlencoded;

use crate::refusal::Refusal;

/// More parameters than any request has.
const MAX_PARAMS: usize = 40;
/// Smallest page.
const MIN_PAGE: u64 = 10;

/// An address, or the word `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Any,
    One(Address),
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    pub(crate) skip: u64,
    pub(crate) limit: u64,
}

impl Paging {
    /// Where the next page starts; `None` on the last one.
    pub(crate) fn next(self, count: u64) -> Option<u64> {
        Some(self.skip.saturating_add(self.limit)).filter(|next| *next < count)
    }
}

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn read(raw: Option<&str>) -> Result<Self, Refusal> {
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            if read.len() == MAX_PARAMS {
                return Err(Refusal::bad(format!("the query has more than {MAX_PARAMS} parameters")));
            }
            if read.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::bad(format!("{} is given twice", cut(&name))));
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn parsed<T>(&self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = || Refusal::bad(format!("{name} must be {expected}, not '{}'", cut(text)));
        parse(text).map(Some).ok_or_else(wrong)
    }

    /// The chain that the request is about.
    ///
    /// # Errors
    /// When it is missing or not `served`.
    pub(crate) fn on_chain(&self, served: u64) -> Result<(), Refusal> {
        let asked = self.number("chainId")?.ok_or_else(|| Refusal::bad("chainId is a required field"))?;
        if asked == served {
            return Ok(());
        }
        Err(Refusal::bad(format!("chainId {asked} is not served here: this market serves chain {served}")))
    }

    pub(crate) fn address(&self, name: &str) -> Result<Option<Address>, Refusal> {
        self.parsed(name, "an address (0x and 40 hexadecimal digits)", address)
    }

    pub(crate) fn who(&self, name: &str) -> Result<Option<Who>, Refusal> {
        let parse = |text: &str| if text == "any" { Some(Who::Any) } else { address(text).map(Who::One) };
        self.parsed(name, "an address (0x and 40 hexadecimal digits) or any", parse)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        let parse = |text: &str| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        Ok(self.parsed(name, "true or false", parse)?.unwrap_or(false))
    }

    pub(crate) fn tag(&self, name: &str) -> Result<Option<Tag>, Refusal> {
        self.parsed(name, "a tag (0x and 64 hexadecimal digits)", |text| word(text).map(Tag))
    }

    pub(crate) fn hash(&self, name: &str) -> Result<Option<B256>, Refusal> {
        self.parsed(name, "32 bytes (0x and 64 hexadecimal digits)", word)
    }

    pub(crate) fn uint(&self, name: &str) -> Result<Option<U256>, Refusal> {
        self.parsed(name, "a whole number", uint)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.parsed(name, "a whole number", |text| uint(text)?.try_into().ok())
    }

    /// `pageIndex` and `pageSize`, or the older `page`, which counts items to skip.
    pub(crate) fn paging(&self) -> Result<Paging, Refusal> {
        let limit = self.number("pageSize")?.unwrap_or(DEFAULT_PAGE);
        if !(MIN_PAGE..=MAX_PAGE).contains(&limit) {
            return Err(Refusal::bad(format!("pageSize must be from {MIN_PAGE} to {MAX_PAGE}, not {limit}")));
        }
        let (index, page) = (self.number("pageIndex")?, self.number("page")?);
        let skip = match (index, page) {
            (Some(index), _) => index.saturating_mul(limit),
            (None, page) => page.unwrap_or(0),
        };
        Ok(Paging { skip, limit })
    }
}

/// Exactly 20 bytes: the parser of addresses would also take them without `0x`.
fn address(text: &str) -> Option<Address> {
    text.starts_with("0x").then(|| text.parse().ok())?
}

fn word(text: &str) -> Option<B256> {
    text.starts_with("0x").then(|| text.parse().ok())?
}

/// Decimal digits, at most 2^256 - 1. The parser of integers alone would read nothing at all as zero.
pub(crate) fn uint(text: &str) -> Option<U256> {
    let digits = !text.is_empty() && text.len() <= 78 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| U256::from_str_radix(text, 10).ok())?
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(raw: &str) -> Params {
        Params::read(Some(raw)).unwrap()
    }

    #[test]
    fn rubbish_is_refused_by_the_name_of_its_field() {
        let rubbish = params("app=0x12&requester=ANY&minTag=7&minVolume=-1&isAppStrict=maybe&chainId=&hash=0x");
        let refusals = [
            ("app", rubbish.address("app").unwrap_err()),
            ("requester", rubbish.who("requester").unwrap_err()),
            ("minTag", rubbish.tag("minTag").unwrap_err()),
            ("minVolume", rubbish.uint("minVolume").unwrap_err()),
            ("isAppStrict", rubbish.flag("isAppStrict").unwrap_err()),
            ("chainId", rubbish.on_chain(134).unwrap_err()),
            ("hash", rubbish.hash("hash").unwrap_err()),
        ];
        for (name, refusal) in refusals {
            assert!(refusal.message.starts_with(name), "{}", refusal.message);
        }
        assert!(Params::read(Some("app=1&app=2")).unwrap_err().message.starts_with("app"));
        let many: String = (0..99).map(|n| format!("p{n}=1&")).collect();
        assert!(Params::read(Some(&many)).is_err());
    }

    #[test]
    fn both_forms_of_paging_are_read() {
        for (raw, skip, limit) in [
            ("", 0, 20),
            ("pageIndex=3&pageSize=10", 30, 10),
            ("page=7", 7, 20),
            ("pageIndex=0&page=7", 0, 20),
            ("pageIndex=18446744073709551615&pageSize=1000", u64::MAX, 1000),
        ] {
            assert_eq!(params(raw).paging().unwrap(), Paging { skip, limit }, "{raw}");
        }
        for raw in ["pageSize=9", "pageSize=1001", "pageIndex=-1", "page=x"] {
            assert!(params(raw).paging().is_err(), "{raw}");
        }
        let paging = Paging { skip: 20, limit: 10 };
        assert_eq!((paging.next(31), paging.next(30)), (Some(30), None));
    }
}
