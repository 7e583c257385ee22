//! Tests of the artifact build that need neither Node nor the network.

use super::*;

#[test]
fn imports_are_resolved_against_their_importer() {
    let source = "import {A} from \"../A.sol\";\nimport \"@pkg/B.sol\";\nimport {\n    C\n} from \"./c/C.sol\";\n// import \"no.sol\"\n";
    assert_eq!(imports("src/hub/X.sol", source), ["src/A.sol", "@pkg/B.sol", "src/hub/c/C.sol"]);
}

#[test]
fn only_the_notice_about_the_chosen_evm_is_accepted() {
    let diagnostics = |text: &str| json!({ "errors": [{ "severity": "warning", "formattedMessage": text }] });
    refuse_diagnostics(&diagnostics("Support for EVM versions older than london is deprecated")).expect("accepted");
    let refused = refuse_diagnostics(&diagnostics("Warning: unused variable")).expect_err("a warning is refused");
    assert!(refused.to_string().contains("unused variable"));
}

#[test]
fn a_contract_too_large_to_deploy_is_refused() {
    let contract = |bytes: usize| {
        json!({ "abi": [], "evm": {
        "bytecode": { "object": "00" }, "deployedBytecode": { "object": "00".repeat(bytes) } } })
    };
    artifact("Fits", &contract(MAX_CODE_BYTES), "00").expect("the limit itself is allowed");
    let refused = artifact("Fat", &contract(MAX_CODE_BYTES + 1), "00").expect_err("one byte more is not");
    assert!(refused.to_string().contains("Fat is 24577 bytes"));
}

#[test]
fn an_artifact_whose_code_needs_linking_is_refused() {
    let contract = json!({ "abi": [], "evm": {
        "bytecode": { "object": "73__$abc$__" }, "deployedBytecode": { "object": "00" } } });
    assert!(artifact("Linked", &contract, "00").is_err());
}

#[test]
fn drift_names_changed_missing_and_stale_files() {
    let folder = std::env::temp_dir().join(format!("fairgrid-abi-{}", std::process::id()));
    let files = |names: &[(&str, &str)]| names.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let built: BTreeMap<String, String> = files(&[("A.json", "a"), ("B.json", "b"), ("C.json", "c")]);
    write(&folder, &built).expect("the folder is ours");
    compare(&folder, &built).expect("just written");
    let changed: BTreeMap<String, String> = files(&[("A.json", "a"), ("B.json", "x"), ("D.json", "d")]);
    let drift = compare(&folder, &changed).expect_err("three files differ").to_string();
    write(&folder, &changed).expect("the folder is ours");
    compare(&folder, &changed).expect("stale files are gone");
    fs::remove_dir_all(&folder).expect("the folder is ours");
    assert!(drift.ends_with("B.json, C.json, D.json"), "{drift}");
}
