//! The conformance checks of the JSON-RPC surface, with alloy and with raw requests.

use crate::world::{Custom, Indexed, Plain, World, call, failCustomCall, failPanicCall, failStringCall, valueCall};
use alloy::consensus::TxReceipt as _;
use alloy::consensus::proofs::calculate_transaction_root;
use alloy::eips::BlockNumberOrTag;
use alloy::network::{TransactionBuilder as _, TransactionBuilder7702 as _};
use alloy::primitives::{Address, B256, U256, address};
use alloy::providers::Provider as _;
use alloy::rpc::types::{AccessList, AccessListItem, Authorization, Filter, TransactionRequest};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::{SolCall as _, SolEvent as _};
use devnet::Config;
use serde_json::{Value, json};

const STRANGER: Address = address!("00000000000000000000000000000000000000aa");

#[tokio::test]
async fn alloy_detects_deploys_sends_and_reads() {
    let world = World::new().await;
    assert_eq!(world.provider.get_chain_id().await.unwrap(), 65_535);
    assert_eq!(world.provider.get_gas_price().await.unwrap(), 0);
    let fees = world.provider.estimate_eip1559_fees().await.unwrap();
    assert_eq!((fees.max_fee_per_gas, fees.max_priority_fee_per_gas), (1, 1));
    let probe = world.deploy().await;
    let receipt = world.set(probe, 42).await;
    assert_eq!(receipt.transaction_index, Some(0));
    assert_eq!(receipt.logs().len(), 2);
    let block = world.provider.get_block(2.into()).await.unwrap().unwrap();
    assert_eq!(receipt.inner.bloom(), block.header.inner.logs_bloom);
    let value = world.provider.call(call(probe, valueCall {})).await.unwrap();
    assert_eq!(valueCall::abi_decode_returns(&value).unwrap(), U256::from(42));
    world.stop().await;
}

#[tokio::test]
async fn logs_are_found_by_address_topic_and_range() {
    let world = World::new().await;
    let probe = world.deploy().await;
    for value in [5, 6, 7] {
        world.set(probe, value).await;
    }
    let provider = &world.provider;
    let logs = |filter: Filter| async move { provider.get_logs(&filter).await.unwrap() };
    let all = Filter::new().address(probe).from_block(0);
    assert_eq!(logs(all.clone()).await.len(), 6);
    assert_eq!(logs(all.clone().event_signature(Plain::SIGNATURE_HASH)).await.len(), 3);
    let one = logs(all.clone().event_signature(Indexed::SIGNATURE_HASH).topic2(B256::from(U256::from(6)))).await;
    let indexed = one[0].log_decode::<Indexed>().unwrap();
    assert_eq!((one.len(), one[0].log_index, indexed.inner.note.as_str()), (1, Some(0), "set"));
    assert_eq!(logs(Filter::new().address(probe).from_block(2).to_block(3)).await.len(), 4);
    assert_eq!(logs(Filter::new().address(probe).from_block(4).to_block(99)).await.len(), 2);
    assert_eq!(logs(Filter::new().address(STRANGER).from_block(0)).await.len(), 0);
    let refused = world.refusal("eth_getLogs", json!([{ "fromBlock": "0x3", "toBlock": "0x1" }])).await;
    assert_eq!(refused, (-32000, "invalid block range params".into()));
    world.stop().await;
}

#[tokio::test]
async fn each_kind_of_revert_is_decoded_from_call_and_estimate() {
    let world = World::new().await;
    let probe = world.deploy().await;
    let custom = Custom { code: U256::from(7), who: world.me };
    for method in ["eth_call", "eth_estimateGas"] {
        let ask = |data: Vec<u8>| {
            let request = call(probe, valueCall {}).input(data.into()).from(world.me);
            world.raw(method, json!([request]))
        };
        let string = ask(failStringCall {}.abi_encode()).await;
        assert_eq!(string["error"]["message"], "execution reverted: on purpose", "{method}");
        let panic = ask(failPanicCall { by: U256::ZERO }.abi_encode()).await;
        assert!(panic["error"]["message"].as_str().unwrap().ends_with("(0x12)"), "{method}: {panic}");
        let answer = ask(failCustomCall {}.abi_encode()).await;
        let data: alloy::primitives::Bytes = serde_json::from_value(answer["error"]["data"].clone()).unwrap();
        assert_eq!(data, alloy::sol_types::SolError::abi_encode(&custom), "{method}");
        assert_eq!(answer["error"]["code"], 3);
    }
    let error = world.provider.call(call(probe, failCustomCall {}).from(world.me)).await.unwrap_err();
    assert_eq!(error.as_error_resp().unwrap().as_decoded_error::<Custom>().unwrap().code, U256::from(7));
    world.stop().await;
}

