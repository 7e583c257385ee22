//! The `Range` header, one span of bytes at a time; anything else is answered with the whole, as the RFC allows (9110, 14.2).

/// What part of the content to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Whole,
    /// First and last byte, both sent.
    Part {
        first: u64,
        last: u64,
    },
    /// Nothing of it exists.
    Beyond,
}

pub(super) fn parse(header: &str, size: u64) -> Span {
    let Some((from, to)) = header.trim().strip_prefix("bytes=").and_then(|spans| spans.split_once('-')) else {
        return Span::Whole;
    };
    match (number(from), number(to)) {
        (Some(first), Some(last)) if first <= last => part(first, last, size),
        (Some(first), None) if to.trim().is_empty() => part(first, u64::MAX, size),
        (None, Some(0)) if from.trim().is_empty() => Span::Beyond,
        (None, Some(tail)) if from.trim().is_empty() => part(size.saturating_sub(tail), u64::MAX, size),
        _ => Span::Whole,
    }
}

fn part(first: u64, last: u64, size: u64) -> Span {
    if first >= size { Span::Beyond } else { Span::Part { first, last: last.min(size - 1) } }
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_span_is_cut_to_the_content_and_anything_odd_is_the_whole() {
        for (header, expected) in [
            ("bytes=0-4", Span::Part { first: 0, last: 4 }),
            ("bytes=5-", Span::Part { first: 5, last: 9 }),
            ("bytes=5-99", Span::Part { first: 5, last: 9 }),
            ("bytes=-3", Span::Part { first: 7, last: 9 }),
            ("bytes=-99", Span::Part { first: 0, last: 9 }),
            ("bytes=10-", Span::Beyond),
            ("bytes=-0", Span::Beyond),
            ("bytes=4-3", Span::Whole),
            ("bytes=0-1,3-4", Span::Whole),
            ("bytes=-", Span::Whole),
            ("bytes=+1-2", Span::Whole),
            ("bytes=99999999999999999999-", Span::Whole),
            ("lines=1-2", Span::Whole),
            ("", Span::Whole),
        ] {
            assert_eq!(parse(header, 10), expected, "{header}");
        }
        assert_eq!(parse("bytes=0-", 0), Span::Beyond);
    }

    proptest! {
        #[test]
        fn no_header_reaches_beyond_the_content(header in "(bytes=)?[0-9,+ -]{0,24}", size in 0_u64..20) {
            if let Span::Part { first, last } = parse(&header, size) {
                prop_assert!(first <= last && last < size);
            }
        }
    }
}
