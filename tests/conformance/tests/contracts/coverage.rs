//! The failure reference line by line, each with the tests that prove it. Source: `poco-contracts.md` 17.
//!
//! A line is a row of the reference and one of the situations that it lists. Rename a test, and this one fails.

use fairgrid_conformance::room;

/// Situation, result, tests as `file::name`.
type Line = (&'static str, &'static str, &'static [&'static str]);

const LINES: [Line; 64] = [
    (
        "unknown selector (token)",
        "fallback-disabled",
        &["failures::unknown_selectors_and_plain_transfers_are_disabled"],
    ),
    ("plain transfer (token)", "fallback-disabled", &["failures::unknown_selectors_and_plain_transfers_are_disabled"]),
    (
        "unknown selector, plain transfer (native)",
        "a deposit",
        &["native::plain_transfers_and_unknown_calls_are_deposits_that_answer_nothing"],
    ),
    (
        "same, diamond without escrow facet",
        "FunctionNotFound(bytes4)",
        &["failures::a_diamond_without_escrow_names_the_selector_that_it_does_not_know"],
    ),
    (
        "owner-only protocol function by others",
        "Ownable: caller is not the owner",
        &[
            "failures::functions_of_the_owner_refuse_others",
            "native::the_owner_recovers_coin_that_came_without_a_deposit",
        ],
    ),
    (
        "diamondCut / transferOwnership by others",
        "NotContractOwner(address,address)",
        &[
            "failures::diamond_cut_and_transfer_of_ownership_refuse_others",
            "diamond::the_owner_lies_in_the_slot_that_clients_read_and_may_become_nobody",
        ],
    ),
    ("initialize", "bare", &["calls::an_initialization_needs_an_index_of_the_deal_that_is_not_yet_open"]),
    ("contribute", "bare", &["calls::a_contribution_needs_a_permitted_worker_in_time_with_a_stake"]),
    ("reveal", "bare", &["calls::a_reveal_needs_a_winner_in_time_with_its_own_digest"]),
    ("reopen", "bare", &["calls::a_reopen_needs_the_scheduler_and_a_consensus_that_nobody_revealed"]),
    ("finalize", "bare", &["calls::a_finalize_needs_the_scheduler_reveals_and_the_callback_data"]),
    (
        "claim",
        "bare",
        &["calls::a_claim_waits_for_the_final_deadline_and_refunds_everybody", "calls::a_claim_needs_an_open_task"],
    ),
    ("contributeAndFinalize", "bare", &["calls::contributing_and_finalizing_needs_trust_one_and_nobody_before"]),
    ("callback rule", "bare", &["callbacks::a_callbacks_data_must_be_what_was_voted_on"]),
    ("TEE rule", "bare", &["failures::an_enclave_task_needs_an_enclave_and_a_broker_speaks_for_enclaves"]),
    ("arrays", "bare", &["failures::arrays_need_equal_lengths_and_fail_as_a_whole"]),
    (
        "lock/unlock/reward problems",
        "IexecEscrow: …",
        &["token::each_primitive_of_the_escrow_fails_with_its_words", "calls::payer_and_pool_must_have_the_money"],
    ),
    ("frozen underflow", "Panic 0x11", &["token::each_primitive_of_the_escrow_fails_with_its_words"]),
    (
        "EOA signature of wrong length: views",
        "invalid-signature-format",
        &[
            "failures::a_key_signature_of_odd_length_is_named",
            "orders::a_signature_on_chain_is_looked_at_before_the_other",
        ],
    ),
    (
        "EOA signature of wrong length: matching",
        "invalid-signature-format",
        &["orders::each_kind_of_order_may_be_matched_with_a_compact_signature_and_none_with_an_odd_one"],
    ),
    (
        "EOA signature of wrong length: management",
        "invalid-signature-format",
        &["orders::a_stranger_cannot_manage_any_kind_of_order"],
    ),
    (
        "EOA signature of wrong length: tasks",
        "invalid-signature-format",
        &["failures::signatures_of_odd_length_in_a_contribution_are_named"],
    ),
    (
        "EOA signature of wrong length: dataset",
        "invalid-signature-format",
        &["deals::a_dataset_order_signed_on_chain_fits_and_one_for_no_dataset_is_bare"],
    ),
    (
        "ERC-1271 contract returning undecodable data",
        "bare",
        &[
            "failures::a_contract_signs_by_erc_1271_and_odd_answers_are_bare",
            "failures::a_broker_and_an_enclave_may_be_contracts_and_their_odd_answers_are_bare",
            "orders::a_wallet_contract_signs_operations_by_erc_1271_with_any_length",
        ],
    ),
    (
        "ERC-734 contract returning undecodable data",
        "bare",
        &["failures::a_group_contract_opens_a_restriction_and_its_odd_answers_are_bare"],
    ),
    (
        "manageXOrder by a stranger",
        "invalid-sender-or-signature",
        &[
            "orders::a_stranger_cannot_manage_any_kind_of_order",
            "orders::anybody_brings_the_operation_that_the_owner_signed_and_no_other",
        ],
    ),
    (
        "matchOrders",
        "iExecV5-matchOrders-0xNN",
        &[
            "calls::every_matching_clause_refuses_with_its_number",
            "calls::every_order_must_be_signed_by_its_owner",
            "deals::the_first_broken_clause_of_the_table_is_the_one_that_speaks",
        ],
    ),
    (
        "matchOrders, non-contract resources",
        "bare",
        &["calls::every_resource_must_be_registered_and_a_contract_at_all"],
    ),
    (
        "assertDatasetDealCompatibility",
        "IncompatibleDatasetOrder(string)",
        &[
            "failures::a_dataset_order_that_does_not_fit_a_deal_is_refused_with_its_reason",
            "deals::the_first_reason_why_a_dataset_does_not_fit_is_the_one_that_is_told",
        ],
    ),
    (
        "boost",
        "PocoBoost: …",
        &[
            "boost_matching::boost_refuses_with_the_words_of_each_clause",
            "boost_matching::boost_names_the_first_clause_when_that_and_all_later_ones_are_broken",
            "boost_tasks::boost_names_the_first_reason_when_that_and_all_later_ones_refuse_a_result",
            "boost_callback::boost_needs_data_for_the_callback_and_only_for_it",
            "boost_callback::boost_proves_that_the_callback_had_its_gas",
        ],
    ),
    ("resultFor before completion", "task-pending", &["failures::a_result_is_pending_until_the_task_is_completed"]),
    ("viewCategory out of range", "bare", &["failures::categories_out_of_range_are_bare_or_a_panic"]),
    ("legacy variant", "Panic 0x32", &["failures::categories_out_of_range_are_bare_or_a_panic"]),
    (
        "configure twice",
        "already-configured",
        &["failures::a_hub_is_configured_once_and_before_its_separator_is_updated"],
    ),
    (
        "updateDomainSeparator before configure",
        "not-configured",
        &["failures::a_hub_is_configured_once_and_before_its_separator_is_updated"],
    ),
    ("importScore twice", "score-already-imported", &["failures::a_score_is_imported_once_and_only_from_a_contract"]),
    ("receiveApproval from another token", "wrong-token", &["escrow::receive_approval_takes_the_base_token_only"]),
    (
        "receiveApproval with data, another operation",
        "UnsupportedOperation",
        &["escrow::a_deposit_that_cannot_match_says_why_and_deposits_nothing"],
    ),
    (
        "receiveApproval with data, another requester",
        "CallerIsNotTheRequester",
        &["escrow::a_deposit_that_cannot_match_says_why_and_deposits_nothing"],
    ),
    (
        "receiveApproval with data, a silent failure",
        "OperationFailed",
        &["escrow::a_replaced_matching_facet_is_honoured_and_its_silence_gets_a_name"],
    ),
    (
        "receiveApproval with data, a failing match",
        "the bubbled matchOrders failure",
        &[
            "escrow::a_deposit_that_cannot_match_says_why_and_deposits_nothing",
            "escrow::a_deposit_can_match_in_the_same_transaction",
        ],
    ),
    ("SRLC transfer beyond balance", "bare", &["token::a_transfer_of_stake_checks_sender_recipient_balance"]),
    ("withdraw beyond balance (token)", "bare", &["escrow::a_withdrawal_burns_and_pays_out"]),
    ("withdraw beyond balance (native)", "bare", &["native::a_withdrawal_burns_and_pays_coin"]),
    (
        "transferFrom beyond balance or allowance",
        "bare",
        &["token::a_transfer_for_another_checks_the_allowance_last_and_uses_it_up"],
    ),
    ("decreaseAllowance beyond allowance", "bare", &["token::an_allowance_checks_the_zero_addresses_after_a_shortage"]),
    (
        "SRLC transfer, zero addresses",
        "ERC20: transfer …",
        &[
            "token::a_transfer_of_stake_checks_sender_recipient_balance",
            "token::a_transfer_for_another_checks_the_allowance_last_and_uses_it_up",
        ],
    ),
    (
        "SRLC approve, zero addresses",
        "ERC20: approve …",
        &["token::an_allowance_checks_the_zero_addresses_after_a_shortage"],
    ),
    (
        "SRLC mint, zero address",
        "ERC20: mint …",
        &[
            "token::stake_is_neither_minted_to_nobody_nor_burned_from_nobody",
            "native::a_deposit_of_nothing_says_so_and_one_for_nobody_is_refused",
        ],
    ),
    (
        "SRLC burn, zero address",
        "ERC20: burn …",
        &[
            "token::stake_is_neither_minted_to_nobody_nor_burned_from_nobody",
            "native::a_withdrawal_burns_and_pays_coin",
        ],
    ),
    (
        "SRLC approveAndCall refused",
        "approval-refused",
        &[
            "escrow::approve_and_call_of_staked_rlc_needs_a_consent",
            "native::staked_coin_is_the_same_token_as_staked_rlc",
        ],
    ),
    (
        "depositForArray lengths (token)",
        "invalid-array-length",
        &["escrow::the_other_deposits_need_an_allowance_and_mint_for_anybody"],
    ),
    (
        "depositForArray lengths (native)",
        "invalid-array-length",
        &["native::an_array_of_deposits_is_paid_out_of_one_sum"],
    ),
    ("native payout failing", "native-transfer-failed", &["native::coin_that_is_not_accepted_is_a_failed_transfer"]),
    (
        "create same app twice",
        "Create2: Failed on deploy",
        &["registries::each_kind_of_resource_is_created_once_and_initialized_once"],
    ),
    (
        "create same dataset twice",
        "Create2: Failed on deploy",
        &["registries::each_kind_of_resource_is_created_once_and_initialized_once"],
    ),
    (
        "create same workerpool twice",
        "Create2: Failed on deploy",
        &["registries::each_kind_of_resource_is_created_once_and_initialized_once"],
    ),
    (
        "re-initialize resource",
        "already initialized",
        &["registries::each_kind_of_resource_is_created_once_and_initialized_once"],
    ),
    ("re-initialize registry", "bare", &["registries::each_registry_is_initialized_once_even_by_its_owner"]),
    (
        "changePolicy ratio > 100",
        "bare",
        &["registries::a_policy_is_changed_by_the_pools_owner_within_a_hundred_percent"],
    ),
    (
        "setName on registry by owner",
        "Operation not supported on this chain",
        &["registries::names_are_not_supported_for_owners_and_nobody_elses_business"],
    ),
    (
        "setName on resource by owner",
        "Operation not supported on this chain",
        &["registries::names_are_not_supported_for_owners_and_nobody_elses_business"],
    ),
    (
        "resource owner-only by others",
        "caller is not the owner",
        &[
            "registries::names_are_not_supported_for_owners_and_nobody_elses_business",
            "registries::a_policy_is_changed_by_the_pools_owner_within_a_hundred_percent",
        ],
    ),
    (
        "too little gas left after classic callback",
        "Panic 0x01",
        &["callbacks::a_callback_that_leaves_too_little_gas_is_an_assertion"],
    ),
];

/// The text of one of these test files.
fn source(file: &str) -> Option<String> {
    let path = room().join("tests/contracts").join(file);
    std::fs::read_to_string(path).ok()
}

#[test]
fn every_line_of_the_failure_reference_names_tests_that_exist() {
    for (situation, result, tests) in LINES {
        assert!(!tests.is_empty(), "{situation}: {result} has no test");
        for test in tests {
            let (file, name) = test.split_once("::").unwrap();
            let text = source(&format!("{file}.rs")).unwrap_or_else(|| panic!("{situation}: no file of {test}"));
            assert!(text.contains(&format!("#[test]\nfn {name}()")), "{situation}: no test {test}");
        }
    }
}

#[test]
fn every_file_of_tests_is_run() {
    let main = source("main.rs").unwrap();
    for (_, _, tests) in LINES {
        for test in tests {
            let (file, _) = test.split_once("::").unwrap();
            assert!(main.contains(&format!("mod {file};")), "{file}");
        }
    }
}