#[tokio::test]
async fn what_can_never_be_mined_is_refused_when_it_is_sent() {
    let world = World::new().await;
    world.send(TransactionRequest::default().to(STRANGER)).await;
    let refused = |request: TransactionRequest| async {
        let error = world.provider.send_transaction(request).await.unwrap_err();
        error.as_error_resp().unwrap_or_else(|| panic!("{error}")).message.to_string()
    };
    let base =
        TransactionRequest::default().to(STRANGER).gas_limit(21_000).max_fee_per_gas(0).max_priority_fee_per_gas(0);
    let mut cases = vec![
        (base.clone().nonce(0), "nonce too low"),
        (base.clone().nonce(50_000), "nonce too high"),
        (base.clone().nonce(1).value(U256::MAX >> 1), "insufficient funds for gas * price + value"),
        (base.clone().nonce(1).gas_limit(20_000), "intrinsic gas too low"),
        (base.clone().nonce(1).gas_limit(200_000_000), "exceeds block gas limit"),
    ];
    let mut other_chain = base.clone().nonce(1);
    other_chain.set_chain_id(1);
    cases.push((other_chain, "invalid chain id for signer"));
    for (request, text) in cases {
        let message = refused(request).await;
        assert!(message.contains(text), "{message} does not say {text}");
    }
    let (code, message) = world.refusal("eth_sendRawTransaction", json!(["0x02deadbeef"])).await;
    assert!(code == -32000 && message.starts_with("rlp: "), "{code} {message}");
    world.stop().await;
}

#[tokio::test]
async fn a_gap_waits_a_replacement_must_pay_more_and_pending_counts_the_run() {
    let world = World::new().await;
    let send = |nonce: u64, fee: u128| {
        let base = TransactionRequest::default().to(STRANGER).gas_limit(21_000).nonce(nonce);
        world.provider.send_transaction(base.max_fee_per_gas(fee).max_priority_fee_per_gas(fee))
    };
    let first = *send(1, 100).await.unwrap().tx_hash();
    let pending = world.provider.get_transaction_by_hash(first).await.unwrap().unwrap();
    assert_eq!(pending.block_number, None);
    assert_eq!(world.provider.get_transaction_count(world.me).pending().await.unwrap(), 0);
    let underpriced = send(1, 109).await.unwrap_err().to_string();
    assert!(underpriced.contains("replacement transaction underpriced"), "{underpriced}");
    let known = send(1, 100).await.unwrap_err().to_string();
    assert!(known.contains("already known"), "{known}");
    let second = send(1, 110).await.unwrap();
    send(0, 1).await.unwrap().get_receipt().await.unwrap();
    assert!(second.get_receipt().await.unwrap().status());
    assert_eq!(world.provider.get_transaction_by_hash(first).await.unwrap(), None);
    assert_eq!(world.provider.get_transaction_count(world.me).pending().await.unwrap(), 2);
    world.stop().await;
}

#[tokio::test]
async fn all_types_of_transaction_are_mined_and_read_back() {
    let world = World::new().await;
    let probe = world.deploy().await;
    let base = || call(probe, crate::world::setCall { to: U256::from(1) });
    let list = AccessList(vec![AccessListItem { address: probe, storage_keys: vec![B256::ZERO; 3] }]);
    let requests = [
        base().gas_price(0),
        base().gas_price(0).access_list(list.clone()),
        base().max_fee_per_gas(2).max_priority_fee_per_gas(1),
    ];
    for (kind, request) in requests.into_iter().enumerate() {
        let receipt = world.send(request).await;
        assert_eq!(receipt.transaction_type() as usize, kind);
    }
    let authority = PrivateKeySigner::random();
    let authorization = Authorization { chain_id: U256::from(65_535), address: probe, nonce: 0 };
    let signature = authority.sign_hash_sync(&authorization.signature_hash()).unwrap();
    let request = call(authority.address(), crate::world::setCall { to: U256::from(9) });
    world.send(request.with_authorization_list(vec![authorization.into_signed(signature)])).await;
    assert_eq!(world.provider.get_code_at(authority.address()).await.unwrap().len(), 23);
    let full = world.provider.get_block(BlockNumberOrTag::Latest.into()).full().await.unwrap().unwrap();
    assert_eq!(full.transactions.as_transactions().unwrap().len(), 1);
    assert_eq!(full.header.hash, full.header.inner.hash_slow());
    let txs: Vec<_> = full.transactions.into_transactions().map(|tx| tx.into_inner()).collect();
    assert_eq!(calculate_transaction_root(&txs), full.header.transactions_root);
    world.stop().await;
}

