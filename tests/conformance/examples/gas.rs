//! Prints what every operation costs, and the size of every facet, as JSON: what `cargo xtask bench gas` reads.

use std::io::Write as _;

use fairgrid_conformance::gas::{MAX_CODE_BYTES, NOISE, ROWS, Row, sizes};
use fairgrid_conformance::room;
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let rows: Vec<Value> = ROWS.iter().map(row).collect();
    let sizes: Vec<Value> = sizes().into_iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect();
    let report = json!({
        "compiled_in": room(),
        "rows": rows,
        "noise": NOISE,
        "sizes": sizes,
        "most_bytes": MAX_CODE_BYTES,
    });
    writeln!(std::io::stdout(), "{report:#}")
}

fn row(row: &Row) -> Value {
    let bounds = row.target.bounds.map(|bounds| json!({ "most": bounds.most, "goal": bounds.goal }));
    json!({ "name": row.name, "gas": row.gas(), "reference": row.target.reference, "bounds": bounds })
}
