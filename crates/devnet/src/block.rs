//! A sealed block with all that follows from it, and its form on disk.

use alloy::consensus::{Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxEnvelope};
use alloy::eips::eip2718::{Decodable2718 as _, Encodable2718 as _};
use alloy::primitives::{Address, B256, Bytes};
use alloy::rlp::{self, Decodable as _, Encodable as _};

/// A transaction whose sender is proved.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) tx: TxEnvelope,
    pub(crate) sender: Address,
}

impl Signed {
    pub(crate) fn hash(&self) -> B256 {
        *self.tx.tx_hash()
    }

    /// Address of the contract this transaction creates, if it does.
    pub(crate) fn creates(&self) -> Option<Address> {
        self.tx.is_create().then(|| self.sender.create(self.tx.nonce()))
    }
}

/// One block, sealed: nothing in it ever changes.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) header: Header,
    /// `keccak256` of the header's RLP.
    pub(crate) hash: B256,
    pub(crate) txs: Vec<Signed>,
    /// One for each transaction, in order.
    pub(crate) receipts: Vec<ReceiptEnvelope>,
}

impl Block {
    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    /// Gas of one transaction alone.
    pub(crate) fn gas_used(&self, index: usize) -> u64 {
        let before = index.checked_sub(1).map_or(0, |before| self.cumulative(before));
        self.cumulative(index).saturating_sub(before)
    }

    fn cumulative(&self, index: usize) -> u64 {
        self.receipts[index].cumulative_gas_used()
    }

    /// Index in the block of the first log of transaction `index`.
    pub(crate) fn first_log(&self, index: usize) -> u64 {
        self.receipts[..index].iter().map(|receipt| receipt.logs().len() as u64).sum()
    }

    /// The block as stored: header, transactions, senders, receipts, each an RLP item.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let txs: Vec<Bytes> = self.txs.iter().map(|tx| tx.tx.encoded_2718().into()).collect();
        let senders: Vec<Address> = self.txs.iter().map(|tx| tx.sender).collect();
        let receipts: Vec<Bytes> = self.receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect();
        let mut out = Vec::new();
        self.header.encode(&mut out);
        txs.encode(&mut out);
        senders.encode(&mut out);
        receipts.encode(&mut out);
        out
    }

    /// Reads what [`Block::to_bytes`] wrote.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Result<Self, rlp::Error> {
        let header = Header::decode(&mut bytes)?;
        let txs = Vec::<Bytes>::decode(&mut bytes)?;
        let senders = Vec::<Address>::decode(&mut bytes)?;
        let receipts = Vec::<Bytes>::decode(&mut bytes)?;
        if txs.len() != senders.len() || txs.len() != receipts.len() {
            return Err(rlp::Error::Custom("lists of different lengths"));
        }
        let txs = txs
            .iter()
            .zip(senders)
            .map(|(tx, sender)| Ok(Signed { tx: TxEnvelope::decode_2718_exact(tx).map_err(rlp::Error::from)?, sender }))
            .collect::<Result<_, rlp::Error>>()?;
        let receipts = receipts
            .iter()
            .map(|bytes| ReceiptEnvelope::decode_2718_exact(bytes).map_err(rlp::Error::from))
            .collect::<Result<_, _>>()?;
        Ok(Self { hash: header.hash_slow(), header, txs, receipts })
    }
}

/// The receipt of a transaction of the type of `tx`.
pub(crate) fn receipt(tx: &TxEnvelope, receipt: Receipt) -> ReceiptEnvelope {
    let receipt: ReceiptWithBloom<Receipt> = receipt.with_bloom();
    match tx {
        TxEnvelope::Legacy(_) => ReceiptEnvelope::Legacy(receipt),
        TxEnvelope::Eip2930(_) => ReceiptEnvelope::Eip2930(receipt),
        TxEnvelope::Eip1559(_) => ReceiptEnvelope::Eip1559(receipt),
        TxEnvelope::Eip4844(_) => ReceiptEnvelope::Eip4844(receipt),
        TxEnvelope::Eip7702(_) => ReceiptEnvelope::Eip7702(receipt),
    }
}