#[tokio::test]
async fn a_legacy_transaction_without_chain_id_is_mined() {
    use alloy::consensus::{SignableTransaction as _, TxEnvelope, TxLegacy};
    use alloy::eips::eip2718::Encodable2718 as _;
    let world = World::new().await;
    let tx = TxLegacy { gas_limit: 21_000, to: STRANGER.into(), ..TxLegacy::default() };
    let signature = crate::world::rich().sign_hash_sync(&tx.signature_hash()).unwrap();
    let raw = TxEnvelope::from(tx.into_signed(signature)).encoded_2718();
    let pending = world.provider.send_raw_transaction(&raw).await.unwrap();
    assert!(pending.get_receipt().await.unwrap().status());
    let sync = |nonce| {
        let tx = TxLegacy { nonce, gas_limit: 21_000, to: STRANGER.into(), ..TxLegacy::default() };
        let signature = crate::world::rich().sign_hash_sync(&tx.signature_hash()).unwrap();
        let raw = alloy::primitives::Bytes::from(TxEnvelope::from(tx.into_signed(signature)).encoded_2718());
        world.raw("eth_sendRawTransactionSync", json!([raw, 20]))
    };
    assert_eq!(sync(2).await["error"]["code"], 4);
    assert_eq!(sync(1).await["result"]["status"], "0x1");
    world.stop().await;
}

