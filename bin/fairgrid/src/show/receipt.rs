//! A receipt in words.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use sdk::receipt::{Receipt, Span};

/// An address as people compare it: its ends.
#[must_use]
pub(crate) fn short(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..6], &text[38..])
}

/// The receipt, line by line; `names` are the accounts that have one.
#[must_use]
pub(crate) fn receipt_lines(receipt: &Receipt, names: &BTreeMap<Address, String>) -> Vec<String> {
    let mut lines = vec![format!("  {:<24} {:>16} {:>16}   {}", "account", "earned", "paid or lost", "record")];
    let mut accounts: Vec<_> = receipt.accounts.iter().collect();
    accounts.sort_by_key(|(account, _)| names.get(*account).map_or("~", String::as_str));
    for (account, line) in accounts {
        let name = names.get(account).map_or_else(|| short(*account), |name| format!("{name} {}", short(*account)));
        let mut record = String::new();
        if line.accurate > 0 {
            record.push_str(&format!("{} right", line.accurate));
        }
        if line.faulty > 0 {
            let comma = if record.is_empty() { "" } else { ", " };
            record.push_str(&format!("{comma}{} wrong: stake lost", line.faulty));
        }
        let row = format!("  {name:<24} {:>16} {:>16}   {record}", line.earned.to_string(), line.paid.to_string());
        lines.push(row.trim_end().to_owned());
    }
    let (paid, earned) = receipt.totals();
    let balance = if paid == earned { "nothing created, nothing lost" } else { "unsettled stakes remain" };
    lines.push(format!("  {:<24} {:>16} {:>16}   {balance}", "total", earned.to_string(), paid.to_string()));
    lines.push(String::new());
    lines.push(format!("  {:<12} {:>6} {:>14} {:>14} {:>14}", "gas", "calls", "mean", "most", "total"));
    for (phase, gas) in &receipt.gas {
        let mean = gas.used / u64::from(gas.transactions.max(1));
        lines.push(format!(
            "  {phase:<12} {:>6} {:>14} {:>14} {:>14}",
            gas.transactions,
            grouped(mean),
            grouped(gas.most),
            grouped(gas.used)
        ));
    }
    lines
}

/// How long the phases took, line by line.
#[must_use]
pub(crate) fn span_lines(spans: &[(&str, Span)]) -> Vec<String> {
    let seconds = |ms: u64| format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10);
    let head = format!("  {:<24} {:>6} {:>14} {:>14}", "time", "tasks", "mean", "most");
    let rows = spans.iter().map(|(name, span)| {
        format!("  {name:<24} {:>6} {:>14} {:>14}", span.tasks, seconds(span.mean_ms), seconds(span.most_ms))
    });
    std::iter::once(head).chain(rows).collect()
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.extend(group.iter().map(|byte| char::from(*byte)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
