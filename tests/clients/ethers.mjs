// ethers 6 against the embedded chain: 22 checks that every node which wallets talk to must pass.
// Run by `cargo xtask test --only clients`, which names the node to start in FAIRGRID_TEST_NODE.
// Safe to touch: add checks. The account below is the one that the node's example funds.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider, isError } from "ethers";

const FUNDED = "0x" + "01".repeat(32);
const STRANGER = "0x00000000000000000000000000000000000000aa";
const ABI = [
  "error Custom(uint256 code, address who)",
  "event Indexed(address indexed who, uint256 indexed value, string note)",
  "event Plain(address who, uint256 value)",
  "function value() view returns (uint256)",
  "function set(uint256 to)",
  "function failString() pure",
  "function failCustom() view",
  "function failPanic(uint256 by) pure returns (uint256)",
];
const code = "0x" + readFileSync(new URL("../../crates/devnet/tests/probe.hex", import.meta.url), "utf8").trim();

let node, url, http, ws, wallet, signer, probe;

before(async () => {
  node = spawn(process.env.FAIRGRID_TEST_NODE, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((_, refuse) => {
    node.once("error", refuse);
    node.once("exit", (status) => refuse(new Error(`the node ended with ${status} before it named its URL`)));
  });
  ended.catch(() => {});
  const first = new Promise((named) => createInterface({ input: node.stdout }).once("line", named));
  url = await Promise.race([first, ended]);
  http = new JsonRpcProvider(url, undefined, { pollingInterval: 50, cacheTimeout: -1 });
  ws = new WebSocketProvider(url.replace(/^http/, "ws"));
  wallet = new Wallet(FUNDED, http);
  signer = new NonceManager(wallet);
});

after(async () => {
  // One more answer: what was unsubscribed last is answered before it.
  await ws?.send("eth_chainId", []);
  await ws?.destroy();
  http?.destroy();
  node?.kill("SIGINT");
});

const mined = async (transaction) => {
  const receipt = await (await transaction).wait();
  assert.equal(receipt.status, 1);
  return receipt;
};
const refusal = async (call) => {
  try {
    await call;
  } catch (error) {
    return error;
  }
  assert.fail("it should have been refused");
};
const isRevert = (error, reason) => assert.deepEqual([error.code, error.reason], ["CALL_EXCEPTION", reason]);
const isCustom = (error) => {
  const custom = probe.interface.parseError(error.data);
  assert.deepEqual([custom.name, custom.args.toArray()], ["Custom", [7n, wallet.address]]);
};

test("1 the network is detected", async () => {
  assert.equal((await http.getNetwork()).chainId, 65535n);
  assert.equal((await ws.getNetwork()).chainId, 65535n);
});

test("2 fee data", async () => {
  // Gas is free here, and ethers takes a base fee of zero for a chain without one.
  const fees = await http.getFeeData();
  assert.deepEqual([fees.gasPrice, fees.maxFeePerGas, fees.maxPriorityFeePerGas], [0n, null, null]);
  assert.equal((await http.getBlock("latest")).baseFeePerGas, 0n);
});

test("3 a contract is deployed", async () => {
  probe = await new ContractFactory(ABI, code, signer).deploy();
  await probe.waitForDeployment();
  assert.equal((await http.getCode(await probe.getAddress())).length > 2, true);
});

test("4 a view is called", async () => assert.equal(await probe.value(), 0n));

test("5 a transaction is sent and waited for", async () => {
  const receipt = await mined(probe.set(42n));
  assert.equal(receipt.logs.length, 2);
  assert.equal(await probe.value(), 42n);
});

test("6 logs are found by an indexed value", async () => {
  await mined(probe.set(43n));
  const found = await probe.queryFilter(probe.filters.Indexed(null, 43n), 0);
  assert.deepEqual(found.map((log) => log.args.toArray()), [[wallet.address, 43n, "set"]]);
});

test("7 logs without indexed values are found", async () => {
  const found = await probe.queryFilter(probe.filters.Plain(), 0);
  assert.deepEqual(found.map((log) => log.args.value), [42n, 43n]);
});

test("8 a revert text comes out of a call", async () =>
  isRevert(await refusal(probe.failString()), "on purpose"));

test("9 a revert text comes out of an estimate", async () =>
  isRevert(await refusal(probe.failString.estimateGas()), "on purpose"));

test("10 a custom error comes out of a call", async () => isCustom(await refusal(probe.failCustom())));

test("11 a custom error comes out of an estimate", async () =>
  isCustom(await refusal(probe.failCustom.estimateGas())));

test("12 a panic comes out of a call", async () =>
  isRevert(await refusal(probe.failPanic(0n)), "Panic due to DIVIDE_BY_ZERO(18)"));

test("13 a panic comes out of an estimate", async () => {
  const error = await refusal(probe.failPanic.estimateGas(0n));
  assert.equal(error.code, "CALL_EXCEPTION");
  assert.match(error.data, /^0x4e487b71.*12$/);
});

test("14 a used nonce is NONCE_EXPIRED", async () => {
  const error = await refusal(wallet.sendTransaction({ to: STRANGER, nonce: 0, gasLimit: 21000n }));
  assert.ok(isError(error, "NONCE_EXPIRED"), error.message);
});

test("15 too little money is INSUFFICIENT_FUNDS", async () => {
  const poor = Wallet.createRandom(http);
  const error = await refusal(poor.sendTransaction({ to: STRANGER, value: 1n, gasLimit: 21000n }));
  assert.ok(isError(error, "INSUFFICIENT_FUNDS"), error.message);
});

test("16 a block comes with its transactions", async () => {
  const { blockNumber, hash } = await mined(probe.set(44n));
  const block = await http.getBlock(blockNumber, true);
  assert.deepEqual(block.prefetchedTransactions.map((transaction) => transaction.hash), [hash]);
});

test("17 twenty calls go in one batch", async () => {
  const sizes = [];
  const batching = new JsonRpcProvider(url, 65535, { staticNetwork: true, cacheTimeout: -1 });
  const send = batching._send.bind(batching);
  batching._send = (payload) => (sizes.push([payload].flat().length), send(payload));
  const rich = await Promise.all(Array.from({ length: 20 }, () => batching.getBalance(wallet.address)));
  batching.destroy();
  assert.deepEqual(sizes, [20]);
  assert.ok(rich.every((balance) => balance > 0n && balance === rich[0]));
});

test("18 transactions of type 0, 1 and 2 are mined", async () => {
  for (const type of [0, 1, 2]) {
    const receipt = await mined(signer.sendTransaction({ to: STRANGER, value: 1n, type }));
    assert.equal(receipt.type, type);
  }
});

test("19 an unknown block is null", async () => assert.equal(await http.getBlock(0xffffff), null));

test("20 an unknown receipt is null", async () =>
  assert.equal(await http.getTransactionReceipt("0x" + "ab".repeat(32)), null));

// Makes three blocks, and waits until `enough` of what was heard meanwhile.
const heardOfThreeBlocks = async (listen, make, enough) => {
  const heard = [];
  const made = [];
  let look = () => {};
  await listen((item) => heard.push(item) && look());
  for (let value = 1n; value <= 3n; value++) made.push((await make(value)).blockNumber);
  await new Promise((resolve) => {
    look = () => enough(heard, made) && resolve();
    look();
  });
  return { heard, made };
};

test("21 three blocks give three heads over ws", { timeout: 20_000 }, async () => {
  // An empty block may come in between: an idle chain makes one from time to time.
  const { heard } = await heardOfThreeBlocks(
    (hear) => ws.on("block", hear),
    (value) => mined(probe.set(value)),
    (heads, made) => made.every((number) => heads.includes(number)),
  );
  await ws.off("block");
  assert.deepEqual(heard, heard.map((_, n) => heard[0] + n));
});

test("22 three blocks give three logs over ws", { timeout: 20_000 }, async () => {
  const contract = new Contract(await probe.getAddress(), ABI, ws);
  const { heard } = await heardOfThreeBlocks(
    (hear) => contract.on("Plain", (_who, value) => hear(value)),
    (value) => mined(probe.set(value)),
    (values) => values.length >= 3,
  );
  await contract.off("Plain");
  assert.deepEqual(heard, [1n, 2n, 3n]);
});