#[tokio::test]
async fn unknown_things_are_null_and_unknown_methods_are_named() {
    let world = World::new().await;
    let hash = B256::repeat_byte(0xab);
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0xffffff", false])),
        ("eth_getBlockByHash", json!([hash, true])),
        ("eth_getTransactionByHash", json!([hash])),
        ("eth_getTransactionReceipt", json!([hash])),
        ("eth_getBlockReceipts", json!(["0xffffff"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0x7"])),
    ] {
        assert_eq!(world.ask(method, params).await, Value::Null, "{method}");
    }
    let unknown = world.refusal("eth_doMagic", json!([])).await;
    assert_eq!(unknown, (-32601, "the method eth_doMagic does not exist/is not available".into()));
    assert_eq!(world.refusal("eth_getBalance", json!([])).await.0, -32602);
    assert_eq!(world.refusal("eth_getBalance", json!([STRANGER, "0xffff"])).await, (-32000, "header not found".into()));
    let by_hash = world.refusal("eth_getBalance", json!([STRANGER, { "blockHash": hash }])).await;
    assert_eq!(by_hash, (-32000, "header for hash not found".into()));
    assert_eq!(world.refusal("eth_getFilterChanges", json!(["0x1"])).await, (-32000, "filter not found".into()));
    world.stop().await;
}

#[tokio::test]
async fn every_reader_without_parameters_answers() {
    let world = World::new().await;
    for (method, expected) in [
        ("eth_chainId", json!("0xffff")),
        ("net_version", json!("65535")),
        ("eth_blockNumber", json!("0x0")),
        ("eth_syncing", json!(false)),
        ("eth_accounts", json!([])),
        ("net_listening", json!(true)),
        ("net_peerCount", json!("0x0")),
        ("eth_maxPriorityFeePerGas", json!("0x0")),
    ] {
        let answer = world.post(json!({ "jsonrpc": "2.0", "id": "a", "method": method }).to_string()).await;
        assert_eq!((&answer["result"], &answer["id"]), (&expected, &json!("a")), "{method}");
    }
    let history = world.ask("eth_feeHistory", json!([4, "latest", []])).await;
    assert_eq!((&history["oldestBlock"], history["baseFeePerGas"].as_array().unwrap().len()), (&json!("0x0"), 2));
    world.stop().await;
}

#[tokio::test]
async fn a_reader_of_an_old_block_sees_the_old_state() {
    let world = World::new().await;
    let probe = world.deploy().await;
    for value in [10, 20, 30] {
        world.set(probe, value).await;
    }
    for (block, value) in [(1, 0), (2, 10), (3, 20), (4, 30)] {
        let read = world.provider.call(call(probe, valueCall {})).block(block.into()).await.unwrap();
        assert_eq!(U256::from_be_slice(&read), U256::from(value), "block {block}");
        let slot = world.provider.get_storage_at(probe, U256::ZERO).block_id(block.into()).await.unwrap();
        assert_eq!(slot, U256::from(value), "block {block}");
        let nonce = world.provider.get_transaction_count(world.me).block_id(block.into()).await.unwrap();
        assert_eq!(nonce, block);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_call_may_override_code_balance_and_slots() {
    let world = World::new().await;
    let probe = world.deploy().await;
    let code = world.provider.get_code_at(probe).await.unwrap();
    let slot = B256::ZERO;
    let overrides =
        json!({ STRANGER.to_string(): { "code": code, "stateDiff": { slot.to_string(): B256::repeat_byte(9) } } });
    let request = call(STRANGER, valueCall {});
    let read = world.ask("eth_call", json!([request, "latest", overrides])).await;
    assert_eq!(read, json!(B256::repeat_byte(9)));
    let poor = json!({ "from": STRANGER, "to": probe, "value": "0x1" });
    assert!(world.refusal("eth_estimateGas", json!([poor])).await.1.contains("insufficient funds for transfer"));
    world.stop().await;
}

#[tokio::test]
async fn filters_report_what_is_new_and_then_nothing() {
    let world = World::new().await;
    let probe = world.deploy().await;
    let logs = world.ask("eth_newFilter", json!([{ "address": probe }])).await;
    let blocks = world.ask("eth_newBlockFilter", json!([])).await;
    let pending = world.ask("eth_newPendingTransactionFilter", json!([])).await;
    world.set(probe, 1).await;
    for (id, count) in [(&logs, 2), (&blocks, 1), (&pending, 1)] {
        let news = world.ask("eth_getFilterChanges", json!([id])).await;
        assert_eq!(news.as_array().unwrap().len(), count, "{news}");
        assert_eq!(world.ask("eth_getFilterChanges", json!([id])).await, json!([]));
        assert_eq!(world.ask("eth_uninstallFilter", json!([id])).await, json!(true));
        assert_eq!(world.refusal("eth_getFilterChanges", json!([id])).await.1, "filter not found");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_estimate_is_enough_and_close() {
    let world = World::new().await;
    let probe = world.deploy().await;
    let request = call(probe, crate::world::setCall { to: U256::from(1) }).from(world.me);
    let estimate = world.provider.estimate_gas(request.clone()).await.unwrap();
    let receipt = world.send(request.gas_limit(estimate)).await;
    assert!(
        estimate >= receipt.gas_used && estimate < receipt.gas_used * 11 / 10,
        "{estimate} for {}",
        receipt.gas_used
    );
    let list = AccessList(vec![AccessListItem { address: STRANGER, storage_keys: vec![B256::ZERO; 2] }]);
    let listed = call(probe, crate::world::setCall { to: U256::from(2) }).from(world.me);
    let without = world.provider.estimate_gas(listed.clone()).await.unwrap();
    let with = world.provider.estimate_gas(listed.access_list(list)).await.unwrap();
    assert!(with >= without + 2400 + 2 * 1900, "{with} with the list, {without} without");
    let transfer = TransactionRequest::default().to(STRANGER).from(world.me);
    assert_eq!(world.provider.estimate_gas(transfer).await.unwrap(), 21_000);
    world.stop().await;
}

#[tokio::test]
async fn chain_time_goes_where_tests_move_it_and_never_back() {
    let world = World::new().await;
    let before = world.provider.get_block(BlockNumberOrTag::Latest.into()).await.unwrap().unwrap().header.timestamp;
    world.ask("evm_increaseTime", json!([1000])).await;
    world.ask("evm_mine", json!([])).await;
    let head =
        || async { world.provider.get_block(BlockNumberOrTag::Latest.into()).await.unwrap().unwrap().header.timestamp };
    let moved = head().await;
    assert!(moved >= before + 1000, "{moved}");
    world.ask("evm_setNextBlockTimestamp", json!([moved + 500])).await;
    world.ask("evm_mine", json!([])).await;
    assert_eq!(head().await, moved + 500);
    assert_eq!(world.refusal("evm_setNextBlockTimestamp", json!([before])).await.0, -32602);
    world.stop().await;
}

#[tokio::test]
async fn with_a_base_fee_the_sender_pays_it_and_a_lower_bid_is_refused() {
    let world = World::with(Config { base_fee: 1_000_000_000, ..crate::world::config() }).await;
    let before = world.provider.get_balance(world.me).await.unwrap();
    let receipt = world.send(TransactionRequest::default().to(STRANGER)).await;
    assert_eq!(receipt.effective_gas_price, 1_000_000_001, "alloy bids a tip of 1 wei");
    let paid = before - world.provider.get_balance(world.me).await.unwrap();
    assert_eq!(paid, U256::from(21_000) * U256::from(receipt.effective_gas_price));
    let history = world.provider.get_fee_history(10, BlockNumberOrTag::Latest, &[20.0]).await.unwrap();
    assert_eq!((history.oldest_block, history.reward), (0, Some(vec![vec![0], vec![1]])));
    let low = TransactionRequest::default().to(STRANGER).gas_limit(21_000).gas_price(999_999_999);
    let refused = world.provider.send_transaction(low).await.unwrap_err().to_string();
    assert!(refused.contains("max fee per gas less than block base fee"), "{refused}");
    world.stop().await;
}
